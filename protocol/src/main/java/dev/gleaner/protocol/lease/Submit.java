package dev.gleaner.protocol.lease;

import org.jspecify.annotations.Nullable;

/** {@code POST /v1/leases/{job}/{token}/submit}: hands in the manifest. The body is the manifest itself. */
public final class Submit {
    private Submit() {}

    /**
     * @param outcome the tracker's judgement, as far as it has one
     * @param reason why it was rejected, in words; null otherwise
     */
    public record Response(Outcome outcome, @Nullable String reason) {}

    /** What became of a submitted result. All but {@link #PENDING} are final for the worker. */
    public enum Outcome {
        ACCEPTED,
        REJECTED,
        /** Durable and safe, judged later; nothing more to do. */
        PENDING
    }
}
