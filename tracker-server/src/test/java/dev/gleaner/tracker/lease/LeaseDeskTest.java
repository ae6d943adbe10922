package dev.gleaner.tracker.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.operator.LeaseView;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.sql.LedgerCheck;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.service.Json;
import dev.gleaner.tracker.service.Tokens;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Time is a clock that the test moves; the ledger is a real one. */
class LeaseDeskTest {
    private static final LeaseSettings SETTINGS =
            new LeaseSettings(Duration.ofSeconds(180), Duration.ofHours(6), Duration.ofSeconds(30));

    private static final Manifest MANIFEST =
            new Manifest("b".repeat(64), "fp32", 10, "0".repeat(32), Counts.none(), List.of(), 1);

    private static final String MANIFEST_JSON = new String(Json.bytes(MANIFEST), StandardCharsets.UTF_8);

    private static final Duration TICK = Duration.ofSeconds(4);

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private final Wellness wellness = new Wellness();
    private LeaseSettings settings = SETTINGS;
    private Limits limits = Limits.DEFAULT;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private SqlLedger ledger;
    private LeaseDesk desk;

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        List<String> paths = IntStream.range(0, 3).mapToObj(i -> "p" + i).toList();
        await(ledger.addCampaign(
                new CampaignSpec("c", "https://x/", 1, "b".repeat(64), Policy.laion400m()), paths, "op"));
        for (String worker : List.of("ada", "bela")) {
            await(Newcomers.enrol(ledger.roster(), worker, worker));
        }
        desk = newDesk();
    }

    private LeaseDesk newDesk() throws Exception {
        LeaseDesk fresh = new LeaseDesk(
                ledger,
                clock,
                new LeaseDesk.Rules(() -> settings, () -> limits, wellness, 10),
                thread,
                (job, attempt) -> {},
                DeskMonitor.NONE);
        await(fresh.own(Share.ALL));
        return fresh;
    }

    @AfterEach
    void close() {
        thread.shutdown();
        ledger.close();
    }

    private static <T> T await(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private List<Desk.Granted> acquire(String worker, String request, int max) throws Exception {
        return await(desk.acquire(Caller.unknown(worker), request, max, Duration.ZERO))
                .granted();
    }

    private Heartbeat.Verdict beat(String worker, Desk.Granted lease, long finished) throws Exception {
        Heartbeat.Beat beat = new Heartbeat.Beat(lease.job().job(), lease.token(), "fetch", 10, finished, 0);
        return await(desk.heartbeat(worker, List.of(beat))).get(0).verdict();
    }

    private void pass(Duration time) throws Exception {
        Duration left = time;
        while (left.compareTo(TICK) > 0) {
            clock.advance(TICK);
            await(desk.tick());
            left = left.minus(TICK);
        }
        clock.advance(left);
        await(desk.tick());
        // An expiry writes to the ledger and comes back to the desk's thread.
        for (int i = 0; i < 3; i++) {
            await(ledger.pauseCampaign("none", true, "op"));
            await(desk.liveCount());
        }
    }

    /** The worker's tracker has not heard yet who owns the job now. */
    @Test
    void aBeatForAJobOfAnotherTrackerIsNotCalledLost() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        FencingToken stale = new FencingToken("f".repeat(16), 1);
        Heartbeat.Beat beat = new Heartbeat.Beat(lease.job().job(), stale, "fetch", 10, 0, 0);
        assertEquals(
                Heartbeat.Verdict.LOST,
                await(desk.heartbeat("ada", List.of(beat))).get(0).verdict());
        assertEquals(Heartbeat.Verdict.LOST, beat("bela", lease, 0), "a lease is its worker's own");
        await(desk.own(Share.NONE));
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("ada", lease, 0));
        assertEquals(0, await(desk.liveCount()), "and it is not watched here");
    }

    @Test
    void everyJobIsHandedOutOnce() throws Exception {
        Set<Long> jobs = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            jobs.add(acquire("ada", "r" + i, 1).get(0).job().job());
        }
        assertEquals(3, jobs.size());
        assertEquals(List.of(), acquire("bela", "r", 1));
    }

    @Test
    void aRetryOfTheSameCallGivesTheSameLeases() throws Exception {
        List<Desk.Granted> first = acquire("ada", "r1", 2);
        assertEquals(2, first.size());
        assertEquals(Set.copyOf(first), Set.copyOf(acquire("ada", "r1", 2)));
        desk = newDesk();
        assertEquals(Set.copyOf(first), Set.copyOf(acquire("ada", "r1", 2)));
        assertEquals(1, acquire("ada", "r2", 2).size());
    }

    @Test
    void aLeaseLivesAsLongAsItBeats() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        for (int i = 0; i < 20; i++) {
            pass(Duration.ofSeconds(170));
            assertEquals(Heartbeat.Verdict.CONTINUE, beat("ada", lease, i));
        }
        pass(Duration.ofSeconds(179));
        assertEquals(1, await(desk.liveCount()));
        pass(Duration.ofSeconds(2));
        assertEquals(0, await(desk.liveCount()));
        assertEquals(Heartbeat.Verdict.LOST, beat("ada", lease, 99));
        assertEquals(
                "expired",
                ledger.view(lease.job().job()).orElseThrow().attempts().get(0).state());
    }

    @Test
    void aLeaseThatWasGivenMoreTimeLivesThroughSilenceAndItsCapUntilThen() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        pass(Duration.ofSeconds(100));
        desk.extend(lease.job().job(), lease.token(), Duration.ofHours(10));
        desk.extend(lease.job().job(), new FencingToken(lease.token().epoch(), 9), Duration.ofHours(90));
        for (int minutes = 0; minutes < 599; minutes++) {
            pass(Duration.ofMinutes(1));
        }
        assertEquals(1, await(desk.liveCount()));
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("ada", lease, 1), "a worker that comes back goes on");
        pass(Duration.ofMinutes(2));
        assertEquals(0, await(desk.liveCount()));
    }

    @Test
    void aLeaseThatOnlyBeatsWithoutProgressEnds() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        for (int i = 0; i < 5; i++) {
            pass(Duration.ofSeconds(150));
            beat("ada", lease, 1);
        }
        assertEquals(Heartbeat.Verdict.LOST, beat("ada", lease, 1));
        assertEquals(
                "no progress",
                ledger.view(lease.job().job()).orElseThrow().attempts().get(0).detail());
    }

    @Test
    void theHardCapEndsEvenABusyLease() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        for (int i = 0; i < 130; i++) {
            beat("ada", lease, i);
            pass(Duration.ofSeconds(170));
        }
        assertEquals(
                "hard cap",
                ledger.view(lease.job().job()).orElseThrow().attempts().get(0).detail());
    }

    @Test
    void aStrangersHeartbeatRenewsNothing() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        assertEquals(Heartbeat.Verdict.LOST, beat("bela", lease, 1));
    }

    @Test
    void afterARestartLeasesGetAFreshGraceAndNobodyPays() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        clock.advance(Duration.ofHours(1));
        desk = newDesk();
        pass(Duration.ofSeconds(300));
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("ada", lease, 1));
        desk = newDesk();
        pass(Duration.ofSeconds(361));
        assertEquals(0, ledger.view(lease.job().job()).orElseThrow().points());
        assertTrue(ledger.view(lease.job().job())
                .orElseThrow()
                .attempts()
                .get(0)
                .detail()
                .startsWith("amnesty"));
    }

    @Test
    void aTrackerThatWasAwayForTwentyMinutesTakesAllResultsAndPunishesNobody() throws Exception {
        bigCampaign(197);
        List<Desk.Granted> leases = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            await(Newcomers.enrol(ledger.roster(), "v" + i, "v" + i));
            leases.add(acquire("v" + i, "r", 1).get(0));
        }
        clock.advance(Duration.ofMinutes(20));
        desk = newDesk();
        pass(Duration.ofSeconds(200));
        for (int i = 0; i < 200; i++) {
            submit(leases.get(i), "v" + i);
        }
        for (int i = 0; i < 200; i++) {
            assertEquals(0, ledger.view(leases.get(i).job().job()).orElseThrow().points());
            assertEquals(
                    20, ledger.roster().workerByToken("v" + i).orElseThrow().standing(), "doubled, not lowered");
        }
        assertEquals(
                200, ledger.campaigns().stream().mapToLong(c -> c.jobs().done()).sum());
    }

    @Test
    void aTrackerThatDidNotRunForAWhileEndsNoLeaseForIt() throws Exception {
        Desk.Granted lease = acquire("ada", "r", 1).get(0);
        pass(Duration.ofSeconds(100));
        clock.advance(Duration.ofHours(7)); // Stopped, swapped out, or its machine asleep.
        pass(Duration.ofSeconds(70));
        assertEquals(1, await(desk.liveCount()));
        pass(Duration.ofSeconds(16));
        assertEquals(0, await(desk.liveCount()), "the time that was watched counts as ever");
        assertEquals(AttemptStatus.EXPIRED, status(lease));
    }

    @Test
    void aClockThatIsSetForwardOrBackEndsNoLeaseEarlyAndKeepsNoneTooLong() throws Exception {
        for (Duration step : List.of(Duration.ofHours(1), Duration.ofHours(-1), Duration.ofDays(-3650))) {
            Desk.Granted lease = acquire("ada", "r" + step, 1).get(0);
            pass(Duration.ofSeconds(100));
            clock.advance(step);
            assertEquals(Heartbeat.Verdict.CONTINUE, beat("ada", lease, 1), "step " + step);
            pass(Duration.ofSeconds(179));
            assertEquals(AttemptStatus.LEASED, status(lease), "step " + step);
            pass(Duration.ofSeconds(6));
            assertEquals(AttemptStatus.EXPIRED, status(lease), "step " + step);
        }
    }

    @Test
    void whoWaitsForAJobIsAnsweredInTimeAlsoWhenTheClockIsSetBack() throws Exception {
        acquire("ada", "all", 3);
        CompletableFuture<Desk.Offer> waiting = desk.acquire(Caller.unknown("bela"), "r", 1, Duration.ofSeconds(20))
                .toCompletableFuture();
        await(desk.liveCount());
        pass(Duration.ofSeconds(10));
        clock.advance(Duration.ofDays(-365));
        pass(Duration.ofSeconds(16));
        assertTrue(waiting.isDone());
    }

    private AttemptStatus status(Desk.Granted lease) {
        return ledger.attempt(lease.job().job(), lease.token().attempt())
                .orElseThrow()
                .status();
    }

    @Test
    void anExpiredJobGoesToAnotherWorkerFirst() throws Exception {
        acquire("ada", "r1", 2);
        Desk.Granted third = acquire("bela", "r2", 1).get(0);
        pass(Duration.ofSeconds(181));
        assertEquals(List.of(), ledger.attempts(AttemptStatus.LEASED));
        assertFalse(acquire("bela", "r3", 1).get(0).job().job() == third.job().job());
    }

    @Test
    void theLastJobIsKeptForAnotherWorkerForAWhileAndThenGoesToTheSameAgain() throws Exception {
        acquire("bela", "r1", 2);
        Desk.Granted last = acquire("ada", "r2", 1).get(0);
        fail(last, "ada", FailureClass.INPUT);
        pass(Duration.ofSeconds(20));
        assertEquals(List.of(), acquire("bela", "r3", 0));
        assertEquals(List.of(), acquire("ada", "r4", 1), "bela was there a moment ago");
        pass(Duration.ofSeconds(31));
        Desk.Granted again = acquire("ada", "r5", 1).get(0);
        assertEquals(last.job().job(), again.job().job());
        fail(again, "ada", FailureClass.INPUT);
        pass(Duration.ofSeconds(120));
        assertEquals(1, acquire("ada", "r6", 1).size(), "nobody else is there now");
    }

    @Test
    void aLongPollIsAnsweredWhenAJobTurnsUp() throws Exception {
        List<Desk.Granted> all = acquire("ada", "r1", 3);
        CompletableFuture<Desk.Offer> waiting = desk.acquire(Caller.unknown("bela"), "r2", 1, Duration.ofSeconds(25))
                .toCompletableFuture();
        await(desk.tick());
        assertFalse(waiting.isDone());
        Desk.Granted back = all.get(1);
        await(ledger.apply(back.job().job(), new LedgerEvent.Release("ada", back.token(), "bye"), "ada"));
        desk.ended(back.job().job(), back.token(), Ending.RELEASED);
        await(desk.tick());
        assertEquals(
                back.job().job(),
                waiting.get(10, TimeUnit.SECONDS).granted().get(0).job().job());
    }

    @Test
    void aLateCallOfAnOldAttemptDoesNotCostTheNewerOneItsLease() throws Exception {
        Desk.Granted old = acquire("ada", "r1", 1).get(0);
        pass(Duration.ofSeconds(181));
        Desk.Granted newer = null;
        for (int i = 0; i < 3; i++) {
            Desk.Granted lease = acquire("bela", "b" + i, 1).get(0);
            newer = lease.job().job() == old.job().job() ? lease : newer;
        }
        assertTrue(newer != null && newer.token().attempt() == 2);
        desk.submitted(old.job().job(), old.token());
        desk.ended(old.job().job(), old.token(), Ending.RELEASED);
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("bela", newer, 1));
        desk.submitted(newer.job().job(), newer.token());
        assertEquals(Heartbeat.Verdict.LOST, beat("bela", newer, 2));
    }

    @Test
    void aLeaseThatNobodyWatchesIsFoundByTheSweepAndRunsOut() throws Exception {
        Desk.Granted lease = acquire("ada", "r1", 1).get(0);
        desk.ended(lease.job().job(), lease.token(), Ending.RELEASED); // the event came, the ledger's change did not
        assertEquals(0, await(desk.liveCount()));
        await(desk.sweep());
        assertEquals(1, await(desk.liveCount()));
        pass(Duration.ofSeconds(361));
        assertEquals(
                "expired",
                ledger.view(lease.job().job()).orElseThrow().attempts().get(0).state());
        assertEquals(0, ledger.view(lease.job().job()).orElseThrow().points());
    }

    @Test
    void aLongPollEndsEmptyInTime() throws Exception {
        acquire("ada", "r1", 3);
        CompletableFuture<Desk.Offer> waiting = desk.acquire(Caller.unknown("bela"), "r2", 1, Duration.ofSeconds(25))
                .toCompletableFuture();
        await(desk.tick());
        pass(Duration.ofSeconds(26));
        assertEquals(List.of(), waiting.get(10, TimeUnit.SECONDS).granted());
    }

    @Test
    void aTtlThatIsChangedHoldsForALiveLeaseFromItsNextHeartbeat() throws Exception {
        Desk.Granted lease = acquire("ada", "r1", 1).get(0);
        settings = new LeaseSettings(Duration.ofSeconds(20), Duration.ofHours(1), Duration.ofSeconds(5));
        pass(Duration.ofSeconds(30));
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("ada", lease, 1), "the old TTL still held");
        pass(Duration.ofSeconds(19));
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("ada", lease, 2));
        pass(Duration.ofSeconds(21));
        assertEquals(Heartbeat.Verdict.LOST, beat("ada", lease, 3));
    }

    private void bigCampaign(int jobs) throws Exception {
        bigCampaignOf("big", jobs);
    }

    private void bigCampaignOf(String name, int jobs) throws Exception {
        List<String> paths = IntStream.range(0, jobs).mapToObj(i -> "q" + i).toList();
        await(ledger.addCampaign(
                new CampaignSpec(name, "https://x/", 1, "b".repeat(64), Policy.laion400m()), paths, "op"));
        desk.wake();
    }

    private List<String> campaigns(String request, int max, Stage... stages) throws Exception {
        Caller caller = new Caller("ada", "agent/1", null, null, 1_000, 0, List.of(stages), 0, List.of("ada"));
        return await(desk.acquire(caller, request, max, Duration.ZERO)).granted().stream()
                .map(lease -> lease.job().campaign())
                .toList();
    }

    @Test
    void nobodyIsAskedToCheckWhatItsOwnPartyHandedInAndTheJobStandsInNobodysWay() throws Exception {
        bigCampaign(40);
        long job = handedInAndHeld();
        List<Long> belas = taken("bela", List.of("worker bela", "team t"), 60);
        assertEquals(42, belas.size(), "all but the one that her team must not check");
        assertFalse(belas.contains(job));
        assertEquals(List.of(job), taken("cleo", List.of("worker cleo", "team u"), 2));
    }

    @Test
    void newcomersCheckNobodyWhileProvenWorkersAreThereButNotForEver() throws Exception {
        long job = handedInAndHeld();
        assertEquals(List.of(), List.copyOf(taken("dora", List.of("worker dora", "team t"), 10, 0)));
        await(desk.acquire(proven("dora", List.of("worker dora", "team t")), "d", 8, Duration.ZERO));
        desk.wake();
        assertFalse(taken("cleo", List.of("worker cleo"), 5).contains(job), "it is kept for a proven one");
        clock.advance(ReadyWindow.KEPT_FOR_PROVEN);
        assertEquals(List.of(job), taken("eve", List.of("worker eve"), 1), "which does not come");
    }

    private static Caller proven(String worker, List<String> party) {
        return new Caller(worker, "agent/1", null, null, 1_000, 0, List.of(Stage.WHOLE), 10, party);
    }

    /** By a worker of ada's, of a team. */
    private long handedInAndHeld() throws Exception {
        String worker = "ada-of-t";
        await(ledger.roster()
                .enrol(
                        new Roster.Newcomer(
                                worker,
                                "hash " + worker,
                                new Register.Request(
                                        worker,
                                        "t",
                                        "agent/1",
                                        new Register.Capabilities(2, 1000, List.of("cpu"), "linux"),
                                        null),
                                null,
                                null),
                        Enrolment.DEFAULT));
        long job = taken(worker, List.of("worker " + worker, "team t"), 1).get(0);
        await(ledger.apply(
                job,
                new LedgerEvent.Submit(
                        worker, new FencingToken(ledger.epoch(), 1), "{}", "print", MANIFEST.candidateDigest()),
                worker));
        desk.submitted(job, new FencingToken(ledger.epoch(), 1));
        await(ledger.apply(job, new LedgerEvent.Hold(1, "waits"), "tracker"));
        desk.wake();
        return job;
    }

    private List<Long> taken(String worker, List<String> party, int count) throws Exception {
        return taken(worker, party, 0, count);
    }

    private List<Long> taken(String worker, List<String> party, int proven, int count) throws Exception {
        List<Long> jobs = new ArrayList<>();
        while (jobs.size() < count) {
            Caller caller = new Caller(worker, "agent/1", null, null, 1_000, 0, List.of(Stage.WHOLE), proven, party);
            List<Desk.Granted> granted = await(
                            desk.acquire(caller, worker + jobs.size(), Math.min(8, count - jobs.size()), Duration.ZERO))
                    .granted();
            if (granted.isEmpty()) {
                break;
            }
            granted.forEach(lease -> jobs.add(lease.job().job()));
        }
        return jobs;
    }

    @Test
    void whoScoresDoesNotWaitBehindJobsToFetchAndNobodyGetsWhatItCannotDo() throws Exception {
        Policy policy = Policy.laion400m();
        String bundle = "b".repeat(64);
        List<String> paths = IntStream.range(0, 500).mapToObj(i -> "q" + i).toList();
        await(ledger.addCampaign(
                new CampaignSpec("fetch", "https://x/", 1, bundle, policy, Stage.FETCH, null), paths, "op"));
        await(ledger.addCampaign(
                new CampaignSpec("score", "https://x/", 1, bundle, policy, Stage.SCORE, "fetch"), List.of(), "op"));
        desk.wake();
        assertEquals(List.of(), campaigns("r1", 1, Stage.SCORE));
        Caller fetcher = new Caller("bela", "agent/1", null, null, 1_000, 0, List.of(Stage.FETCH), 0, List.of("bela"));
        Desk.Granted fetched =
                await(desk.acquire(fetcher, "r2", 1, Duration.ZERO)).granted().get(0);
        Manifest manifest = new Manifest(bundle, "none", 1, "0".repeat(32), Counts.none(), List.of(), 1);
        await(ledger.apply(
                fetched.job().job(),
                new LedgerEvent.Submit("bela", fetched.token(), "{}", "print", manifest.candidateDigest()),
                "bela"));
        await(ledger.accept(fetched.job().job(), fetched.token().attempt(), manifest, Profile.none()));
        pass(Duration.ofSeconds(2));
        assertEquals(List.of("score"), campaigns("r3", 1, Stage.SCORE));
        assertEquals(List.of(), campaigns("r4", 1, Stage.SCORE));
        assertEquals(List.of("c", "c", "c"), campaigns("r5", 8, Stage.SCORE, Stage.WHOLE, Stage.FETCH));
        assertEquals(List.of("fetch"), campaigns("r6", 1, Stage.SCORE, Stage.WHOLE, Stage.FETCH));
    }

    private List<Long> listed(String campaign, long silent, long stuck, LeaseQuery.Order order, int limit)
            throws Exception {
        return await(desk.leases(new LeaseQuery(campaign, null, null, 0, silent, stuck, order, limit)))
                .leases()
                .stream()
                .map(LeaseView::job)
                .toList();
    }

    @Test
    void operatorsSeeWhoIsSilentAndWhoIsStuckAlsoAfterARestart() throws Exception {
        Desk.Granted silent = acquire("ada", "r1", 1).get(0);
        pass(Duration.ofSeconds(40));
        Desk.Granted stuck = acquire("bela", "r2", 1).get(0);
        beat("bela", stuck, 3);
        pass(Duration.ofSeconds(50));
        beat("bela", stuck, 3);
        Desk.Granted well = acquire("ada", "r3", 1).get(0);
        beat("ada", well, 1);
        long first = silent.job().job();
        long second = stuck.job().job();
        long third = well.job().job();
        assertEquals(List.of(first, second, third), listed(null, 0, 0, LeaseQuery.Order.OLDEST, 10));
        assertEquals(List.of(third, second), listed(null, 0, 0, LeaseQuery.Order.NEWEST, 2));
        assertEquals(List.of(first), listed("c", 60, 0, LeaseQuery.Order.SILENT, 10));
        assertEquals(List.of(first, second), listed("c", 0, 45, LeaseQuery.Order.STUCK, 10));
        assertEquals(List.of(), listed("other", 0, 0, LeaseQuery.Order.SILENT, 10));
        LeaseView view = await(desk.leases(new LeaseQuery(null, "bela", "fetch", 0, 0, 0, LeaseQuery.Order.SILENT, 1)))
                .leases()
                .get(0);
        assertEquals(3, view.finished());
        assertEquals(50, view.ageSeconds());
        assertEquals(180, view.endsInSeconds());

        desk = newDesk();
        Desk.Leases found = await(desk.leases(new LeaseQuery("c", null, null, 0, 0, 0, LeaseQuery.Order.SILENT, 2)));
        assertEquals(3, found.matched(), "the campaign of leases found in the ledger is looked up");
        assertEquals(2, found.leases().size());
        assertEquals(3, found.live());
    }

    @Test
    void aNewWorkerThatClaimsAndNeverReturnsGetsAHandfulADay() throws Exception {
        bigCampaign(200);
        Caller young = new Caller("ada", "agent/1", null, null, 10, 0);
        int got = 0;
        Desk.Offer last = Desk.Offer.NOTHING;
        for (int call = 0; call < 30; call++) {
            last = await(desk.acquire(young, "claim" + call, 8, Duration.ZERO));
            got += last.granted().size();
            pass(Duration.ofSeconds(181));
        }
        assertEquals(20, got);
        assertTrue(
                last.objection().reason().contains("20 jobs of today"),
                last.objection().reason());
        assertEquals(8, acquire("bela", "b", 8).size(), "the others get theirs");
        assertEquals(1, ledger.roster().workerByToken("ada").orElseThrow().standing(), "each lapse cost standing");
    }

    @Test
    void whatRunsOutWhileTheStorageIsUnwellCostsNobody() throws Exception {
        Desk.Granted lease = acquire("ada", "r1", 1).get(0);
        wellness.trouble(clock.instant().plusSeconds(100));
        pass(Duration.ofSeconds(181));
        assertEquals(0, ledger.view(lease.job().job()).orElseThrow().points());
        assertEquals(10, ledger.roster().workerByToken("ada").orElseThrow().standing());
    }

    @Test
    void aJobThatFailedIsLeftToAReliableWorkerOfAnotherKindWhileThereAreOthers() throws Exception {
        Caller ada = new Caller("ada", "agent/1", null, null, 1_000, 20);
        Caller bela = new Caller("bela", "agent/2", null, null, 1_000, 0);
        Desk.Granted failed =
                await(desk.acquire(ada, "r1", 1, Duration.ZERO)).granted().get(0);
        fail(failed, "ada", FailureClass.BUG);
        pass(Duration.ofSeconds(11));
        desk.wake();
        List<Desk.Granted> young =
                await(desk.acquire(bela, "r2", 2, Duration.ZERO)).granted();
        assertTrue(
                young.stream()
                        .noneMatch(lease -> lease.job().job() == failed.job().job()),
                "bela is not reliable");
        Caller reliable = new Caller("bela", "agent/2", null, null, 1_000, 20);
        assertEquals(
                failed.job().job(),
                await(desk.acquire(reliable, "r3", 1, Duration.ZERO))
                        .granted()
                        .get(0)
                        .job()
                        .job());
    }

    private void fail(Desk.Granted lease, String worker, FailureClass failure) throws Exception {
        long job = lease.job().job();
        await(ledger.apply(job, new LedgerEvent.Fail(worker, lease.token(), failure, "x"), worker));
        desk.ended(job, lease.token(), Ending.of(failure));
    }

    @Test
    void aWorkerWhoseMachineFailsFiveTimesInARowRestsAndIsToldWhy() throws Exception {
        bigCampaign(50);
        for (int i = 0; i < Conduct.STARVED_IN_A_ROW; i++) {
            fail(acquire("ada", "r" + i, 1).get(0), "ada", FailureClass.RESOURCE);
        }
        Desk.Offer offer = await(desk.acquire(Caller.unknown("ada"), "r", 1, Duration.ofSeconds(20)));
        assertEquals(List.of(), offer.granted());
        assertTrue(
                offer.objection().reason().contains("disk, memory"),
                offer.objection().reason());
        assertEquals(1, acquire("bela", "b", 1).size());
        pass(Duration.ofMinutes(61));
        assertEquals(1, acquire("ada", "later", 1).size());
    }

    @Test
    void aJobThatNoWorkerSurvivesCostsEightAttemptsAndIsSetAsideWithTheEvidence() throws Exception {
        bigCampaign(40);
        await(ledger.pauseCampaign("c", true, "op"));
        desk.wake();
        long poison = acquire("ada", "first", 1).get(0).job().job();
        for (int round = 0; round < 60; round++) {
            pass(Duration.ofMinutes(4)); // The lease runs out, and the job's delay with it.
            desk.wake();
            for (Desk.Granted lease : acquire("w" + round, "r" + round, 4)) {
                if (lease.job().job() != poison) {
                    submit(lease, "w" + round);
                }
            }
        }
        JobView job = ledger.view(poison).orElseThrow();
        assertEquals("quarantined", job.state());
        assertTrue(job.attempts().size() <= 8, "it cost " + job.attempts().size() + " attempts");
        assertTrue(job.reason().contains("no heartbeat"), job.reason());
    }

    @Test
    void aVersionThatFailsEverywhereCostsThreeJobsAnHourAndTheOthersGoOn() throws Exception {
        bigCampaign(400);
        int spoilt = 0;
        for (int round = 0; round < 30; round++) {
            Caller bad = new Caller("b" + round % 20, "agent/2", null, null, 1_000, 0);
            for (Desk.Granted lease :
                    await(desk.acquire(bad, "b" + round, 1, Duration.ZERO)).granted()) {
                fail(lease, bad.worker(), FailureClass.BUG);
                spoilt++;
            }
            String good = "g" + round % 20;
            submit(acquire(good, "g" + round, 1).get(0), good);
            pass(Duration.ofMinutes(1));
        }
        assertEquals(3, spoilt);
    }

    /** Ten jobs of a minute each, and one whose worker does not get on. */
    private Desk.Granted straggler() throws Exception {
        bigCampaign(11);
        await(ledger.pauseCampaign("c", true, "op"));
        desk.wake();
        Desk.Granted slow = acquire("bela", "slow", 1).get(0);
        for (int i = 0; i < 10; i++) {
            Desk.Granted lease = acquire("ada", "r" + i, 1).get(0);
            pass(Duration.ofSeconds(60));
            assertEquals(Heartbeat.Verdict.CONTINUE, beat("bela", slow, i));
            submit(lease, "ada");
        }
        pass(Duration.ofSeconds(10));
        return slow;
    }

    private void submit(Desk.Granted lease, String worker) throws Exception {
        long job = lease.job().job();
        await(ledger.apply(
                job,
                new LedgerEvent.Submit(
                        worker, lease.token(), MANIFEST_JSON, Tokens.hash(MANIFEST_JSON), "0".repeat(32)),
                worker));
        desk.submitted(job, lease.token());
        await(ledger.accept(job, lease.token().attempt(), MANIFEST, Profile.none()));
    }

    @Test
    void nearTheEndASlowJobGoesToASecondReliableWorkerAndTheLoserIsToldToStop() throws Exception {
        Desk.Granted slow = straggler();
        assertEquals(List.of(), acquire("ada", "unreliable", 1));
        Caller ada = new Caller("ada", "agent/1", null, null, 1_000, 20);
        Caller bela = new Caller("bela", "agent/1", null, null, 1_000, 20);
        assertEquals(
                List.of(),
                await(desk.acquire(bela, "own", 1, Duration.ZERO)).granted(),
                "nobody doubles a job of his own");
        Desk.Granted second =
                await(desk.acquire(ada, "second", 1, Duration.ZERO)).granted().get(0);
        assertEquals(slow.job().job(), second.job().job());
        assertEquals(2, second.token().attempt());
        assertEquals(
                List.of(), await(desk.acquire(ada, "third", 1, Duration.ZERO)).granted());
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("bela", slow, 50));
        submit(second, "ada");
        await(desk.sweep());
        assertEquals(Heartbeat.Verdict.STOP, beat("bela", slow, 51));
        assertEquals(List.of(), LedgerCheck.faults(ledger));
    }

    @Test
    void aSlowJobInTheMiddleOfACampaignStaysWithItsWorker() throws Exception {
        straggler();
        bigCampaignOf("more", 600);
        Caller ada = new Caller("ada", "agent/1", null, null, 1_000, 20);
        Desk.Granted next =
                await(desk.acquire(ada, "next", 1, Duration.ZERO)).granted().get(0);
        assertEquals("more", next.job().campaign());
    }
}
