package dev.gleaner.worker.clip;

import java.util.List;
import java.util.Locale;

/** Arithmetic of the encoders. */
public enum Precision {
    /** Fewer bits where the bundle has them, the golden test finds them near enough, and this machine is faster with them. */
    AUTO,
    FP32,
    /** Half precision, as graphics processors compute it. */
    FP16,
    /** 8-bit weights and activations in the large matrix products, the rest in fp32. */
    INT8;

    /** The name in manifests, so that comparisons of results know. */
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** With fewer bits than fp32, what is worth trying there: on processors ONNX Runtime only widens halves to compute. */
    static List<Precision> worthTrying(Provider provider) {
        return provider == Provider.CPU ? List.of(INT8) : List.of(FP16, INT8);
    }
}
