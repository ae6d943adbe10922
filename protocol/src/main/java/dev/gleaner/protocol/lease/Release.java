package dev.gleaner.protocol.lease;

/** {@code POST /v1/leases/{job}/{token}/release}: gives a lease back; nobody pays for it. */
public final class Release {
    private Release() {}

    /** @param reason in words, e.g. {@code shutting down}; at most 200 characters are kept */
    public record Request(String reason) {}
}
