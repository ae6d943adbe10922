package dev.gleaner.deploy;

import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Results that pass every check, of rows that nobody fetched. */
final class Shards {
    private Shards() {}

    static Shard write(Path folder, Lease lease, String worker, int rows, Supplier<float[]> embedding)
            throws IOException {
        ShardWriter writer = new ShardWriter(
                Files.createDirectories(folder),
                rows,
                Map.of(
                        ShardMetadata.CAMPAIGN,
                        lease.campaign(),
                        ShardMetadata.JOB,
                        Long.toString(lease.job()),
                        ShardMetadata.ATTEMPT,
                        lease.token().toString(),
                        ShardMetadata.WORKER,
                        worker,
                        ShardMetadata.SCHEMA,
                        Integer.toString(ShardColumn.SCHEMA_VERSION)));
        for (int row = 0; row < rows; row++) {
            writer.add(new KeptPair(
                    row,
                    "https://example.org/" + row + ".jpg",
                    "a text",
                    640,
                    480,
                    null,
                    PictureMarks.NONE,
                    0.31f,
                    "https://example.org/",
                    lease.watPath(),
                    0,
                    row,
                    new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                    10_000,
                    "JPEG",
                    null,
                    null,
                    Instant.EPOCH,
                    200,
                    lease.bundle(),
                    embedding.get()));
        }
        return writer.finish().get(0);
    }

    /** @param seconds that the job took: two manifests that differ in it are two results with the same candidates */
    static Manifest manifest(Lease lease, Shard shard, double seconds) {
        int rows = (int) shard.object().rows();
        Counts counts = new Counts(1, 0, 1, 0, rows, rows, rows, Map.of(), Map.of(), 10);
        return new Manifest(lease.bundle(), "fp32", 10, "0".repeat(31) + "1", counts, List.of(shard.object()), seconds);
    }
}
