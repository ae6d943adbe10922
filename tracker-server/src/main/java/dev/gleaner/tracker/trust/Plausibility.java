package dev.gleaner.tracker.trust;

import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.PairDrop;
import java.util.EnumSet;
import java.util.Set;

/** Whether a result's numbers are so unlike its campaign's that it is checked whatever its worker's record. Says nothing of guilt. */
public final class Plausibility {
    private static final int LEAST_KNOWN = 1_000;
    private static final int LEAST_SEEN = 50;
    private static final double FAR = 0.2;
    private static final double DEVIATIONS = 6;

    /** Drops that mean that a picture could not be had. */
    private static final Set<PairDrop> NOT_HAD = EnumSet.of(
            PairDrop.DNS,
            PairDrop.CONNECT,
            PairDrop.TLS,
            PairDrop.PROTOCOL,
            PairDrop.TIMEOUT,
            PairDrop.HTTP_STATUS,
            PairDrop.BAD_REDIRECT,
            PairDrop.TOO_MANY_REDIRECTS);

    private Plausibility() {}

    /** @param usual sums over the campaign's accepted results */
    public static boolean isOdd(Counts result, Counts usual) {
        long n = result.candidates();
        if (usual.candidates() < LEAST_KNOWN || n < LEAST_SEEN) {
            return false;
        }
        return isFar(result.kept(), usual.kept(), n, usual.candidates())
                || isFar(notHad(result), notHad(usual), n, usual.candidates());
    }

    /** By more than chance makes, and by much. */
    private static boolean isFar(long part, long usualPart, long n, long usualN) {
        double usual = (double) usualPart / usualN;
        double deviation = Math.sqrt(usual * (1 - usual) / n);
        return Math.abs((double) part / n - usual) > Math.max(FAR, DEVIATIONS * deviation);
    }

    private static long notHad(Counts counts) {
        return NOT_HAD.stream()
                .mapToLong(drop -> counts.pairDrops().getOrDefault(drop.wire(), 0L))
                .sum();
    }
}
