package dev.gleaner.tracker.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.trust.Standing;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The life of a job, told event by event. */
@Tag("pure")
class JobRulesTest {
    private static final String EPOCH = JobModel.EPOCH;

    /** A job that changes as the rules say; checks the promises after every step. */
    private static final class World {
        private JobSnapshot job = new JobSnapshot(1, JobStatus.OPEN, 0, 0, List.of());
        private String reason = "";
        private Duration delay = Duration.ZERO;
        private final Set<String> visited;

        World(Set<String> visited) {
            this.visited = visited;
        }

        Decision on(LedgerEvent event) {
            Decision decision = JobRules.decide(job, event);
            JobSnapshot after = JobModel.after(job, event, decision);
            JobModel.requirePromises(job, event, decision, after);
            if (decision instanceof Decision.Applied applied) {
                for (Decision.AttemptChange change : applied.attempts()) {
                    if (change.from() != null) {
                        visited.add(change.from() + " " + event.kind() + " " + change.to());
                    }
                }
                Decision.JobChange change = applied.job();
                if (change != null) {
                    reason = change.reason() == null ? "" : change.reason();
                    delay = change.delay();
                }
            }
            job = after;
            return decision;
        }

        Decision grant(String worker) {
            return on(new LedgerEvent.Grant(worker, "r", Duration.ofHours(1), false));
        }

        Decision hedge(String worker) {
            return on(new LedgerEvent.Grant(worker, "r", Duration.ofHours(1), true));
        }

        Decision submit(String worker, int attempt, String digest) {
            return on(new LedgerEvent.Submit(worker, token(attempt), "{}", "print-" + digest, digest));
        }

        AttemptStatus status(int attempt) {
            return Objects.requireNonNull(job.attempt(attempt)).status();
        }
    }

    private static FencingToken token(int attempt) {
        return new FencingToken(EPOCH, attempt);
    }

    private final World world = new World(new HashSet<>());

    @Test
    void aJobIsGrantedSubmittedAndAccepted() {
        world.grant("ada");
        Decision.Applied submitted = assertInstanceOf(Decision.Applied.class, world.submit("ada", 1, "d"));
        assertEquals(1, submitted.toJudge());
        world.on(new LedgerEvent.Accept(1));
        assertEquals(JobStatus.DONE, world.job.status());
        assertInstanceOf(Decision.Replayed.class, world.submit("ada", 1, "d"));
        assertInstanceOf(Decision.Replayed.class, world.on(new LedgerEvent.Accept(1)));
    }

    @Test
    void nobodyGetsAJobThatSomebodyWorksOn() {
        world.grant("ada");
        assertInstanceOf(Decision.Refused.class, world.grant("bela"));
    }

    @Test
    void aStrangersTokenOrAnotherEpochIsLost() {
        world.grant("ada");
        assertEquals(ProblemCode.LEASE_LOST, ((Decision.Refused) world.submit("bela", 1, "d")).code());
        FencingToken rewound = new FencingToken("fedcba9876543210", 1);
        assertEquals(
                ProblemCode.LEASE_LOST,
                ((Decision.Refused) world.on(new LedgerEvent.Submit("ada", rewound, "{}", "p", "d"))).code());
        assertEquals(ProblemCode.LEASE_LOST, ((Decision.Refused) world.submit("ada", 2, "d")).code());
    }

    @Test
    void anotherManifestUnderTheSameTokenIsAConflict() {
        world.grant("ada");
        world.submit("ada", 1, "d");
        assertEquals(ProblemCode.RESULT_CONFLICT, ((Decision.Refused) world.submit("ada", 1, "other")).code());
    }

    @Test
    void aLateResultIsJudgedWhenNobodyElseWorks() {
        world.grant("ada");
        world.on(new LedgerEvent.Expire(1, "no heartbeat", false));
        assertEquals(0.25, world.job.points());
        assertEquals(Duration.ZERO, world.delay);
        assertEquals(
                1,
                assertInstanceOf(Decision.Applied.class, world.submit("ada", 1, "d"))
                        .toJudge());
    }

    @Test
    void aLateResultIsHeldWhileANewerAttemptLivesAndUsedIfThatFails() {
        world.grant("ada");
        world.on(new LedgerEvent.Expire(1, "no heartbeat", false));
        world.grant("bela");
        assertEquals(
                0,
                assertInstanceOf(Decision.Applied.class, world.submit("ada", 1, "d"))
                        .toJudge());
        assertEquals(AttemptStatus.HELD, world.status(1));
        Decision.Applied failed = assertInstanceOf(
                Decision.Applied.class,
                world.on(new LedgerEvent.Fail("bela", token(2), FailureClass.RESOURCE, "disk full")));
        assertEquals(1, failed.toJudge());
        world.on(new LedgerEvent.Accept(1));
        assertEquals(1, world.job.canonical());
    }

    @Test
    void aHeldResultThatAgreesIsCreditedWhenTheNewerIsAccepted() {
        world.grant("ada");
        world.on(new LedgerEvent.Expire(1, "no heartbeat", false));
        world.grant("bela");
        world.submit("ada", 1, "d");
        world.submit("bela", 2, "d");
        world.on(new LedgerEvent.Accept(2));
        assertEquals(AttemptStatus.SUPERSEDED, world.status(1));
        assertEquals(2, world.job.canonical());
    }

    @Test
    void aResultAfterTheEndIsComparedAndCreditedOrKeptAsEvidence() {
        for (String digest : List.of("d", "other")) {
            World w = new World(new HashSet<>());
            w.grant("ada");
            w.on(new LedgerEvent.Release("ada", token(1), "bye"));
            w.grant("bela");
            w.submit("bela", 2, "d");
            w.on(new LedgerEvent.Accept(2));
            w.submit("ada", 1, digest);
            assertEquals(digest.equals("d") ? AttemptStatus.SUPERSEDED : AttemptStatus.HELD, w.status(1));
            assertEquals(2, w.job.canonical());
        }
    }

    @Test
    void twoWorkersWhoCannotReadTheInputSetTheJobAside() {
        world.grant("ada");
        world.on(new LedgerEvent.Fail("ada", token(1), FailureClass.INPUT, "404"));
        assertEquals(Duration.ofSeconds(10), world.delay);
        world.grant("ada");
        world.on(new LedgerEvent.Fail("ada", token(2), FailureClass.INPUT, "404"));
        assertEquals(JobStatus.OPEN, world.job.status(), "one worker alone is not believed");
        world.grant("bela");
        world.on(new LedgerEvent.Fail("bela", token(3), FailureClass.INPUT, "404"));
        assertEquals(JobStatus.QUARANTINED, world.job.status());
        assertTrue(world.reason.contains("404"), world.reason);
        world.on(new LedgerEvent.Requeue("operator: mended"));
        assertEquals(JobStatus.OPEN, world.job.status());
        assertEquals(0, world.job.points());
    }

    @Test
    void networkTroubleAndReleasesCostTheJobNothingButBugsDo() {
        for (int i = 1; i <= 7; i++) {
            world.grant("w" + i);
            world.on(new LedgerEvent.Release("w" + i, token(i), "bye"));
        }
        assertEquals(0, world.job.points());
        for (int i = 8; i <= 11; i++) {
            world.grant("w" + i);
            world.on(new LedgerEvent.Fail("w" + i, token(i), FailureClass.NETWORK, "timeout"));
        }
        assertEquals(0, world.job.points());
        assertEquals(JobStatus.OPEN, world.job.status());
    }

    @Test
    void differentWorkersThatFailAlikeSetTheJobAsideWithTheEvidence() {
        for (int i = 1; i <= 3; i++) {
            assertEquals(JobStatus.OPEN, world.job.status());
            world.grant("w" + i);
            world.on(new LedgerEvent.Fail("w" + i, token(i), FailureClass.BUG, "boom"));
        }
        assertEquals(JobStatus.QUARANTINED, world.job.status());
        assertEquals("3 workers failed alike (BUG, attempts 1, 2, 3), the last: boom", world.reason);
    }

    @Test
    void fourWorkersWithoutTheMeansSetTheJobAside() {
        for (int i = 1; i <= 4; i++) {
            assertEquals(JobStatus.OPEN, world.job.status());
            world.grant("w" + i);
            world.on(new LedgerEvent.Fail("w" + i, token(i), FailureClass.RESOURCE, "out of memory"));
        }
        assertEquals(JobStatus.QUARANTINED, world.job.status());
    }

    @Test
    void oneWorkersBugsSetAJobAsideOnlyByTheirPoints() {
        for (int i = 1; i <= 4; i++) {
            assertEquals(JobStatus.OPEN, world.job.status());
            assertEquals(i - 1, world.job.points());
            world.grant("ada");
            world.on(new LedgerEvent.Fail("ada", token(i), FailureClass.BUG, "boom"));
        }
        assertEquals(JobStatus.QUARANTINED, world.job.status());
    }

    @Test
    void aRejectedResultCostsTheJobHalfAPointAndADelay() {
        world.grant("ada");
        world.submit("ada", 1, "d");
        world.on(new LedgerEvent.Reject(1, "too short"));
        assertEquals(0.5, world.job.points());
        assertEquals(Duration.ofSeconds(10), world.delay);
    }

    @Test
    void aStragglersJobMayGoToOneOtherWorker() {
        world.grant("ada");
        assertInstanceOf(Decision.Refused.class, world.hedge("ada"), "the same worker twice");
        assertInstanceOf(Decision.Applied.class, world.hedge("bela"));
        assertInstanceOf(Decision.Refused.class, world.hedge("cleo"), "a third copy");
        assertInstanceOf(Decision.Refused.class, world.grant("cleo"));
    }

    @Test
    void nobodyHedgesAResultThatIsBeingJudged() {
        world.grant("ada");
        world.submit("ada", 1, "d");
        assertInstanceOf(Decision.Refused.class, world.hedge("bela"));
    }

    @Test
    void theFirstGoodResultWinsAndTheOtherWorkerPaysNothing() {
        world.grant("ada");
        world.hedge("bela");
        assertEquals(
                2,
                assertInstanceOf(Decision.Applied.class, world.submit("bela", 2, "d"))
                        .toJudge());
        world.on(new LedgerEvent.Accept(2));
        assertEquals(2, world.job.canonical());
        assertEquals(AttemptStatus.RELEASED, world.status(1));
        world.submit("ada", 1, "d");
        assertEquals(AttemptStatus.SUPERSEDED, world.status(1), "what it made all the same is credited");
    }

    @Test
    void aResultHandedInBesideTheWinnersIsCreditedOrKeptAsEvidence() {
        for (String digest : List.of("d", "other")) {
            World w = new World(new HashSet<>());
            w.grant("ada");
            w.hedge("bela");
            w.submit("ada", 1, digest);
            w.submit("bela", 2, "d");
            w.on(new LedgerEvent.Accept(2));
            boolean agrees = digest.equals("d");
            assertEquals(agrees ? AttemptStatus.SUPERSEDED : AttemptStatus.HELD, w.status(1));
            Decision late = w.on(new LedgerEvent.Accept(1));
            assertEquals(agrees ? Decision.Replayed.class : Decision.Refused.class, late.getClass());
            assertEquals(2, w.job.canonical());
        }
    }

    @Test
    void aJobIsNotSetAsideWhileAnotherWorkerMayStillDoIt() {
        for (int i = 1; i <= 3; i++) {
            world.grant("ada");
            world.on(new LedgerEvent.Fail("ada", token(i), FailureClass.BUG, "boom"));
        }
        world.grant("ada");
        world.hedge("bela");
        world.on(new LedgerEvent.Fail("ada", token(4), FailureClass.BUG, "boom"));
        assertEquals(JobStatus.OPEN, world.job.status());
        world.on(new LedgerEvent.Release("bela", token(5), "bye"));
        assertEquals(JobStatus.QUARANTINED, world.job.status());
    }

    @Test
    void anOperatorTakesTheJobFromBothWorkers() {
        world.grant("ada");
        world.hedge("bela");
        world.on(new LedgerEvent.Quarantine("operator: look"));
        assertEquals(AttemptStatus.REVOKED, world.status(1));
        assertEquals(AttemptStatus.REVOKED, world.status(2));
    }

    @Test
    void aPoisonJobCostsAtMostEightAttempts() {
        int attempts = 0;
        while (world.job.status() == JobStatus.OPEN && attempts < 50) {
            attempts++;
            world.grant("w" + attempts);
            world.on(new LedgerEvent.Expire(attempts, "no heartbeat", false));
        }
        assertEquals(JobRules.QUARANTINE_ATTEMPTS, attempts);
    }

    @Test
    void amnestyCostsNobody() {
        world.grant("ada");
        world.on(new LedgerEvent.Expire(1, "amnesty", true));
        assertEquals(0, world.job.points());
    }

    @Test
    void aLongTroubleOfTheTrackersSetsNoJobAside() {
        for (int i = 1; i <= 3 * JobRules.QUARANTINE_ATTEMPTS; i++) {
            world.grant("w" + i);
            world.on(new LedgerEvent.Expire(i, "no progress", true));
        }
        assertEquals(JobStatus.OPEN, world.job.status());
        assertEquals(0, world.job.points());
    }

    @Test
    void aRequeuedJobBeginsAnewWithWhatItMayCost() {
        for (int round = 0; round < 3; round++) {
            int before = world.job.attempts().size();
            int costly = 0;
            while (world.job.status() == JobStatus.OPEN) {
                costly++;
                world.grant("w" + costly);
                world.on(new LedgerEvent.Expire(before + costly, "no heartbeat", false));
            }
            assertEquals(JobRules.QUARANTINE_ATTEMPTS, costly, "round " + round);
            world.on(new LedgerEvent.Requeue("operator: the store was broken"));
        }
        int number = world.job.attempts().size();
        for (String worker : List.of("ada", "bela")) {
            world.grant(worker);
            world.on(new LedgerEvent.Fail(worker, token(++number), FailureClass.BUG, "boom"));
        }
        assertEquals(JobStatus.OPEN, world.job.status());
        world.on(new LedgerEvent.Requeue("operator: a new version is out"));
        world.grant("cleo");
        world.on(new LedgerEvent.Fail("cleo", token(++number), FailureClass.BUG, "boom"));
        assertEquals(JobStatus.OPEN, world.job.status(), "who failed before the operator's word counts no more");
    }

    @Test
    void anInputThatOneWorkerCannotReadIsBelievedOnceHoweverOftenItTries() {
        for (int i = 1; i <= 3; i++) {
            world.grant("ada");
            world.on(new LedgerEvent.Fail("ada", token(i), FailureClass.INPUT, "404"));
            assertEquals(1, world.job.points());
        }
        world.grant("bela");
        world.on(new LedgerEvent.Fail("bela", token(4), FailureClass.BUG, "boom"));
        assertEquals(2, world.job.points());
    }

    @Test
    void differentFailuresAreNotAlike() {
        List<FailureClass> failures = List.of(FailureClass.BUG, FailureClass.RESOURCE, FailureClass.BUG);
        for (int i = 1; i <= 3; i++) {
            world.grant("w" + i);
            world.on(new LedgerEvent.Fail("w" + i, token(i), failures.get(i - 1), "x"));
        }
        assertEquals(JobStatus.OPEN, world.job.status());
    }

    @Test
    void failedExpiredAndRejectedAttemptsCountTogetherAndReleasedAndExcusedOnesDoNot() {
        world.grant("ada");
        world.submit("ada", 1, "d");
        world.on(new LedgerEvent.Reject(1, "wrong"));
        world.grant("bela");
        world.on(new LedgerEvent.Fail("bela", token(2), FailureClass.NETWORK, "timeout"));
        world.grant("cleo");
        world.on(new LedgerEvent.Release("cleo", token(3), "bye"));
        for (int i = 4; i <= 9; i++) {
            world.grant("w" + i);
            world.on(new LedgerEvent.Expire(i, "no heartbeat", i == 5));
        }
        assertEquals(JobStatus.OPEN, world.job.status(), "seven that count");
        world.grant("w10");
        world.on(new LedgerEvent.Expire(10, "no heartbeat", false));
        assertEquals(JobStatus.QUARANTINED, world.job.status());
    }

    @Test
    void anOperatorCanTakeALeasedJobAway() {
        world.grant("ada");
        world.on(new LedgerEvent.Requeue("operator: stuck"));
        assertEquals(AttemptStatus.REVOKED, world.status(1));
        assertEquals(ProblemCode.LEASE_LOST, ((Decision.Refused) world.submit("ada", 1, "d")).code());
        world.grant("bela");
        world.submit("bela", 2, "d");
        world.on(new LedgerEvent.Accept(2));
        assertInstanceOf(Decision.Refused.class, world.on(new LedgerEvent.Requeue("operator: no")));
        assertInstanceOf(Decision.Refused.class, world.on(new LedgerEvent.Quarantine("operator: no")));
    }

    @Test
    void theBackOffGrowsToSixMinutes() {
        assertEquals(Duration.ofSeconds(10), JobRules.backOff(1));
        assertEquals(Duration.ofSeconds(40), JobRules.backOff(3));
        assertEquals(Duration.ofMinutes(6), JobRules.backOff(7));
        assertEquals(Duration.ofMinutes(6), JobRules.backOff(1_000));
    }

    private static Opinion opinion(JobSnapshot job, int attempt, Random random) {
        Map<Integer, Standing.Outcome> others = new HashMap<>();
        for (JobSnapshot.Attempt other : job.attempts()) {
            if (other.number() != attempt && random.nextInt(4) > 0) {
                others.put(other.number(), Standing.Outcome.values()[random.nextInt(Standing.Outcome.values().length)]);
            }
        }
        return new Opinion(!others.isEmpty(), others, Map.of());
    }

    @Test
    void aResultThatWaitsForAnotherLetsTheJobGoOutAgain() {
        world.grant("ada");
        world.submit("ada", 1, "d");
        world.on(new LedgerEvent.Hold(1, "waits"));
        assertEquals(AttemptStatus.HELD, world.status(1));
        assertEquals(JobStatus.OPEN, world.job.status());
        assertInstanceOf(Decision.Replayed.class, world.on(new LedgerEvent.Hold(1, "waits")));
        assertInstanceOf(Decision.Replayed.class, world.submit("ada", 1, "d"));
        world.grant("bela");
        world.submit("bela", 2, "d");
        world.on(new LedgerEvent.Accept(1, new Opinion(true, Map.of(2, Standing.Outcome.CONFIRMED), Map.of())));
        assertEquals(1, world.job.canonical());
        assertEquals(AttemptStatus.SUPERSEDED, world.status(2));
    }

    @Test
    void whoeverDoesNotAgreeWithMostIsRejectedAndWhoStillWorksIsToldToStop() {
        for (int i = 1; i <= 3; i++) {
            world.grant("w" + i);
            world.submit("w" + i, i, "d" + i % 2);
            if (i < 3) {
                world.on(new LedgerEvent.Hold(i, "waits"));
            }
        }
        world.on(new LedgerEvent.Accept(
                1,
                new Opinion(
                        true,
                        Map.of(2, Standing.Outcome.WRONG, 3, Standing.Outcome.CONFIRMED),
                        Map.of(2, "other candidates"))));
        assertEquals(AttemptStatus.REJECTED, world.status(2));
        assertEquals(AttemptStatus.SUPERSEDED, world.status(3));
        assertEquals(JobStatus.DONE, world.job.status());
    }

    @Test
    void aResultThatIsTakenBackOpensItsJobAndCanBeGivenBackUntilAnotherIsThere() {
        world.grant("ada");
        world.submit("ada", 1, "d");
        world.on(new LedgerEvent.Accept(1, Opinion.BELIEVED));
        world.on(new LedgerEvent.Retract(1, "its worker was found out"));
        assertEquals(JobStatus.OPEN, world.job.status());
        assertEquals(AttemptStatus.RETRACTED, world.status(1));
        world.grant("bela");
        world.on(new LedgerEvent.Reinstate(1));
        assertEquals(1, world.job.canonical());
        assertEquals(AttemptStatus.RELEASED, world.status(2));
        world.on(new LedgerEvent.Retract(1, "after all"));
        world.grant("cleo");
        world.submit("cleo", 3, "e");
        world.on(new LedgerEvent.Accept(3));
        assertInstanceOf(Decision.Refused.class, world.on(new LedgerEvent.Reinstate(1)));
        assertEquals(3, world.job.canonical());
    }

    /** Random histories keep the promises, and between them visit every row of the transition table. */
    @Test
    void anyHistoryKeepsThePromisesAndEveryLegalMoveHappens() {
        long seed = Long.getLong("gleaner.seed", 2026);
        Set<String> visited = new TreeSet<>();
        for (int run = 0; run < 60_000; run++) {
            Random random = new Random(seed + run);
            World w = new World(visited);
            for (int step = 0; step < 20; step++) {
                int attempt = 1 + random.nextInt(Math.max(1, w.job.attempts().size()));
                String worker = "w" + random.nextInt(3);
                JobSnapshot.Attempt chosen = w.job.attempt(attempt);
                if (chosen != null && random.nextInt(4) > 0) {
                    worker = chosen.worker();
                }
                LedgerEvent event =
                        switch (random.nextInt(15)) {
                            case 0, 1, 2 ->
                                new LedgerEvent.Grant(worker, "r", Duration.ofHours(1), random.nextBoolean());
                            case 3, 4 ->
                                new LedgerEvent.Submit(
                                        worker, token(attempt), "{}", "p" + random.nextInt(2), "d" + random.nextInt(2));
                            case 5 -> new LedgerEvent.Accept(attempt);
                            case 6 -> new LedgerEvent.Reject(attempt, "wrong");
                            case 7 -> new LedgerEvent.Release(worker, token(attempt), "bye");
                            case 8 ->
                                new LedgerEvent.Fail(
                                        worker, token(attempt), FailureClass.values()[random.nextInt(4)], "failed");
                            case 9 -> new LedgerEvent.Expire(attempt, "late", random.nextBoolean());
                            case 10 -> new LedgerEvent.Revoke(attempt, "banned");
                            case 11 -> new LedgerEvent.Hold(attempt, "waits");
                            case 12 -> new LedgerEvent.Accept(attempt, opinion(w.job, attempt, random));
                            case 13 ->
                                random.nextBoolean()
                                        ? new LedgerEvent.Retract(attempt, "found out")
                                        : new LedgerEvent.Reinstate(attempt);
                            default ->
                                random.nextInt(3) > 0
                                        ? new LedgerEvent.Requeue("why")
                                        : new LedgerEvent.Quarantine("why");
                        };
                try {
                    w.on(event);
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError("replay with -Dgleaner.seed=" + (seed + run), e);
                }
            }
        }
        Set<String> legal = new TreeSet<>();
        for (Transitions.Row row : Transitions.ROWS) {
            row.to().forEach(to -> legal.add(row.from() + " " + row.event() + " " + to));
        }
        assertEquals(legal, visited, "legal moves that never happened, or moves that are not in the table");
    }
}
