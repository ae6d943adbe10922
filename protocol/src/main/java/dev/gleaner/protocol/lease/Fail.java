package dev.gleaner.protocol.lease;

/** {@code POST /v1/leases/{job}/{token}/fail}: the attempt could not be finished. */
public final class Fail {
    private Fail() {}

    /**
     * @param failure whose fault it looks like
     * @param message what happened; at most 500 characters are kept
     */
    public record Request(FailureClass failure, String message) {}
}
