package dev.gleaner.protocol.shard;

/** Keys of a shard's file metadata; the values say where the file comes from. */
public final class ShardMetadata {
    public static final String CAMPAIGN = "gleaner.campaign";
    public static final String JOB = "gleaner.job";
    public static final String ATTEMPT = "gleaner.attempt";
    public static final String WORKER = "gleaner.worker";
    public static final String SLICE = "gleaner.slice";
    public static final String POLICY = "gleaner.policy";
    public static final String SCHEMA = "gleaner.schema";

    private ShardMetadata() {}
}
