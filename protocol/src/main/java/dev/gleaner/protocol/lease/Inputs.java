package dev.gleaner.protocol.lease;

import dev.gleaner.protocol.result.Manifest;
import java.util.List;

/** {@code POST /v1/leases/{job}/{token}/inputs}: the batches that a scoring job works on, and what is known of them. */
public final class Inputs {
    private Inputs() {}

    /**
     * @param objects in the order of the manifest
     * @param manifest of the fetch job that handed them in; its counts and digest go into the scoring job's
     */
    public record Response(List<Input> objects, Manifest manifest) {}

    /**
     * One file to GET, for minutes.
     *
     * @param url absolute, or a path on the tracker
     * @param bytes its size
     * @param sha256 of its bytes, 64 hexadecimal digits
     */
    public record Input(String name, String url, long bytes, String sha256) {}
}
