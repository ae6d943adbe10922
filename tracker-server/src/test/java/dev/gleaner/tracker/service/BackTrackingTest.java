package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ShardFiles;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.storage.ForwardingStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What a worker handed in is taken back once it is found wrong, object by object, and comes back when an operator says so. */
class BackTrackingTest extends JudgeHarness {
    private void accepted(long job, String worker) throws Exception {
        judged(job, handIn(job, worker, pairs(2 + job)));
    }

    private void distrust(String worker) throws Exception {
        assertTrue(await(ledger.reputation().convict(worker, "op")));
    }

    private Manifest manifest(long job) {
        String json = ledger.attempt(job, 1).orElseThrow().manifest();
        return Json.read(String.valueOf(json).getBytes(StandardCharsets.UTF_8), Manifest.class);
    }

    @Test
    void allResultsOfADistrustedWorkerAreTakenBackAndNoOthers() throws Exception {
        accepted(1, "eve");
        accepted(2, "eve");
        accepted(3, "ada");
        distrust("eve");
        assertEquals(2, judge.backTracking().settle());
        assertEquals(AttemptStatus.RETRACTED, status(1, 1));
        assertEquals(
                "its worker was found out", ledger.attempt(1, 1).orElseThrow().detail());
        assertEquals(AttemptStatus.RETRACTED, status(2, 1));
        assertEquals(AttemptStatus.ACCEPTED, status(3, 1));
        assertEquals(Set.of(), objects("accepted/", 1));
        assertEquals(Set.of(1), objects("retracted/", 1));
        assertEquals(Set.of(1), objects("accepted/", 3));
        assertEquals(List.of(), ledger.reputation().suspects(), "which is done once");
        assertEquals(List.of(), ledger.reputation().leaving(10));
        assertEquals(0, judge.backTracking().settle());
        assertSound();
    }

    /** Scoring jobs have been made of its batches, so these stay, and what comes after them is taken back all the same. */
    @Test
    void imagesThatADistrustedWorkerPreparedStayAndItsOtherResultsDoNot() throws Exception {
        long fetch = JOBS + 1L;
        await(ledger.addCampaign(
                new CampaignSpec("f", "https://x/", 1, ShardFiles.BUNDLE, Policy.laion400m(), Stage.FETCH, null),
                List.of("f0"),
                "op"));
        Manifest fetched = ShardFiles.manifest(new ShardObject("b", 1, "a".repeat(64), 2));
        grant(fetch, "eve", false);
        submit(fetch, 1, "eve", fetched);
        await(ledger.accept(fetch, 1, fetched, Profile.none()));
        accepted(1, "eve");
        distrust("eve");
        assertEquals(1, judge.backTracking().settle());
        assertEquals(AttemptStatus.ACCEPTED, status(fetch, 1));
        assertEquals(AttemptStatus.RETRACTED, status(1, 1));
        assertEquals(List.of(), ledger.reputation().suspects());
    }

    @Test
    void whatAnotherWorkerConfirmedStays() throws Exception {
        compare(rule(1, 0));
        judged(1, handIn(1, "eve", pairs(10)));
        judged(1, handIn(1, "ada", pairs(10)));
        distrust("eve");
        assertEquals(0, judge.backTracking().settle());
        assertEquals("done", state(1));
    }

    @Test
    void ofAWorkerThatWasOnceWrongOnlyWhatWasNeverCheckedIsTakenBack() throws Exception {
        compare(rule(0, 0));
        prove("eve");
        accepted(1, "eve");
        clock.advance(Duration.ofHours(1));
        sql("UPDATE worker SET confirmed_at = " + clock.millis() + " WHERE id = 'eve'");
        accepted(2, "eve");
        sql("UPDATE worker SET suspect = confirmed_at WHERE id = 'eve'");
        assertEquals(1, judge.backTracking().settle());
        assertEquals(AttemptStatus.ACCEPTED, status(1, 1), "before its last confirmed result it was right");
        assertEquals(AttemptStatus.RETRACTED, status(2, 1));
        assertEquals(
                "nobody checked it, and a later result of its worker was wrong",
                ledger.attempt(2, 1).orElseThrow().detail());
        assertSound();
    }

    @Test
    void objectsThatACrashLeftAmongTheAcceptedAreMovedLater() throws Exception {
        accepted(1, "eve");
        await(ledger.retract(1, 1, manifest(1), Profile.none(), "wrong", "op"));
        assertEquals(Set.of(1), objects("accepted/", 1), "the tracker died just then");
        judge.backTracking().settle();
        assertEquals(Set.of(), objects("accepted/", 1));
        assertEquals(Set.of(1), objects("retracted/", 1));
        assertEquals(List.of(), ledger.reputation().leaving(10));
    }

    @Test
    void aStoreThatIsAwayIsWaitedFor() throws Exception {
        AtomicBoolean away = new AtomicBoolean();
        judge = newJudge(new Intake(new ForwardingStore(store) {
            @Override
            public LocalCopy open(String key, long maxBytes) throws IOException {
                if (away.get()) {
                    throw new IOException("away");
                }
                return super.open(key, maxBytes);
            }
        }));
        accepted(1, "eve");
        distrust("eve");
        away.set(true);
        assertEquals(0, judge.backTracking().settle());
        assertEquals(AttemptStatus.ACCEPTED, status(1, 1));
        assertEquals(1, ledger.reputation().suspects().size(), "it is not forgotten");
        away.set(false);
        assertEquals(1, judge.backTracking().settle());
        assertEquals(AttemptStatus.RETRACTED, status(1, 1));
        assertSound();
    }

    @Test
    void whatCanComesBackAndTheRestStaysAway() throws Exception {
        for (long job = 1; job <= 4; job++) {
            accepted(job, "eve");
        }
        distrust("eve");
        assertEquals(4, judge.backTracking().settle());
        assertTrue(await(ledger.reputation().pardon("eve", "op")));
        accepted(2, "ada");
        store.delete("retracted/c/" + ledger.epoch() + "/3/1/"
                + manifest(3).objects().get(0).sha256() + ".parquet");
        apply(4, new LedgerEvent.Quarantine("an operator looks at it"));
        assertEquals(
                new BackTracking.GivenBack(1, 1),
                judge.backTracking().giveBack("eve", "op"),
                "of the jobs that are open, one lacks its object");
        assertEquals(AttemptStatus.ACCEPTED, status(1, 1));
        assertEquals(Set.of(1), objects("accepted/", 1));
        assertEquals(Set.of(), objects("retracted/", 1));
        assertEquals(AttemptStatus.RETRACTED, status(2, 1));
        assertEquals(Set.of(2), objects("accepted/", 2));
        assertEquals(AttemptStatus.RETRACTED, status(3, 1));
        assertEquals(Set.of(), objects("accepted/", 4));
        assertSound();
    }

    @Test
    void objectsOfAResultThatCannotComeBackGoAwayAgain() throws Exception {
        accepted(1, "eve");
        distrust("eve");
        judge.backTracking().settle();
        // Its job is taken just when the objects have moved.
        AtomicBoolean taken = new AtomicBoolean();
        judge = newJudge(new Intake(new ForwardingStore(store) {
            @Override
            public void promote(Known object, String to) throws IOException {
                super.promote(object, to);
                if (taken.compareAndSet(false, true)) {
                    ledger.apply(1, new LedgerEvent.Quarantine("an operator looks at it"), "op")
                            .toCompletableFuture()
                            .join();
                }
            }
        }));
        assertEquals(new BackTracking.GivenBack(0, 1), judge.backTracking().giveBack("eve", "op"));
        assertEquals(Set.of(), objects("accepted/", 1));
        assertEquals(Set.of(1), objects("retracted/", 1));
        assertSound();
    }
}
