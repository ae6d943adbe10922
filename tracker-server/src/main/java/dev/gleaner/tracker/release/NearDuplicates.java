package dev.gleaner.tracker.release;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Which of many like pictures stays: of two whose perceptual hashes differ in at most so many bits, the one with the higher
 * similarity.
 *
 * <p>The bits are cut into one {@linkplain #band band} more than may differ; two such hashes then have a band in common
 * (pigeonhole), so it is enough to look, band after band, among those alike in it. What is left over has no two near each other,
 * whatever the order in which pairs came. Plain functions.
 */
public final class NearDuplicates {
    private NearDuplicates() {}

    /**
     * A pair with a hash.
     *
     * @param row packed; of two of the same similarity the one whose bytes come first stays
     */
    public record Hashed(long hash, float similarity, byte[] row) {
        static final Comparator<Hashed> BEST_FIRST = Comparator.comparingDouble((Hashed pair) -> -pair.similarity)
                .thenComparing(Hashed::row, Arrays::compareUnsigned);
    }

    /** How many bands there are. */
    public static int bands(int distance) {
        return distance + 1;
    }

    /** The bits of a hash in a band, from 0. */
    public static long band(long hash, int band, int distance) {
        int from = Long.SIZE * band / bands(distance);
        int to = Long.SIZE * (band + 1) / bands(distance);
        return (hash << from) >>> (Long.SIZE - (to - from));
    }

    /**
     * Those that stay of pairs among which all of a band's value are.
     *
     * @param pairs are brought into another order
     */
    public static List<Hashed> thin(List<Hashed> pairs, int band, int distance) {
        pairs.sort(Comparator.comparingLong((Hashed pair) -> band(pair.hash, band, distance))
                .thenComparing(Hashed.BEST_FIRST));
        List<Hashed> left = new ArrayList<>();
        int group = 0;
        for (Hashed pair : pairs) {
            if (!left.isEmpty()
                    && band(left.get(left.size() - 1).hash, band, distance) != band(pair.hash, band, distance)) {
                group = left.size();
            }
            if (!isNearOne(left, group, pair, distance)) {
                left.add(pair);
            }
        }
        return left;
    }

    private static boolean isNearOne(List<Hashed> better, int from, Hashed pair, int distance) {
        for (int i = from; i < better.size(); i++) {
            if (Long.bitCount(better.get(i).hash ^ pair.hash) <= distance) {
                return true;
            }
        }
        return false;
    }
}
