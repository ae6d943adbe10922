package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.ShardFiles;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.intake.SeenPair;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.screen.Screened;
import dev.gleaner.tracker.storage.ForwardingStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Each result comes to the verdict that the rules say, and its objects to where that verdict puts them. */
class JudgeTest extends JudgeHarness {
    private static final Submit.Response PENDING = new Submit.Response(Submit.Outcome.PENDING, null);
    private static final Submit.Response ACCEPTED = new Submit.Response(Submit.Outcome.ACCEPTED, null);

    private static Manifest with(Manifest manifest, Counts counts) {
        return new Manifest(
                manifest.bundle(),
                manifest.precision(),
                manifest.watBytes(),
                manifest.candidateDigest(),
                counts,
                manifest.objects(),
                manifest.seconds());
    }

    @Test
    void aGoodResultIsAcceptedAndTold() throws Exception {
        List<Judge.Verdict> told = new ArrayList<>();
        judge.listen(told::add);
        assertEquals(1, handIn(1, "ada", pairs(3)));
        assertEquals(ACCEPTED, judged(1, 1));
        assertEquals("done", state(1));
        assertEquals(Set.of(1), objects("accepted/", 1));
        assertEquals(Set.of(), objects("incoming/", 1));
        assertEquals(List.of("ACCEPTED GOOD", "counts 1 1"), verdicts);
        assertEquals(List.of(new Judge.Verdict(clock.instant().toString(), "c", 1, "ada", "accepted", 3, 3)), told);
        assertEquals(3, judge.samples("c").size());
        hosts.flush();
        assertEquals(3, ledger.statistics().keptFrom("img.example.org").pictures());
        assertEquals(ACCEPTED, judged(1, 1), "and the second time, too");
        assertEquals(Set.of(1), objects("accepted/", 1), "what counts stays");
        assertSound();
    }

    @Test
    void aBadResultIsRejectedWithItsReasonAndTheNextOneIsJudged() throws Exception {
        List<Judge.Verdict> told = new ArrayList<>();
        judge.listen(told::add);
        grant(1, "ada", false);
        apply(1, new LedgerEvent.Expire(1, "late", true));
        grant(1, "bela", false);
        submit(1, 1, "ada", ShardFiles.manifest(upload(1, 1, "ada", pairs(2))));
        assertEquals(AttemptStatus.HELD, status(1, 1), "late, while another is at it");
        Map<String, Object> bad = ShardFiles.pair(1);
        bad.put("similarity", 0.1f);
        submit(1, 2, "bela", ShardFiles.manifest(upload(1, 2, "bela", List.of(bad))));
        Submit.Response response = judged(1, 2);
        assertEquals(Submit.Outcome.REJECTED, response.outcome());
        assertTrue(String.valueOf(response.reason()).contains("a similarity of 0.1"), response.reason());
        assertEquals(response, judge.standing(1, 2));
        assertEquals("REJECTED CONTENTS", verdicts.get(0));
        assertEquals("rejected", told.get(0).outcome());
        assertEquals("took", over(), "the held one's turn has come");
        assertEquals(AttemptStatus.ACCEPTED, status(1, 1));
        assertEquals(Set.of(1), objects("accepted/", 1));
        assertSound();
    }

    @Test
    void aResultThatCameTooLateLeavesNothingAmongTheAccepted() throws Exception {
        handIn(1, "ada", pairs(2));
        apply(1, new LedgerEvent.Quarantine("an operator looks at it"));
        assertEquals(PENDING, judged(1, 1));
        assertEquals(Set.of(), objects("accepted/", 1));
        assertEquals(List.of("PENDING TOO_LATE"), verdicts);
        assertEquals(List.of(), judge.samples("c"), "and its pairs are not shown");
    }

    @Test
    void aSecondResultOfTheSameJobDoesNotCountBesideTheFirst() throws Exception {
        grant(1, "ada", false);
        grant(1, "bela", true);
        submit(1, 1, "ada", ShardFiles.manifest(upload(1, 1, "ada", pairs(2))));
        submit(1, 2, "bela", ShardFiles.manifest(upload(1, 2, "bela", pairs(2))));
        judged(1, 2);
        assertEquals(ACCEPTED, judged(1, 1), "its worker did its part");
        assertEquals(AttemptStatus.SUPERSEDED, status(1, 1));
        assertEquals(Set.of(2), objects("accepted/", 1));
        assertSound();
    }

    @Test
    void aStoreThatCannotBeReadLeavesTheResultToBeJudgedLater() throws Exception {
        AtomicBoolean away = new AtomicBoolean(true);
        judge = newJudge(new Intake(new ForwardingStore(store) {
            @Override
            public Optional<Long> size(String key) throws IOException {
                if (away.get()) {
                    throw new IOException("away");
                }
                return super.size(key);
            }
        }));
        handIn(1, "ada", pairs(2));
        assertEquals(PENDING, await(judge.judge(1, 1)));
        assertEquals("failed", over());
        assertEquals(AttemptStatus.SUBMITTED, status(1, 1));
        away.set(false);
        judge.sweep(Share.NONE);
        rest();
        assertEquals(AttemptStatus.SUBMITTED, status(1, 1), "another tracker's");
        judge.sweep(Share.ALL);
        assertEquals("took", over());
        assertEquals(AttemptStatus.ACCEPTED, status(1, 1));
    }

    @Test
    void aResultIsJudgedOnceAtATime() throws Exception {
        handIn(1, "ada", pairs(2));
        CountDownLatch busy = new CountDownLatch(1);
        threads.execute(() -> {
            try {
                busy.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        CompletionStage<Submit.Response> first = judge.judge(1, 1);
        CompletionStage<Submit.Response> second = judge.judge(1, 1);
        assertTrue(second.toCompletableFuture().isDone(), "its judgement is under way");
        assertFalse(first.toCompletableFuture().isDone());
        busy.countDown();
        assertEquals(PENDING, await(second));
        assertEquals(ACCEPTED, await(first));
    }

    /** Of a worker that was told of one known address. */
    @Test
    void whoLeavesOutMoreAsKnownThanItWasToldIsRejected() throws Exception {
        screened = new Screened() {
            @Override
            public boolean isLeftOut(String url, ImageHashes image) {
                return false;
            }

            @Override
            public long known(Ledger.ReadyJob job, FencingToken token) {
                return 1;
            }
        };
        for (long known : List.of(1L, 2L)) {
            grant(known, "ada", false);
            Manifest good = ShardFiles.manifest(upload(known, 1, "ada", pairs(2)));
            Counts counts =
                    new Counts(1, 0, 1, 0, 4 + known, 2 + known, 2, Map.of("no_text", 2L), Map.of("known", known), 7);
            submit(known, 1, "ada", with(good, counts));
        }
        assertEquals(ACCEPTED, judged(1, 1));
        Submit.Response response = judged(2, 1);
        assertEquals(Submit.Outcome.REJECTED, response.outcome());
        assertEquals("more links were dropped as known than the worker was told of", response.reason());
    }

    // Campaigns whose results are compared

    @Test
    void aNewcomersResultWaitsForAnothersAndTheTwoThatAgreeMakeIt() throws Exception {
        compare(rule(1, 0));
        handIn(1, "ada", pairs(10));
        assertEquals(PENDING, judged(1, 1));
        assertEquals(AttemptStatus.HELD, status(1, 1));
        assertEquals(Set.of(), objects("accepted/", 1), "nothing is moved before it counts");
        handIn(1, "bela", pairs(10));
        assertEquals(PENDING, judged(1, 2), "the second worker hears no more than the first");
        assertEquals("done", state(1));
        assertEquals(Set.of(AttemptStatus.ACCEPTED, AttemptStatus.SUPERSEDED), Set.of(status(1, 1), status(1, 2)));
        int canonical = status(1, 1) == AttemptStatus.ACCEPTED ? 1 : 2;
        assertEquals(Set.of(canonical), objects("accepted/", 1));
        assertEquals(PENDING, judge.standing(1, canonical), "the answer is the same for every result");
        assertSound();
    }

    @Test
    void aProvenWorkersResultIsBelievedUnlessTheLotFallsOnIt() throws Exception {
        compare(rule(0, 0));
        prove("ada");
        handIn(1, "ada", pairs(2));
        judged(1, 1);
        assertEquals(AttemptStatus.ACCEPTED, status(1, 1));
        assertEquals(1, ledger.reputation().unchecked("ada", 0).size());
        compare(rule(1, 0));
        handIn(2, "ada", pairs(2));
        judged(2, 1);
        assertEquals(AttemptStatus.HELD, status(2, 1));
    }

    @Test
    void anImplausibleResultIsCheckedWhateverItsWorkersRecord() throws Exception {
        compare(rule(0, 0));
        prove("ada");
        // What is usual in the campaign: half of the candidates are kept.
        grant(1, "bela", false);
        Manifest usual = with(
                ShardFiles.manifest(new ShardObject("s", 1, "a".repeat(64), 500)),
                new Counts(1, 0, 1, 0, 1_000, 1_000, 500, Map.of(), Map.of("below_threshold", 500L), 7));
        submit(1, 1, "bela", usual);
        await(ledger.accept(1, 1, usual, Profile.none()));
        for (long job : List.of(2L, 3L)) {
            long kept = job == 2 ? 40 : 4;
            grant(job, "ada", false);
            Manifest good = ShardFiles.manifest(upload(job, 1, "ada", pairs(kept)));
            submit(
                    job,
                    1,
                    "ada",
                    with(
                            good,
                            new Counts(1, 0, 1, 0, 80, 80, kept, Map.of(), Map.of("below_threshold", 80 - kept), 7)));
            judged(job, 1);
        }
        assertEquals(AttemptStatus.ACCEPTED, status(2, 1), "half is usual");
        assertEquals(AttemptStatus.HELD, status(3, 1), "one in twenty is not");
    }

    @Test
    void aHeldResultWhoseObjectWasChangedLaterIsNotHeard() throws Exception {
        compare(rule(1, 0));
        int first = handIn(1, "ada", pairs(10));
        judged(1, first);
        store.each("incoming/", object -> {
            try {
                Path file = folder.resolve("objects").resolve(object.key());
                byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length / 2] ^= 1;
                Files.write(file, bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        handIn(1, "bela", pairs(10));
        judged(1, 2);
        assertEquals(AttemptStatus.REJECTED, status(1, 1));
        assertEquals(AttemptStatus.HELD, status(1, 2), "it waits for a result that can be read");
        assertEquals("open", state(1));
    }

    @Test
    void twoResultsThatAreHeldAtTheSameMomentAreCompared() throws Exception {
        compare(rule(1, 0));
        grant(1, "ada", false);
        grant(1, "bela", true);
        submit(1, 1, "ada", ShardFiles.manifest(upload(1, 1, "ada", pairs(10))));
        submit(1, 2, "bela", ShardFiles.manifest(upload(1, 2, "bela", pairs(10))));
        // The other is held just after this one's judge has looked who waits.
        AtomicBoolean held = new AtomicBoolean();
        afterHandedIn = () -> {
            if (held.compareAndSet(false, true)) {
                ledger.apply(1, new LedgerEvent.Hold(1, "waits"), "test")
                        .toCompletableFuture()
                        .join();
            }
        };
        judged(1, 2);
        assertEquals("done", state(1));
        assertSound();
    }

    @Test
    void aResultThatHasNotBeenReadYetIsNotCompared() throws Exception {
        compare(rule(1, 0));
        grant(1, "ada", false);
        grant(1, "bela", true);
        submit(1, 1, "ada", ShardFiles.manifest(upload(1, 1, "ada", pairs(10))));
        submit(1, 2, "bela", ShardFiles.manifest(upload(1, 2, "bela", pairs(10))));
        judged(1, 2);
        assertEquals(AttemptStatus.SUBMITTED, status(1, 1));
        assertEquals(AttemptStatus.HELD, status(1, 2));
        assertEquals("open", state(1));
    }

    @Test
    void aResultOnWhichAnotherDecidedMeanwhileIsLeftAlone() throws Exception {
        compare(rule(1, 0));
        handIn(1, "ada", pairs(2));
        apply(1, new LedgerEvent.Reject(1, "an operator's word"));
        judged(1, 1);
        assertEquals(AttemptStatus.REJECTED, status(1, 1));
        assertEquals(List.of(), verdicts);
    }

    /** One was told to leave a picture out, the other, earlier, was not. */
    @Test
    void whatWorkersWereToldToLeaveOutIsNotCompared() throws Exception {
        compare(rule(1, 0));
        handIn(1, "ada", pairs(20));
        judged(1, 1);
        screened = new Screened() {
            @Override
            public boolean isLeftOut(String url, ImageHashes image) {
                return Integer.parseInt(url.replaceAll("[^0-9]", "")) > 10;
            }

            @Override
            public long known(Ledger.ReadyJob job, FencingToken token) {
                return 0;
            }
        };
        handIn(1, "bela", pairs(10));
        judged(1, 2);
        assertEquals("done", state(1));
    }

    @Test
    void resultsThatDoNotAgreeSetTheJobAsideWhenThereAreEnough() throws Exception {
        compare(rule(1, 0));
        List<String> workers = List.of("ada", "bela", "cleo");
        for (int i = 0; i < workers.size(); i++) {
            assertEquals("open", state(1));
            judged(1, handIn(1, workers.get(i), otherPairs(10, 1_000L * i)));
        }
        assertEquals("quarantined", state(1));
        assertEquals(Set.of(), objects("accepted/", 1));
        assertSound();
    }

    @Test
    void aWorkerWhoseResultWasWrongLosesWhatWasAcceptedUnchecked() throws Exception {
        compare(rule(0, 0));
        prove("eve");
        handIn(1, "eve", pairs(4));
        judged(1, 1);
        assertEquals(Set.of(1), objects("accepted/", 1));
        compare(rule(1, 0));
        prove("ada");
        prove("bela");
        judged(2, handIn(2, "eve", otherPairs(10, 7)));
        judged(2, handIn(2, "ada", pairs(10)));
        judged(2, handIn(2, "bela", pairs(10)));
        assertEquals(AttemptStatus.REJECTED, status(2, 1));
        assertEquals(AttemptStatus.RETRACTED, status(1, 1));
        assertEquals(Set.of(), objects("accepted/", 1));
        assertEquals(Set.of(1), objects("retracted/", 1));
        assertEquals("open", state(1));
        assertSound();
    }

    @Test
    void aTestGoesOnToFurtherVolunteersUntilThereAreEnoughOrItIsOverdue() throws Exception {
        compare(rule(1, 1));
        prove("ada");
        for (long job : List.of(1L, 2L)) {
            judged(job, handIn(job, "ada", pairs(10)));
            judged(job, handIn(job, "bela", pairs(10)));
            assertEquals("open", state(job), "its answer is known, and no worker is told");
        }
        judged(1, handIn(1, "cleo", pairs(10)));
        assertEquals("done", state(1), "three are enough");
        judge.sweep(Share.ALL);
        rest();
        assertEquals("open", state(2));
        clock.advance(Duration.ofHours(2));
        judge.sweep(Share.NONE);
        rest();
        assertEquals("open", state(2), "another tracker's");
        clock.advance(Duration.ofMinutes(5));
        judge.sweep(Share.ALL);
        assertEquals("took", over());
        assertEquals("done", state(2), "no further volunteer took it");
        assertSound();
    }

    @Test
    void aBadResultIsRejectedWhereResultsAreComparedToo() throws Exception {
        compare(rule(1, 0));
        Map<String, Object> bad = ShardFiles.pair(1);
        bad.put("similarity", 0.1f);
        assertEquals(
                Submit.Outcome.REJECTED,
                judged(1, handIn(1, "ada", List.of(bad))).outcome());
        assertEquals(AttemptStatus.REJECTED, status(1, 1));
    }

    @Test
    void aWorkerHearsBeforeItsResultIsCompared() throws Exception {
        compare(rule(1, 0));
        handIn(1, "ada", pairs(2));
        CountDownLatch heard = new CountDownLatch(1);
        afterHandedIn = () -> {
            try {
                assertTrue(heard.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        assertEquals(PENDING, await(judge.judge(1, 1)), "how long comparing takes says nothing");
        heard.countDown();
        assertEquals("took", over());
    }

    /** Three newcomers who invent the same, against a known answer that a proven worker confirmed. */
    @Test
    void thoseWhoAreTestedDoNotChangeTheAnswer() throws Exception {
        compare(new Replication(1, 1, 0.02, 0.7, 5, 1.0));
        prove("ada");
        judged(1, handIn(1, "ada", pairs(10)));
        judged(1, handIn(1, "bela", pairs(10)));
        for (String worker : List.of("cleo", "dora", "eve")) {
            judged(1, handIn(1, worker, otherPairs(10, 7)));
        }
        assertEquals("done", state(1));
        assertEquals(AttemptStatus.REJECTED, status(1, 3));
        assertEquals(AttemptStatus.REJECTED, status(1, 5));
    }

    @Test
    void aScoringJobsResultIsJudgedByItsFetchJobs() throws Exception {
        Policy policy = Policy.laion400m();
        await(ledger.addCampaign(
                new CampaignSpec("f", "https://x/", 1, ShardFiles.BUNDLE, policy, Stage.FETCH, null),
                List.of("f0", "f1"),
                "op"));
        await(ledger.addCampaign(
                new CampaignSpec("s", "https://x/", 1, ShardFiles.BUNDLE, policy, Stage.SCORE, "f"), List.of(), "op"));
        Counts counts = new Counts(1, 0, 1, 0, 5, 5, 2, Map.of(), Map.of("known", 3L), 7);
        for (long fetch : List.of(JOBS + 1L, JOBS + 2L)) {
            Manifest fetched = with(ShardFiles.manifest(new ShardObject("b", 1, "a".repeat(64), 2)), counts);
            grant(fetch, "ada", false);
            submit(fetch, 1, "ada", fetched);
            await(ledger.accept(fetch, 1, fetched, Profile.none()));
        }
        for (long score : List.of(JOBS + 3L, JOBS + 4L)) {
            grant(score, "bela", false);
            Manifest good = with(ShardFiles.manifest(upload(score, 1, "bela", pairs(2))), counts);
            boolean honest = score == JOBS + 3L;
            Counts other = new Counts(2, 0, 1, 0, 5, 5, 2, Map.of(), Map.of("known", 3L), 7);
            submit(score, 1, "bela", honest ? good : with(good, other));
        }
        assertEquals(ACCEPTED, judged(JOBS + 3L, 1), "what is known was looked at when the fetch job was judged");
        Submit.Response response = judged(JOBS + 4L, 1);
        assertEquals(Submit.Outcome.REJECTED, response.outcome());
        assertEquals("the counts of links are not those of the fetch job", response.reason());
    }

    @Test
    void aTrackerThatStartsFinishesTakingBack() throws Exception {
        judged(1, handIn(1, "eve", pairs(2)));
        assertTrue(await(ledger.reputation().convict("eve", "op")));
        judge.sweep(Share.NONE);
        rest();
        assertEquals(AttemptStatus.RETRACTED, status(1, 1));
        assertEquals(Set.of(1), objects("retracted/", 1));
    }

    @Test
    void samplesAreOfAcceptedResultsOnly() throws Exception {
        compare(rule(1, 0));
        judged(1, handIn(1, "ada", pairs(10)));
        assertEquals(List.of(), judge.samples("c"));
        judged(1, handIn(1, "bela", pairs(10)));
        assertEquals(
                4,
                judge.samples("c").stream().map(SeenPair::sampleId).distinct().count());
    }
}
