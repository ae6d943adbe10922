package dev.gleaner.tracker.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Replication;
import java.util.Locale;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole campaigns with cheats among the workers. {@code -Dgleaner.trust.runs=N} makes more runs of those with many small ones,
 * {@code -Dgleaner.seed=N} others. The figures are in {@code docs/trust.md}.
 */
@Tag("pure")
class TrustSimulationTest {
    private static final long SEED = Long.getLong("gleaner.seed", 2026);

    private static TrustEffort.Outcome run(
            TrustEffort.Kind cheats, double share, int workers, int jobsEach, long seed) {
        return new TrustEffort(new TrustEffort.Setting(workers, cheats, share, jobsEach, Replication.ADAPTIVE), seed)
                .run();
    }

    private static void tell(String what, TrustEffort.Outcome o) {
        System.out.printf(
                Locale.ROOT,
                "trust: %s: false pairs %.4f %%, honest results rejected %.4f %%, honest convicted %d, cheats convicted %d of %d,"
                        + " results per done job %.3f, of them confirming %.3f, asked what was known %.4f, jobs not done %d%n",
                what,
                100.0 * o.falsePairs() / Math.max(1, o.pairs()),
                100.0 * o.honestRejected() / Math.max(1, o.honestResults()),
                o.honestConvicted(),
                o.cheatsConvicted(),
                o.cheats(),
                (double) o.done() / Math.max(1, o.jobs()),
                (double) o.confirming() / Math.max(1, o.jobs()),
                (double) o.tests() / Math.max(1, o.done()),
                o.unfinished());
    }

    /** With nobody colluding, cheats leave next to nothing false, whatever their share. */
    @ParameterizedTest
    @CsvSource({
        "FLAKY,0.01", "FLAKY,0.1", "FLAKY,0.3",
        "LAZY,0.01", "LAZY,0.1", "LAZY,0.3",
        "TURNCOAT,0.01", "TURNCOAT,0.1", "TURNCOAT,0.3"
    })
    void cheatsOfTheirOwnLeaveNextToNothingFalse(TrustEffort.Kind kind, double share) {
        TrustEffort.Outcome o = run(kind, share, 100, 300, SEED);
        tell(kind + " " + share, o);
        assertEquals(0, o.honestConvicted(), "replay with -Dgleaner.seed=" + SEED);
        assertTrue(o.falsePairs() < 0.001 * o.pairs(), o + "; replay with -Dgleaner.seed=" + SEED);
    }

    /** Those who collude are found as long as most are honest; what they leave is told, and bounded. */
    @ParameterizedTest
    @CsvSource({
        "COLLUDING,0.01,0.001", "COLLUDING,0.1,0.001", "COLLUDING,0.3,0.001",
        "SYBIL,0.01,0.001", "SYBIL,0.1,0.001", "SYBIL,0.3,0.001"
    })
    void thoseWhoColludeLeaveLittleAndConvictNobodyHonest(TrustEffort.Kind kind, double share, double most) {
        TrustEffort.Outcome o = run(kind, share, 100, 300, SEED);
        tell(kind + " " + share, o);
        assertEquals(0, o.honestConvicted(), "replay with -Dgleaner.seed=" + SEED);
        assertTrue(o.falsePairs() <= most * o.pairs(), o + "; replay with -Dgleaner.seed=" + SEED);
    }

    @Test
    void checkingCostsLittleOnceWorkersAreProven() {
        TrustEffort.Outcome o = run(TrustEffort.Kind.LAZY, 0, 50, 1_000, SEED);
        tell("all honest, 1,000 jobs each", o);
        assertTrue(o.done() < 1.10 * o.jobs(), o + "; replay with -Dgleaner.seed=" + SEED);
        assertEquals(0, o.falsePairs());
        assertEquals(0, o.unfinished());
    }

    /** As the reference for such systems has it: about one lease in a hundred asks what is known. */
    @Test
    void someLeasesAskWhatIsKnownAndNoneDoesWhereNobodyWantsThat() {
        TrustEffort.Outcome o = run(TrustEffort.Kind.LAZY, 0.1, 100, 300, SEED);
        assertTrue(o.tests() > 0.004 * o.done() && o.tests() < 0.03 * o.done(), o.toString());
        Replication usual = Replication.ADAPTIVE;
        Replication without = new Replication(
                usual.provenAfter(),
                usual.leastChecked(),
                usual.scoreTolerance(),
                usual.leastShared(),
                usual.mostResults(),
                null);
        assertEquals(
                0,
                new TrustEffort(new TrustEffort.Setting(100, TrustEffort.Kind.LAZY, 0.1, 100, without), SEED)
                        .run()
                        .tests());
    }

    /** Many small campaigns with one cheat in ten of each kind that works alone. */
    @Test
    void noHonestWorkerIsEverConvicted() {
        int runs = Integer.getInteger("gleaner.trust.runs", 150);
        TrustEffort.Kind[] kinds = {TrustEffort.Kind.FLAKY, TrustEffort.Kind.LAZY, TrustEffort.Kind.TURNCOAT};
        long[] sums = LongStream.range(0, runs)
                .mapToObj(i -> run(kinds[(int) (i % kinds.length)], 0.1, 20, 40, SEED + i))
                .map(o -> new long[] {o.honestConvicted(), o.honestRejected(), o.honestResults()})
                .reduce(new long[3], (a, b) -> new long[] {a[0] + b[0], a[1] + b[1], a[2] + b[2]});
        System.out.printf(
                Locale.ROOT,
                "trust: %d runs of 20 workers: honest convicted %d, honest results rejected or taken back %d of %d%n",
                runs,
                sums[0],
                sums[1],
                sums[2]);
        assertEquals(0, sums[0], "replay with -Dgleaner.seed=" + SEED);
    }
}
