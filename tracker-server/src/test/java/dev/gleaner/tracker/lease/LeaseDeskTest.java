package dev.gleaner.tracker.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import java.nio.file.Path;
import java.time.Duration;
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

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private LeaseSettings settings = SETTINGS;
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
            await(ledger.addWorker(
                    worker,
                    worker,
                    new Register.Request(worker, null, "a", new Register.Capabilities(1, 1, List.of(), "x"))));
        }
        desk = newDesk();
    }

    private LeaseDesk newDesk() throws Exception {
        LeaseDesk fresh = new LeaseDesk(ledger, clock, () -> settings, thread, (job, attempt) -> {}, DeskMonitor.NONE);
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
        return await(desk.acquire(worker, request, max, Duration.ZERO));
    }

    private Heartbeat.Verdict beat(String worker, Desk.Granted lease, long finished) throws Exception {
        Heartbeat.Beat beat = new Heartbeat.Beat(lease.job().job(), lease.token(), "fetch", 10, finished, 0);
        return await(desk.heartbeat(worker, List.of(beat))).get(0).verdict();
    }

    private void pass(Duration time) throws Exception {
        clock.advance(time);
        await(desk.tick());
        // An expiry writes to the ledger and comes back to the desk's thread.
        for (int i = 0; i < 3; i++) {
            await(ledger.pauseCampaign("none", true, "op"));
            await(desk.liveCount());
        }
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
    void anExpiredJobGoesToAnotherWorkerFirst() throws Exception {
        acquire("ada", "r1", 2);
        Desk.Granted third = acquire("bela", "r2", 1).get(0);
        pass(Duration.ofSeconds(181));
        assertEquals(List.of(), ledger.attempts(AttemptStatus.LEASED));
        assertFalse(acquire("bela", "r3", 1).get(0).job().job() == third.job().job());
    }

    @Test
    void aLongPollIsAnsweredWhenAJobTurnsUp() throws Exception {
        List<Desk.Granted> all = acquire("ada", "r1", 3);
        CompletableFuture<List<Desk.Granted>> waiting =
                desk.acquire("bela", "r2", 1, Duration.ofSeconds(25)).toCompletableFuture();
        await(desk.tick());
        assertFalse(waiting.isDone());
        Desk.Granted back = all.get(1);
        await(ledger.apply(back.job().job(), new LedgerEvent.Release("ada", back.token(), "bye"), "ada"));
        desk.ended(back.job().job(), back.token(), "ada");
        await(desk.tick());
        assertEquals(
                back.job().job(), waiting.get(10, TimeUnit.SECONDS).get(0).job().job());
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
        desk.ended(old.job().job(), old.token(), "ada");
        assertEquals(Heartbeat.Verdict.CONTINUE, beat("bela", newer, 1));
        desk.submitted(newer.job().job(), newer.token());
        assertEquals(Heartbeat.Verdict.LOST, beat("bela", newer, 2));
    }

    @Test
    void aLeaseThatNobodyWatchesIsFoundByTheSweepAndRunsOut() throws Exception {
        Desk.Granted lease = acquire("ada", "r1", 1).get(0);
        desk.ended(lease.job().job(), lease.token(), "ada"); // the event came, the ledger's change did not
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
        CompletableFuture<List<Desk.Granted>> waiting =
                desk.acquire("bela", "r2", 1, Duration.ofSeconds(25)).toCompletableFuture();
        await(desk.tick());
        pass(Duration.ofSeconds(26));
        assertEquals(List.of(), waiting.get(10, TimeUnit.SECONDS));
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

    @Test
    void aWorkerThatClaimsAndNeverReturnsDoesNotGetTheWholeCampaign() throws Exception {
        List<String> paths = IntStream.range(0, 200).mapToObj(i -> "q" + i).toList();
        await(ledger.addCampaign(
                new CampaignSpec("big", "https://x/", 1, "b".repeat(64), Policy.laion400m()), paths, "op"));
        desk.wake();
        int got = 0;
        for (int call = 0; call < 30; call++) {
            got += acquire("ada", "claim" + call, 8).size();
        }
        assertEquals(Quota.START, got);
        assertEquals(8, acquire("bela", "b", 8).size(), "the others get theirs");
        pass(Duration.ofSeconds(181));
        int after = 0;
        for (int call = 0; call < 30; call++) {
            after += acquire("ada", "again" + call, 8).size();
        }
        assertEquals(1, after, "every lease that ran out cost one");
    }
}
