package dev.gleaner.worker.tracker;

import static dev.gleaner.worker.tracker.FakeTracker.beats;
import static dev.gleaner.worker.tracker.FakeTracker.json;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.worker.fetch.Courtesy;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.fixture.Leases;
import dev.gleaner.worker.job.JobProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Heartbeats in a time that the test moves. */
@Timeout(10)
class LeaseKeeperTest {
    private static final Lease LEASE =
            Leases.lease(Stage.FETCH, "https://data.commoncrawl.org/a.wat.gz", Policy.laion400m());
    private static final JobProgress PROGRESS = new JobProgress("fetch", 30, 20, 10);
    private static final Sites.Tally REFUSAL = new Sites.Tally("example.org", 1, 1, 60, false);

    private static final Trouble TROUBLE = new Trouble(Trouble.Kind.LINK, 40);

    private final HandClock clock = new HandClock();
    private final List<Heartbeat.Response> heard = new ArrayList<>();
    private final List<String> lost = new ArrayList<>();
    private FakeTracker tracker;
    private Fetcher fetcher;
    private LeaseKeeper keeper;
    /** As far from the middle as the jitter goes: 0 is a fifth less, 1 a fifth more. */
    private double jitter;

    @BeforeEach
    void start() throws Exception {
        tracker = new FakeTracker();
        fetcher = new Fetcher(
                AddressGuard.strict(), "test", Courtesy.DEFAULT, NameResolver.Settings.DEFAULT, Fetcher.Link.ALL);
        RandomGenerator random = new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new AssertionError("not asked for");
            }

            @Override
            public double nextDouble() {
                return jitter;
            }
        };
        SourceManners sources = new SourceManners(fetcher.sites(), () -> 0, nanos -> {});
        keeper = new LeaseKeeper(
                tracker.client(),
                30,
                random,
                new SwarmManners(fetcher, sources),
                () -> List.of(TROUBLE),
                heard::add,
                clock.clock());
    }

    @AfterEach
    void stop() {
        keeper.close();
        fetcher.close();
        tracker.close();
    }

    private void keep() {
        keeper.keep(LEASE, () -> PROGRESS, () -> lost.add("lost"));
    }

    private int count() {
        return tracker.calls("heartbeats").size();
    }

    private Heartbeat.Request last() throws Exception {
        List<FakeTracker.Call> calls = tracker.calls("heartbeats");
        return calls.get(calls.size() - 1).as(Heartbeat.Request.class);
    }

    private static FakeTracker.Answer every(int seconds) {
        return json(new Heartbeat.Response(List.of(), Heartbeat.Directive.NONE, null, seconds, null, null));
    }

    private void assertNextBeatAfter(double seconds) {
        int before = count();
        clock.pass(seconds - 0.01);
        assertEquals(before, count(), "not before " + seconds + " s");
        clock.pass(0.02);
        assertEquals(before + 1, count(), "after " + seconds + " s");
    }

    @Test
    void theFirstBeatIsAtOnceAndSaysHowFarEachLeaseIs() throws Exception {
        keep();
        clock.pass(0);
        assertEquals(List.of(new Heartbeat.Beat(7, Leases.TOKEN, "fetch", 30, 20, 10)), last().leases());
        assertEquals(List.of(TROUBLE), last().troubles());
        assertEquals(List.of(), lost);
        assertEquals(1, heard.size());
        keeper.drop(LEASE);
        clock.pass(40);
        assertEquals(List.of(), last().leases());
    }

    @Test
    void aWorkerIsToldOnceThatItsLeaseIsOver() throws Exception {
        for (Heartbeat.Verdict verdict : List.of(Heartbeat.Verdict.LOST, Heartbeat.Verdict.STOP)) {
            lost.clear();
            keep();
            tracker.on("heartbeats", beats(verdict, Heartbeat.Directive.NONE));
            clock.pass(40);
            assertEquals(List.of("lost"), lost, verdict.name());
            clock.pass(40);
            assertEquals(List.of(), last().leases(), "it is not renewed any more");
            assertEquals(List.of("lost"), lost);
        }
    }

    @Test
    void whatIsSaidOfAnotherJobEndsNoLease() throws Exception {
        keep();
        Heartbeat.Answer other = new Heartbeat.Answer(8, Leases.TOKEN, Heartbeat.Verdict.LOST);
        tracker.on(
                "heartbeats",
                json(new Heartbeat.Response(List.of(other), Heartbeat.Directive.NONE, null, 0, null, null)));
        clock.pass(0);
        clock.pass(40);
        assertEquals(List.of(), lost);
        assertEquals(1, last().leases().size());
    }

    @Test
    void beatsAreSpreadByAFifth() {
        jitter = 1;
        clock.pass(0);
        assertNextBeatAfter(36);
        jitter = 0;
        assertNextBeatAfter(36);
        assertNextBeatAfter(24);
    }

    @Test
    void aTrackerCannotMakeAWorkerSilent() {
        jitter = 1;
        tracker.on("heartbeats", every(Integer.MAX_VALUE));
        clock.pass(0);
        assertNextBeatAfter(720);
        tracker.on("heartbeats", every(10));
        clock.pass(720);
        assertNextBeatAfter(12);
    }

    @Test
    void aTrackerThatNamesNoIntervalLeavesItAsItIs() {
        jitter = 1;
        for (int none : new int[] {0, -5}) {
            tracker.on("heartbeats", every(none));
            clock.pass(60);
            assertNextBeatAfter(36);
        }
    }

    @Test
    void aSiteThatRefusesIsReportedEarlyButNotWithEveryTick() throws Exception {
        clock.pass(0);
        fetcher.sites().add(REFUSAL);
        clock.pass(4.9);
        assertEquals(1, count());
        clock.pass(0.2);
        assertEquals(2, count());
        assertEquals(List.of(REFUSAL), last().sites().tallies());
        clock.pass(6);
        assertEquals(2, count(), "it was told");
    }

    @Test
    void whatWasNotHeardIsToldAgainAndWhatWasRefusedIsNot() throws Exception {
        for (FakeTracker.Answer unheard :
                List.of(FakeTracker.cut(), FakeTracker.problem(ProblemCode.LEDGER_UNAVAILABLE))) {
            fetcher.sites().add(REFUSAL);
            tracker.on("heartbeats", unheard, beats(Heartbeat.Verdict.CONTINUE, Heartbeat.Directive.NONE));
            clock.pass(40);
            clock.pass(40);
            assertEquals(List.of(REFUSAL), last().sites().tallies());
        }
        fetcher.sites().add(REFUSAL);
        tracker.on(
                "heartbeats",
                FakeTracker.problem(ProblemCode.MALFORMED_REQUEST),
                beats(Heartbeat.Verdict.CONTINUE, Heartbeat.Directive.NONE));
        clock.pass(40);
        clock.pass(40);
        assertEquals(List.of(), last().sites().tallies(), "the same report would be refused for ever");
    }

    @Test
    void noFailureEndsTheHeartbeatsOrALease() throws Exception {
        keep();
        for (FakeTracker.Answer failing : List.of(
                FakeTracker.cut(),
                FakeTracker.status(500),
                FakeTracker.problem(ProblemCode.UNAUTHORIZED),
                FakeTracker.bytes("{\"leases\":null,\"directive\":\"NONE\"}".getBytes("UTF-8")))) {
            tracker.on("heartbeats", failing);
            int before = count();
            clock.pass(40);
            assertEquals(before + 1, count());
        }
        tracker.on("heartbeats", beats(Heartbeat.Verdict.CONTINUE, Heartbeat.Directive.NONE));
        clock.pass(40);
        assertEquals(1, last().leases().size());
        assertEquals(List.of(), lost);
        keeper.keep(
                LEASE,
                () -> {
                    throw new IllegalStateException("a bug elsewhere");
                },
                () -> lost.add("lost"));
        clock.pass(40);
        keep();
        int before = count();
        clock.pass(40);
        assertEquals(before + 1, count());
    }

    @Test
    void stoppedSitesAreHeededAndTheirListIsNamedWithTheNextBeat() throws Exception {
        Sites.Orders orders = new Sites.Orders(5, List.of(), new Sites.Stops(3, List.of("example.org")));
        tracker.on(
                "heartbeats", json(new Heartbeat.Response(List.of(), Heartbeat.Directive.NONE, null, 0, orders, null)));
        clock.pass(0);
        clock.pass(40);
        assertEquals(5, last().sites().since());
        assertEquals(3, last().sites().stops());
    }

    @Test
    void aDirectiveIsHandedOn() {
        tracker.on("heartbeats", beats(Heartbeat.Verdict.CONTINUE, Heartbeat.Directive.DRAIN));
        clock.pass(0);
        assertEquals(Heartbeat.Directive.DRAIN, heard.get(0).directive());
    }
}
