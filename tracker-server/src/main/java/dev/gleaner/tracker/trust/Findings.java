package dev.gleaner.tracker.trust;

import java.util.HashMap;
import java.util.Map;

/**
 * What a result says, as far as two results are compared. Some 60 bytes a pair.
 *
 * @param candidateDigest of the links found
 * @param threshold pairs of a lower similarity are not kept
 * @param pairs by {@code SAMPLE_ID}, which is the same in every attempt
 */
public record Findings(String candidateDigest, double threshold, Map<Long, Pair> pairs) {
    /** Signs of so many of an embedding's first numbers are kept. */
    public static final int SIGNS = 64;

    /**
     * A kept pair.
     *
     * @param picture first eight bytes of the SHA-256 of the picture's bytes
     * @param similarity cosine
     * @param signs of the embedding's first {@value #SIGNS} numbers, a bit each: hyperplane hashing (Charikar 2002), by which
     *     embeddings of one picture that two devices computed are alike and invented ones are not
     */
    public record Pair(long picture, float similarity, long signs) {}

    /** Gathers pairs. Not for several threads. */
    public static final class Builder {
        private final Map<Long, Pair> pairs = new HashMap<>();

        /** @param signs as {@link #signs} makes them */
        public void add(long sampleId, String imageSha256, float similarity, long signs) {
            pairs.put(sampleId, new Pair(Long.parseUnsignedLong(imageSha256.substring(0, 16), 16), similarity, signs));
        }

        public Findings build(String candidateDigest, double threshold) {
            return new Findings(candidateDigest, threshold, pairs);
        }
    }

    /** A bit for each of the first numbers, set where it is negative. */
    public static long signs(float[] embedding) {
        long bits = 0;
        for (int i = 0; i < Math.min(SIGNS, embedding.length); i++) {
            bits |= embedding[i] < 0 ? 1L << i : 0;
        }
        return bits;
    }
}
