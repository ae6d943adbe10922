package dev.gleaner.protocol.result;

import java.util.regex.Pattern;

/**
 * One object an attempt uploads.
 *
 * @param name within the attempt, e.g. {@code shard-0.parquet}
 * @param bytes its exact size
 * @param sha256 64 lower-case hexadecimal digits
 * @param rows pairs in it
 */
public record ShardObject(String name, long bytes, String sha256, long rows) {
    /** No shard is larger: a row is a few kilobytes and a shard has a bounded number of them. */
    public static final long MAX_BYTES = 2L << 30;

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    public ShardObject {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("object name must be 1 to 64 of a-z 0-9 . _ -");
        }
        if (bytes < 1 || bytes > MAX_BYTES) {
            throw new IllegalArgumentException("object bytes must be 1 to " + MAX_BYTES);
        }
        if (!SHA256.matcher(sha256).matches()) {
            throw new IllegalArgumentException("object sha256 must be 64 hexadecimal digits");
        }
        if (rows < 1) {
            throw new IllegalArgumentException("object rows must be positive; an empty shard is not uploaded");
        }
    }
}
