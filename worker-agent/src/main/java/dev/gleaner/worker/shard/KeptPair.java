package dev.gleaner.worker.shard;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One row of a shard; the columns are those of {@link dev.gleaner.protocol.shard.ShardColumn}. */
public record KeptPair(
        long sampleId,
        String url,
        String text,
        int width,
        int height,
        @Nullable String license,
        PictureMarks marks,
        float similarity,
        String pageUrl,
        String watPath,
        long watOffset,
        int index,
        ImageHashes hashes,
        int imageBytes,
        String format,
        @Nullable String language,
        @Nullable String textLanguage,
        Instant fetchedAt,
        int httpStatus,
        String modelId,
        float[] embedding) {}
