package dev.gleaner.tracker.ledger.sql;

/**
 * A pseudo-random order of the numbers below a limit, made without a list: neighbouring WATs share hosts, so they must not go out
 * together. A Feistel network of four rounds over the next even number of bits; what falls beyond the limit walks on (Black and
 * Rogaway, Ciphers with Arbitrary Finite Domains, 2002). Not a secret. Immutable.
 */
final class Shuffle {
    private static final int ROUNDS = 4;

    private final long limit;
    private final int half;
    private final long mask;
    private final long seed;

    /**
     * An order of 0 to {@code limit - 1}.
     *
     * @param limit at least 1
     */
    Shuffle(long limit, long seed) {
        int bits = Math.max(2, 64 - Long.numberOfLeadingZeros(limit - 1));
        this.limit = limit;
        this.half = (bits + 1) / 2;
        this.mask = (1L << half) - 1;
        this.seed = seed;
    }

    /** The number at this place. */
    long at(long place) {
        long x = place;
        do {
            x = permuted(x);
        } while (x >= limit);
        return x;
    }

    private long permuted(long x) {
        long left = x >>> half;
        long right = x & mask;
        for (int round = 0; round < ROUNDS; round++) {
            long next = left ^ (mixed(right + ((seed * ROUNDS + round) << 32)) & mask);
            left = right;
            right = next;
        }
        return left << half | right;
    }

    /** SplitMix64's finaliser. */
    private static long mixed(long z) {
        z = (z + 0x9E3779B97F4A7C15L ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
