package dev.gleaner.worker.shard;

import dev.gleaner.protocol.shard.ImageHashes;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One row of a batch; the columns are those of {@link dev.gleaner.protocol.shard.BatchColumn}. */
public record PreparedPicture(
        String url,
        String text,
        int width,
        int height,
        @Nullable String license,
        String pageUrl,
        String watPath,
        long watOffset,
        int index,
        ImageHashes hashes,
        int imageBytes,
        String format,
        @Nullable String language,
        Instant fetchedAt,
        int httpStatus,
        byte[] pixels) {}
