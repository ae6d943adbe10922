package dev.gleaner.worker.job;

import java.util.Optional;

/**
 * What a worker needs of the machine's memory: Java's heap, which its queues are sized by; the model's weights, which ONNX Runtime
 * keeps outside of it; and what both and the decoding process take besides.
 *
 * @param limit bytes that the owner allows; 0: no limit
 * @param heap bytes that Java may take
 */
public record MemoryPlan(long limit, long heap) {
    /** Measured with ViT-B/32: docs/performance.md. */
    private static final long BESIDES = 300L << 20;

    private static final double WEIGHTS = 1.05;

    /** @param weights bytes of the model's files that are loaded at a time */
    public long needed(long weights) {
        return heap + (long) (weights * WEIGHTS) + BESIDES;
    }

    /** What to do when a model does not fit; empty when it does. */
    public Optional<String> objection(long weights) {
        long needed = needed(weights);
        if (limit == 0 || needed <= limit) {
            return Optional.empty();
        }
        long withoutHeap = needed - heap;
        long smaller = (limit - withoutHeap) >> 20;
        String remedy = smaller >= LineSettings.LEAST_HEAP_MIB
                ? "start it as java -Xmx" + smaller + "m -jar worker-agent.jar …"
                : "this model needs --memory " + ((withoutHeap >> 20) + LineSettings.LEAST_HEAP_MIB) + "M at least";
        return Optional.of("the model and " + (heap >> 20) + " MiB for Java need " + (needed >> 20)
                + " MiB, and --memory allows " + (limit >> 20) + "; " + remedy);
    }
}
