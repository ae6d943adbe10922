package dev.gleaner.tracker.intake;

import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.shard.ImageHashes;
import org.jspecify.annotations.Nullable;

/**
 * A pair as it stands in a shard that was handed in. All of it was written by strangers.
 *
 * @param sampleId the same in every attempt
 * @param signs of the embedding's first numbers, see {@link dev.gleaner.tracker.trust.Findings}
 * @param similarity cosine, -1 to 1
 * @param license address of the licence, or null
 * @param nsfw {@code UNLIKELY}, {@code UNSURE} or {@code NSFW}; null when nobody looked
 * @param language the page's, or null
 */
public record SeenPair(
        long sampleId,
        ImageHashes image,
        long signs,
        String url,
        String text,
        float similarity,
        int width,
        int height,
        String format,
        @Nullable String license,
        @Nullable String nsfw,
        @Nullable String language) {
    /** Counts the pair among those of its result. */
    public void addTo(Profile.Builder profile) {
        profile.add(similarity, language, format, width, height, license);
    }
}
