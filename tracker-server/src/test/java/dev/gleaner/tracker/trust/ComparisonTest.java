package dev.gleaner.tracker.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Replication;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final double THRESHOLD = 0.3;
    private static final Replication RULE = Replication.ADAPTIVE;

    private static Findings findings(int from, int to, BiFunction<Long, Random, Findings.Pair> pair) {
        Map<Long, Findings.Pair> pairs = new HashMap<>();
        for (long id = from; id < to; id++) {
            pairs.put(id, pair.apply(id, new Random(id)));
        }
        return new Findings("d", THRESHOLD, pairs);
    }

    private static Findings.Pair truth(long id, Random random) {
        return new Findings.Pair(id * 31, 0.35f + 0.1f * random.nextFloat(), random.nextLong());
    }

    private static Comparison.Kind compare(Findings a, Findings b) {
        return Comparison.of(a, b, RULE).kind();
    }

    private final Findings right = findings(0, 100, ComparisonTest::truth);

    @Test
    void twoDevicesThatComputeDifferentlyAgree() {
        Findings other = findings(0, 100, (id, random) -> {
            Findings.Pair truth = truth(id, random);
            return new Findings.Pair(
                    truth.picture(), truth.similarity() + 0.019f * (id % 3 - 1), truth.signs() ^ (1L << id % 64));
        });
        assertEquals(Comparison.Kind.AGREE, compare(right, other));
        assertEquals(Comparison.Kind.AGREE, compare(right, right));
    }

    @Test
    void aWebThatChangedBetweenTwoFetchesIsNobodysFault() {
        Findings later = findings(
                15, 110, (id, random) -> id % 5 == 0 ? new Findings.Pair(id * 7 + 1, 0.9f, 0) : truth(id, random));
        assertEquals(Comparison.Kind.AGREE, compare(right, later), "15 gone, 10 new, a fifth with other bytes");
    }

    @Test
    void otherCandidatesCannotBothBeRight() {
        assertEquals(Comparison.Kind.DIFFER, compare(right, new Findings("e", THRESHOLD, right.pairs())));
    }

    @Test
    void inventedScoresAreFound() {
        Findings invented = findings(0, 100, (id, random) -> {
            Findings.Pair truth = truth(id, random);
            return new Findings.Pair(truth.picture(), id % 30 == 0 ? 0.6f : truth.similarity(), truth.signs());
        });
        Comparison found = Comparison.of(right, invented, RULE);
        assertEquals(Comparison.Kind.DIFFER, found.kind());
        assertEquals("4 of 100 pictures have other similarities", found.reason());
    }

    @Test
    void inventedEmbeddingsAreFoundWhateverTheScores() {
        Findings invented = findings(0, 100, (id, random) -> {
            Findings.Pair truth = truth(id, random);
            return new Findings.Pair(truth.picture(), truth.similarity(), new Random(-id).nextLong());
        });
        assertEquals(Comparison.Kind.DIFFER, compare(right, invented));
    }

    @Test
    void picturesThatNobodyElseSawAreFound() {
        Findings invented = findings(0, 100, (id, random) -> new Findings.Pair(id, 0.4f, 0));
        assertEquals(Comparison.Kind.DIFFER, compare(right, invented));
    }

    @Test
    void aResultThatLacksMuchIsThinAndOneThatHasMuchMoreThanItIsNot() {
        Findings thin = findings(0, 60, ComparisonTest::truth);
        assertEquals(Comparison.Kind.SECOND_THIN, compare(right, thin));
        assertEquals(Comparison.Kind.FIRST_THIN, compare(thin, right));
        assertEquals(Comparison.Kind.AGREE, compare(right, findings(0, 75, ComparisonTest::truth)));
        assertEquals(Comparison.Kind.DIFFER, compare(thin, findings(40, 100, ComparisonTest::truth)));
    }

    @Test
    void whatLiesAtTheThresholdMayBeKeptByOneAndNotByTheOther() {
        Findings lucky = findings(
                0,
                200,
                (id, random) -> id < 100
                        ? truth(id, random)
                        : new Findings.Pair(id, (float) THRESHOLD + 0.015f, random.nextLong()));
        assertEquals(Comparison.Kind.AGREE, compare(right, lucky));
    }

    @Test
    void nothingKeptByBothAgreesAndAFewInventedPairsDoNot() {
        Findings nothing = findings(0, 0, ComparisonTest::truth);
        assertEquals(Comparison.Kind.AGREE, compare(nothing, nothing));
        assertEquals(Comparison.Kind.AGREE, compare(nothing, findings(0, 2, ComparisonTest::truth)));
        assertEquals(Comparison.Kind.FIRST_THIN, compare(nothing, findings(0, 7, ComparisonTest::truth)));
    }

    @Test
    void theOrderOfTheTwoTellsOnlyWhoIsThin() {
        long seed = Long.getLong("gleaner.seed", 7);
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Findings a = some(random);
            Findings b = some(random);
            Comparison.Kind there = compare(a, b);
            Comparison.Kind back = compare(b, a);
            boolean mirrored =
                    switch (there) {
                        case AGREE, DIFFER -> back == there;
                        case FIRST_THIN -> back == Comparison.Kind.SECOND_THIN;
                        case SECOND_THIN -> back == Comparison.Kind.FIRST_THIN;
                    };
            assertTrue(mirrored, "replay with -Dgleaner.seed=" + seed + ", round " + i);
        }
    }

    private static Findings some(Random random) {
        int from = random.nextInt(20);
        int faults = random.nextInt(3);
        return findings(
                from,
                from + random.nextInt(60),
                (id, r) -> random.nextInt(40) < faults ? new Findings.Pair(random.nextInt(50), 0.5f, 0) : truth(id, r));
    }
}
