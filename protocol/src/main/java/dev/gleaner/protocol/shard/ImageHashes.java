package dev.gleaner.protocol.shard;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a picture can be told by without having it. Digests are of the bytes as fetched, in lower-case hexadecimal digits.
 *
 * @param sha1 null in shards of schema version 1
 * @param perceptual see {@link ShardColumn#IMAGE_PHASH}; null where nobody computed it
 */
public record ImageHashes(
        String sha256,
        String md5,
        @Nullable String sha1,
        @Nullable Long perceptual) {
    /** Those that lists name pictures by, as far as they are known. */
    public List<String> digests() {
        return sha1 == null ? List.of(sha256, md5) : List.of(sha256, md5, sha1);
    }

    public ImageHashes withPerceptual(long hash) {
        return new ImageHashes(sha256, md5, sha1, hash);
    }
}
