package dev.gleaner.tracker.explore;

import dev.gleaner.protocol.shard.ImageHashes;
import org.jspecify.annotations.Nullable;

/**
 * A pair that was found. All of it was written by strangers.
 *
 * @param nsfw {@code UNLIKELY}, {@code UNSURE} or {@code NSFW}; null when nobody looked
 * @param score greater is nearer; means something only within one answer
 */
public record Hit(
        long sampleId,
        String url,
        String text,
        String pageUrl,
        int width,
        int height,
        float similarity,
        @Nullable String license,
        @Nullable String nsfw,
        @Nullable String language,
        ImageHashes image,
        float score) {}
