package dev.gleaner.protocol.shard;

import org.jspecify.annotations.Nullable;

/**
 * What a bundle's heads say of a picture; null where the bundle has no such head.
 *
 * @param nsfw {@code UNLIKELY}, {@code UNSURE} or {@code NSFW}
 * @param aesthetic 1 to 10 for LAION's head, more is more pleasing
 * @param watermark probability, 0 to 1
 */
public record PictureMarks(
        @Nullable String nsfw,
        @Nullable Float aesthetic,
        @Nullable Float watermark) {
    public static final PictureMarks NONE = new PictureMarks(null, null, null);
}
