/**
 * Kept pairs and the Parquet files they are written to. Start with {@link dev.gleaner.worker.shard.ShardWriter}.
 */
@NullMarked
package dev.gleaner.worker.shard;

import org.jspecify.annotations.NullMarked;
