package dev.gleaner.tracker.release;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * What shards hold, counted before duplicates are looked for.
 *
 * <p>Not for several threads.
 */
public final class Survey implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Bins of similarity from -1 to 1. */
    public static final int BINS = 1 << 16;

    private final TreeMap<String, Long> out = new TreeMap<>();
    private final long[][] similarity;
    private long rows;

    /** @param parts of the preset */
    public Survey(int parts) {
        similarity = new long[parts][BINS];
    }

    public void out(String reason) {
        rows++;
        out.merge(reason, 1L, Long::sum);
    }

    public void in(int part, float cosine) {
        rows++;
        similarity[part][bin(cosine)]++;
    }

    /** Adds what others counted. */
    public Survey plus(Survey other) {
        rows += other.rows;
        other.out.forEach((reason, count) -> out.merge(reason, count, Long::sum));
        for (int part = 0; part < similarity.length; part++) {
            for (int bin = 0; bin < BINS; bin++) {
                similarity[part][bin] += other.similarity[part][bin];
            }
        }
        return this;
    }

    public long rows() {
        return rows;
    }

    /** Pairs that the preset or a wish leaves out, by reason. */
    public Map<String, Long> out() {
        return Map.copyOf(out);
    }

    /** Pairs of a part with at least this bin's similarity. */
    long taken(int part, int fromBin) {
        return Arrays.stream(similarity[part], fromBin, BINS).sum();
    }

    /** The highest bin from which on at least this share of a part lies. */
    int topBin(int part, double share) {
        long wanted = (long) Math.ceil(share * taken(part, 0));
        long sum = 0;
        for (int bin = BINS - 1; bin > 0; bin--) {
            sum += similarity[part][bin];
            if (sum >= wanted) {
                return bin;
            }
        }
        return 0;
    }

    static int bin(float cosine) {
        return Math.max(0, Math.min(BINS - 1, (int) ((cosine + 1) / 2 * BINS)));
    }
}
