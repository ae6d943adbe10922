package dev.gleaner.worker.shard;

import dev.gleaner.protocol.result.ShardObject;
import java.nio.file.Path;

/**
 * A file written.
 *
 * @param object what the manifest says of it
 */
public record Shard(ShardObject object, Path file) {}
