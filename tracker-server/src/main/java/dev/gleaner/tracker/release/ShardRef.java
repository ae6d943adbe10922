package dev.gleaner.tracker.release;

import java.io.Serializable;

/**
 * An accepted shard that goes into a release.
 *
 * @param key of the object
 * @param token the attempt's fencing token
 */
public record ShardRef(String key, long bytes, String sha256, long rows, long job, String token, String worker)
        implements Serializable {}
