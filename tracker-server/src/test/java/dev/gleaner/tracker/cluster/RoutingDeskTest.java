package dev.gleaner.tracker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.lease.Caller;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.DeskMonitor;
import dev.gleaner.tracker.lease.Ending;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.lease.LeaseQuery;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.lease.Wellness;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two trackers with one ledger; the jobs are the one's or the other's, and what goes between them may get lost or be changed. */
class RoutingDeskTest {
    private static final int JOBS = 8;
    private static final LeaseQuery ALL = new LeaseQuery(null, null, null, 0, 0, 0, LeaseQuery.Order.OLDEST, 10);

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Map<String, Function<byte[], CompletionStage<byte[]>>> serving = new HashMap<>();
    private final Map<Integer, String> owners = new HashMap<>();
    private final Map<String, LeaseDesk> desks = new LinkedHashMap<>();
    private final Map<String, RoutingDesk> routing = new LinkedHashMap<>();
    private final List<String> told = new ArrayList<>();
    private SqlLedger ledger;
    private Limits limits = Limits.DEFAULT;
    private int asked;
    private boolean silent;
    private UnaryOperator<String> changed = text -> text;

    private final class Wire implements Peers {
        private final String self;

        Wire(String self) {
            this.self = self;
        }

        @Override
        public String self() {
            return self;
        }

        @Override
        public List<String> others() {
            return List.of(self.equals("t1") ? "t2" : "t1");
        }

        @Override
        public Map<Integer, String> owners() {
            return owners;
        }

        @Override
        public CompletionStage<byte[]> ask(String tracker, byte[] message) {
            asked++;
            if (silent) {
                return CompletableFuture.failedFuture(new IllegalStateException("no answer in time"));
            }
            return serving.get(tracker)
                    .apply(message)
                    .thenApply(answer -> changed.apply(new String(answer, StandardCharsets.UTF_8))
                            .getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void tell(String tracker, byte[] message) {
            told.add(tracker);
            CompletionStage<byte[]> unused = serving.get(tracker).apply(message);
        }

        @Override
        public void serve(Function<byte[], CompletionStage<byte[]>> answer) {
            serving.put(self, answer);
        }
    }

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        List<String> paths = IntStream.range(0, JOBS).mapToObj(i -> "p" + i).toList();
        await(ledger.addCampaign(
                new CampaignSpec("c", "https://x/", 1, "b".repeat(64), Policy.laion400m()), paths, "op"));
        for (String worker : List.of("ada", "bela")) {
            await(Newcomers.enrol(ledger.roster(), worker, worker));
        }
        for (String name : List.of("t1", "t2")) {
            LeaseDesk desk = new LeaseDesk(
                    ledger,
                    clock,
                    new LeaseDesk.Rules(() -> LeaseSettings.DEFAULT, () -> limits, new Wellness(), 10),
                    thread,
                    (job, attempt) -> {},
                    DeskMonitor.NONE);
            desks.put(name, desk);
            routing.put(name, new RoutingDesk(new Wire(name), desk, clock, new Random(1)));
        }
        // Every second job is the second tracker's.
        for (long job = 1; job <= JOBS; job++) {
            owners.put(Share.partition(job), job % 2 == 0 ? "t2" : "t1");
        }
        for (String name : desks.keySet()) {
            Set<Integer> mine = new HashSet<>();
            owners.forEach((partition, owner) -> {
                if (owner.equals(name)) {
                    mine.add(partition);
                }
            });
            await(desks.get(name).own(new Share(mine)));
        }
    }

    @AfterEach
    void close() {
        thread.shutdownNow();
        ledger.close();
    }

    private static <T> T await(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private List<Desk.Granted> acquire(String tracker, String request, int max) throws Exception {
        return await(routing.get(tracker).acquire(Caller.unknown("ada"), request, max, Duration.ZERO))
                .granted();
    }

    private static Heartbeat.Beat beat(long job, FencingToken token) {
        return new Heartbeat.Beat(job, token, "fetch", 1, 1, 1);
    }

    private List<Heartbeat.Verdict> verdicts(String worker, List<Heartbeat.Beat> beats) throws Exception {
        List<Heartbeat.Answer> answers = await(routing.get("t1").heartbeat(worker, beats));
        assertEquals(
                beats.stream().map(Heartbeat.Beat::job).toList(),
                answers.stream().map(Heartbeat.Answer::job).toList(),
                "in the order of the beats");
        return answers.stream().map(Heartbeat.Answer::verdict).toList();
    }

    /** A lease of the other tracker and one of this one's, then two that were never granted. */
    private List<Heartbeat.Beat> beats() throws Exception {
        Desk.Granted theirs = acquire("t2", "r2", 1).get(0);
        Desk.Granted ours = acquire("t1", "r1", 1).get(0);
        assertEquals(0, theirs.job().job() % 2);
        assertEquals(1, ours.job().job() % 2);
        FencingToken stale = new FencingToken("f".repeat(16), 1);
        return List.of(
                beat(theirs.job().job(), theirs.token()),
                beat(ours.job().job(), ours.token()),
                beat(theirs.job().job(), stale),
                beat(ours.job().job(), stale));
    }

    @Test
    void aBeatIsAnsweredByTheOwnerOfTheJob() throws Exception {
        List<Heartbeat.Verdict> expected = List.of(
                Heartbeat.Verdict.CONTINUE, Heartbeat.Verdict.CONTINUE, Heartbeat.Verdict.LOST, Heartbeat.Verdict.LOST);
        List<Heartbeat.Beat> beats = beats();
        assertEquals(expected, verdicts("ada", beats));
        assertFalse(verdicts("bela", beats).contains(Heartbeat.Verdict.CONTINUE), "they are another worker's");
    }

    @Test
    void aLeaseIsNotLostBecauseItsOwnerIsSilent() throws Exception {
        List<Heartbeat.Beat> beats = beats();
        silent = true;
        assertEquals(
                List.of(
                        Heartbeat.Verdict.CONTINUE,
                        Heartbeat.Verdict.CONTINUE,
                        Heartbeat.Verdict.CONTINUE,
                        Heartbeat.Verdict.LOST),
                verdicts("ada", beats),
                "what is this tracker's own it knows");
    }

    @Test
    void aLeaseIsNotLostBecauseItsOwnerLeftItOut() throws Exception {
        List<Heartbeat.Beat> beats = beats();
        changed = answer -> "[]";
        assertEquals(Heartbeat.Verdict.CONTINUE, verdicts("ada", beats).get(2));
        changed = answer -> "no JSON";
        assertEquals(Heartbeat.Verdict.CONTINUE, verdicts("ada", beats).get(2));
    }

    @Test
    void aTrackerThatSaysMoreThanThisOneKnowsIsUnderstood() throws Exception {
        List<Heartbeat.Beat> beats = beats();
        changed = answer -> answer.replace("{\"job\"", "{\"mood\":\"good\",\"job\"");
        assertEquals(Heartbeat.Verdict.LOST, verdicts("ada", beats).get(2));
    }

    @Test
    void aWorkerGetsAnotherTrackersJobsWhenThisOneHasNone() throws Exception {
        assertEquals(4, acquire("t1", "r1", 8).size());
        List<Desk.Granted> theirs = acquire("t1", "r2", 2);
        assertEquals(2, theirs.size());
        assertTrue(theirs.stream().allMatch(granted -> granted.job().job() % 2 == 0));
        silent = true;
        assertEquals(List.of(), acquire("t1", "r3", 8), "a tracker that does not answer is left out");
        silent = false;
        assertEquals(2, acquire("t1", "r4", 8).size());
        assertEquals(List.of(), acquire("t1", "r5", 8));
    }

    @Test
    void aWorkerThatThisTrackerObjectsToIsNotSentToTheOthers() throws Exception {
        limits = new Limits(1, 0, 0, 0);
        assertEquals(1, acquire("t1", "r1", 1).size());
        Desk.Offer offer = await(routing.get("t1").acquire(Caller.unknown("ada"), "r2", 1, Duration.ZERO));
        assertEquals(List.of(), offer.granted());
        assertNotNull(offer.objection());
        assertEquals(0, asked);
    }

    @Test
    void whatEndsIsToldToTheOwnerOfTheJob() throws Exception {
        List<Heartbeat.Beat> beats = beats();
        assertEquals(2, await(routing.get("t1").leases(ALL)).live());
        routing.get("t1").submitted(beats.get(0).job(), beats.get(0).token());
        routing.get("t1").ended(beats.get(1).job(), beats.get(1).token(), Ending.RELEASED);
        assertEquals(List.of("t2"), told);
        assertEquals(0, await(desks.get("t2").liveCount()));
        assertEquals(0, await(desks.get("t1").liveCount()));
        routing.get("t1").wake();
        assertEquals(List.of("t2", "t2"), told);
    }

    @Test
    void leasesAreThoseOfAllTrackersThatAnswer() throws Exception {
        beats();
        Desk.Leases all = await(routing.get("t1").leases(ALL));
        assertEquals(List.of(2, 2, 0), List.of(all.matched(), all.live(), all.silent()));
        assertEquals(2, all.leases().size());
        silent = true;
        Desk.Leases some = await(routing.get("t1").leases(ALL));
        assertEquals(List.of(1, 1, 1), List.of(some.matched(), some.live(), some.silent()));
    }
}
