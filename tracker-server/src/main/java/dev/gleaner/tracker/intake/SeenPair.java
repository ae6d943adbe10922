package dev.gleaner.tracker.intake;

import org.jspecify.annotations.Nullable;

/**
 * A pair as it stands in a shard that was handed in. All of it was written by strangers.
 *
 * @param similarity cosine, -1 to 1
 * @param license address of the licence, or null
 * @param nsfw {@code UNLIKELY}, {@code UNSURE} or {@code NSFW}; null when nobody looked
 * @param language the page's, or null
 */
public record SeenPair(
        String url,
        String text,
        float similarity,
        int width,
        int height,
        String format,
        @Nullable String license,
        @Nullable String nsfw,
        @Nullable String language) {}
