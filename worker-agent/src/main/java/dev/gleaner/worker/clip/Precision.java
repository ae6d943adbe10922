package dev.gleaner.worker.clip;

/** Arithmetic of the encoders. */
public enum Precision {
    /** 8-bit where the bundle has it, the golden test finds it near enough, and this processor is faster with it. */
    AUTO,
    FP32,
    /** 8-bit weights and activations in the large matrix products, the rest in fp32. */
    INT8;

    /** The name in manifests, so that comparisons of results know. */
    public String wire() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
