package dev.gleaner.tracker.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Replication;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class JuryTest {
    private static final Replication RULE = Replication.ADAPTIVE;

    /** A result in which all similarities are shifted by so much: those with the same shift agree. */
    private static Findings findings(float shift) {
        return new Findings(
                "d",
                0.3,
                IntStream.range(0, 20)
                        .boxed()
                        .collect(Collectors.toMap(i -> (long) i, i -> new Findings.Pair(i, 0.4f + shift, i))));
    }

    private static Jury.Handed handed(int attempt, String who, float shift) {
        return new Jury.Handed(attempt, Party.of(who, who, null, null), true, findings(shift));
    }

    private static Jury.Ruling decide(Jury.Handed... handed) {
        return Jury.decide(List.of(handed), RULE);
    }

    @Test
    void oneResultDecidesNothingAndTwoThatAgreeDo() {
        assertInstanceOf(Jury.Ruling.Open.class, decide(handed(1, "ada", 0)));
        Jury.Ruling.Stands stands =
                assertInstanceOf(Jury.Ruling.Stands.class, decide(handed(1, "ada", 0), handed(2, "bela", 0)));
        assertEquals(1, stands.attempt());
        assertEquals(Map.of(2, Standing.Outcome.CONFIRMED), stands.others());
    }

    @Test
    void twoThatDifferNeedAThird() {
        assertInstanceOf(Jury.Ruling.Open.class, decide(handed(1, "ada", 0), handed(2, "bela", 0.2f)));
        Jury.Ruling.Stands stands = assertInstanceOf(
                Jury.Ruling.Stands.class, decide(handed(1, "ada", 0.2f), handed(2, "bela", 0), handed(3, "cleo", 0)));
        assertEquals(2, stands.attempt());
        assertEquals(Standing.Outcome.WRONG, stands.others().get(1));
        assertEquals(
                "20 of 20 pictures have other similarities", stands.reasons().get(1));
    }

    @Test
    void onePersonWithTwoWorkersCannotVouchForItself() {
        Jury.Handed first = new Jury.Handed(1, Party.of("w1", "mallory", null, null), true, findings(0.2f));
        Jury.Handed sameName = new Jury.Handed(2, Party.of("w2", "mallory", null, null), true, findings(0.2f));
        assertInstanceOf(Jury.Ruling.Open.class, decide(first, sameName));
        Jury.Handed home = new Jury.Handed(1, Party.of("w1", "a", null, "192.0.2.1"), true, findings(0.2f));
        Jury.Handed sameHome = new Jury.Handed(2, Party.of("w2", "b", null, "192.0.2.1"), true, findings(0.2f));
        Jury.Handed team = new Jury.Handed(1, Party.of("w1", "a", "t", null), true, findings(0.2f));
        Jury.Handed sameTeam = new Jury.Handed(2, Party.of("w2", "b", "t", null), true, findings(0.2f));
        assertInstanceOf(Jury.Ruling.Open.class, decide(home, sameHome));
        assertInstanceOf(Jury.Ruling.Open.class, decide(team, sameTeam));
        assertInstanceOf(
                Jury.Ruling.Open.class, decide(first, sameName, handed(3, "ada", 0)), "one party against another");
    }

    private static Jury.Handed newcomer(int attempt, String who, float shift) {
        return new Jury.Handed(attempt, Party.of(who, who, null, null), false, findings(shift));
    }

    @Test
    void whatIsKnownStaysKnownHoweverManyFailTheTest() {
        List<Jury.Handed> all = List.of(
                newcomer(5, "mallory", 0.2f),
                handed(1, "ada", 0),
                newcomer(2, "bela", 0),
                newcomer(3, "eve", 0.2f),
                newcomer(4, "oscar", 0.2f));
        assertInstanceOf(
                Jury.Ruling.Hung.class, Jury.decide(all, RULE), "as a job like others it would have no answer");
        Jury.Ruling.Stands stands = assertInstanceOf(Jury.Ruling.Stands.class, Jury.decideTest(all, RULE));
        assertEquals(1, stands.attempt());
        assertEquals(
                Map.of(
                        2, Standing.Outcome.CONFIRMED,
                        3, Standing.Outcome.WRONG,
                        4, Standing.Outcome.WRONG,
                        5, Standing.Outcome.WRONG),
                stands.others());
    }

    @Test
    void nothingIsKnownBeforeAProvenWorkerAgreed() {
        List<Jury.Handed> newcomers = List.of(
                newcomer(1, "ada", 0.2f), newcomer(2, "bela", 0.2f), handed(3, "cleo", 0), handed(4, "dora", 0));
        assertInstanceOf(Jury.Ruling.Open.class, Jury.decideTest(newcomers, RULE));
        Jury.Ruling two = Jury.decideTest(newcomers.subList(0, 2), RULE);
        assertInstanceOf(Jury.Ruling.Stands.class, two);
        assertFalse(Jury.isAskedAgain(two, 2, RULE), "what newcomers say among themselves is no known answer");
        Jury.Ruling known = Jury.decideTest(List.of(handed(1, "ada", 0), handed(2, "bela", 0)), RULE);
        assertTrue(Jury.isAskedAgain(known, 2, RULE));
        assertTrue(Jury.isAskedAgain(known, RULE.mostResults() - 1, RULE));
        assertFalse(Jury.isAskedAgain(known, RULE.mostResults(), RULE), "it comes to an end");
        assertFalse(Jury.isAskedAgain(new Jury.Ruling.Open(), 2, RULE));
    }

    @Test
    void newcomersDecideAmongThemselvesButNeverAgainstAProvenWorker() {
        Jury.Ruling.Stands among = assertInstanceOf(
                Jury.Ruling.Stands.class,
                decide(newcomer(1, "ada", 0), newcomer(2, "eve", 0.2f), newcomer(3, "mallory", 0.2f)));
        assertEquals(Standing.Outcome.OUTVOTED, among.others().get(1), "which convicts nobody");
        assertInstanceOf(
                Jury.Ruling.Open.class,
                decide(handed(1, "ada", 0), newcomer(2, "eve", 0.2f), newcomer(3, "mallory", 0.2f)));
        Jury.Ruling.Stands settled = assertInstanceOf(
                Jury.Ruling.Stands.class,
                decide(
                        handed(1, "ada", 0),
                        newcomer(2, "eve", 0.2f),
                        newcomer(3, "mallory", 0.2f),
                        handed(4, "bela", 0),
                        handed(5, "cleo", 0)));
        assertEquals(1, settled.attempt());
        assertEquals(Standing.Outcome.WRONG, settled.others().get(2));
    }

    @Test
    void whenNoTwoAgreeAfterFivePeopleMustLook() {
        List<Jury.Handed> handed = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            handed.add(handed(i, "w" + i, 0.1f * i));
            assertInstanceOf(Jury.Ruling.Open.class, Jury.decide(handed, RULE));
        }
        handed.add(handed(5, "w5", 0.05f));
        Jury.Ruling.Hung hung = assertInstanceOf(Jury.Ruling.Hung.class, Jury.decide(handed, RULE));
        assertEquals(
                "5 results and no majority; attempts 1 and 2: 20 of 20 pictures have other similarities",
                hung.reason());
    }

    @Test
    void aNewWorkerIsAlwaysCheckedAndAProvenOneNowAndThen() {
        Standing standing = Standing.NEW;
        for (int i = 0; i < 10; i++) {
            assertEquals(1, standing.chance(RULE), "after " + i);
            standing = standing.after(Standing.Outcome.CONFIRMED);
        }
        assertEquals(0.1, standing.chance(RULE));
        assertEquals(0.05, new Standing(10_000, 0, false).chance(RULE));
        assertEquals(1, standing.after(Standing.Outcome.THIN).chance(RULE));
        assertEquals(1, standing.after(Standing.Outcome.WRONG).chance(RULE));
        assertEquals(5, standing.updated().proven(), "a new version must prove itself anew, in part");
    }

    @Test
    void threeWrongResultsConvictAndManyRightOnesForgive() {
        Standing standing = new Standing(500, 0, false);
        standing = standing.after(Standing.Outcome.WRONG).after(Standing.Outcome.WRONG);
        assertEquals(new Standing(0, 4, false), standing);
        Standing again = standing;
        for (int i = 0; i < 100; i++) {
            again = again.after(Standing.Outcome.CONFIRMED);
        }
        assertEquals(new Standing(100, 2, false), again);
        assertEquals(new Standing(0, 4, false), again.after(Standing.Outcome.WRONG));
        assertEquals(new Standing(0, 6, true), standing.after(Standing.Outcome.WRONG));
        for (int i = 0; i < 100; i++) {
            standing = standing.after(Standing.Outcome.THIN);
        }
        assertEquals(new Standing(0, 4, false), standing, "a bad link convicts nobody");
    }

    @Test
    void lotsAreEvenAndTheSameAtEveryTracker() {
        Draw draw = new Draw(new byte[32]);
        assertEquals(draw.lot(7, 1, "f"), new Draw(new byte[32]).lot(7, 1, "f"));
        int below = 0;
        for (int job = 0; job < 20_000; job++) {
            below += draw.lot(job, 1, "f") < 0.05 ? 1 : 0;
        }
        assertEquals(1_000, below, 150);
    }
}
