package dev.gleaner.tracker.trust;

import dev.gleaner.protocol.campaign.Replication;
import java.util.Locale;
import java.util.Map;

/**
 * Whether two results of one job can both be right. What was found in the WAT must be the very same; what was fetched and computed
 * may differ by what the web and the devices differ.
 *
 * @param reason why they do not agree, in words; empty when they do
 */
public record Comparison(Kind kind, String reason) {
    /** What came of it. */
    public enum Kind {
        AGREE,
        /** All that the first has is in the second, which has much more. */
        FIRST_THIN,
        SECOND_THIN,
        DIFFER
    }

    /** One pair in so many may be off in its score without a cause. */
    private static final int ODD_ONE_IN = 50;
    /** Fewer pairs than this tell nothing of shares. */
    private static final int FEW = 8;
    /** So many pairs more or less are chance whatever the share. */
    private static final int STRAY = 2;

    private static final double MOST_CHANGED = 0.5;
    private static final double MOST_SIGNS = 0.2;

    /** Compares; the two may stand in any order but for who is called thin. */
    public static Comparison of(Findings first, Findings second, Replication rule) {
        if (!first.candidateDigest().equals(second.candidateDigest())) {
            return new Comparison(Kind.DIFFER, "they found other candidates in the same slice");
        }
        int both = 0;
        int same = 0;
        int off = 0;
        long signs = 0;
        int onlyFirst = 0;
        for (Map.Entry<Long, Findings.Pair> entry : first.pairs().entrySet()) {
            Findings.Pair mine = entry.getValue();
            Findings.Pair other = second.pairs().get(entry.getKey());
            if (other == null) {
                onlyFirst += clear(mine, first, rule) ? 1 : 0;
                continue;
            }
            both++;
            if (mine.picture() == other.picture()) {
                same++;
                // The sum of two floats' rounding is nobody's fault.
                off += Math.abs(mine.similarity() - other.similarity()) > rule.scoreTolerance() + 1e-6 ? 1 : 0;
                signs += Long.bitCount(mine.signs() ^ other.signs());
            }
        }
        int onlySecond = 0;
        for (Map.Entry<Long, Findings.Pair> entry : second.pairs().entrySet()) {
            onlySecond += !first.pairs().containsKey(entry.getKey()) && clear(entry.getValue(), second, rule) ? 1 : 0;
        }
        if ((long) off * ODD_ONE_IN > same) {
            return new Comparison(Kind.DIFFER, off + " of " + same + " pictures have other similarities");
        }
        if (same > 0 && signs > MOST_SIGNS * Findings.SIGNS * same) {
            return new Comparison(Kind.DIFFER, "the embeddings of the same pictures are not alike");
        }
        if (both >= FEW && both - same > MOST_CHANGED * both) {
            return new Comparison(Kind.DIFFER, both - same + " of " + both + " pictures have other bytes");
        }
        boolean firstHasMore = tooMany(onlyFirst, both, rule);
        boolean secondHasMore = tooMany(onlySecond, both, rule);
        if (firstHasMore && secondHasMore) {
            return new Comparison(
                    Kind.DIFFER,
                    String.format(
                            Locale.ROOT, "%d pairs are in both, %d and %d in one only", both, onlyFirst, onlySecond));
        }
        if (firstHasMore) {
            return new Comparison(Kind.SECOND_THIN, "it lacks " + onlyFirst + " of " + (both + onlyFirst) + " pairs");
        }
        return secondHasMore
                ? new Comparison(Kind.FIRST_THIN, "it lacks " + onlySecond + " of " + (both + onlySecond) + " pairs")
                : new Comparison(Kind.AGREE, "");
    }

    private static boolean tooMany(int only, int both, Replication rule) {
        return only > Math.max(STRAY, (1 - rule.leastShared()) * (both + only));
    }

    /** Whether the pair is kept whatever device computes it. */
    private static boolean clear(Findings.Pair pair, Findings of, Replication rule) {
        return pair.similarity() >= of.threshold() + rule.scoreTolerance();
    }
}
