package dev.gleaner.worker.tracker;

import static dev.gleaner.worker.tracker.FakeTracker.beats;
import static dev.gleaner.worker.tracker.FakeTracker.json;
import static dev.gleaner.worker.tracker.FakeTracker.problem;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fixture.Images;
import dev.gleaner.worker.fixture.Leases;
import dev.gleaner.worker.fixture.RawServer;
import dev.gleaner.worker.fixture.Wat;
import dev.gleaner.worker.guest.Guest;
import dev.gleaner.worker.guest.Hours;
import dev.gleaner.worker.guest.Term;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A worker from its registration to its end, with a tracker that answers as each test says. */
@Timeout(10)
class VolunteerTest {
    private static final Guest.Wishes ANY_TIME = new Guest.Wishes(Hours.ALWAYS, true, false, 0);

    @TempDir
    Path home;

    private final HandClock clock = new HandClock();
    private final List<Spool> killed = new ArrayList<>();
    private FakeTracker tracker;
    private RawServer web;
    private Fetcher fetcher;
    private Guest guest;
    private Lease lease;

    @BeforeEach
    void start() throws Exception {
        tracker = new FakeTracker();
        web = new RawServer();
        fetcher = Volunteers.fetcher();
        guest = Guest.onThisMachine(ANY_TIME, home);
        web.on("/a.png", "HTTP/1.1 200 OK", Images.image("png", 30, 20));
        String wat = Wat.write(
                        home.resolve("a.wat.gz"),
                        "three yellow stars",
                        List.of("http://127.0.0.1:" + web.port() + "/a.png"))
                .toUri()
                .toString();
        lease = Leases.lease(Stage.FETCH, wat, Leases.policy(Map.of("minImageBytes", 10)));
    }

    @AfterEach
    void stop() throws Exception {
        for (Spool spool : killed) {
            spool.close();
        }
        fetcher.close();
        web.close();
        tracker.close();
    }

    private Volunteer volunteer(Volunteers.Choice choice) {
        return new Volunteer(
                Volunteers.settings(tracker.address(), home, choice),
                tracker.client(),
                fetcher,
                DirectPreprocessor.pureJava(),
                guest,
                new Random(1),
                clock::clock);
    }

    private Totals run() throws Exception {
        return run(Volunteers.Choice.USUAL);
    }

    private Totals run(Volunteers.Choice choice) throws Exception {
        try (Volunteer volunteer = volunteer(choice)) {
            return volunteer.run();
        }
    }

    private FakeTracker.Answer grant() {
        return json(new Acquire.Response(List.of(lease), null, 1));
    }

    /** As if a worker had been killed so often at this job. */
    private Path killedAtIt(int times) throws IOException {
        LeaseFolder folder = LeaseFolder.of(home.resolve("work"), lease);
        folder.create();
        for (int i = 0; i < times; i++) {
            killed.add(Spool.open(folder.spool(), lease, new Terms("test/1", "none"), Instant.EPOCH, System::nanoTime));
        }
        return folder.path();
    }

    /** Beats by which the tracker was asked about a job of an earlier run. */
    private long resumed() throws IOException {
        long count = 0;
        for (FakeTracker.Call call : tracker.calls("heartbeats")) {
            count += call.as(Heartbeat.Request.class).leases().stream()
                    .filter(beat -> beat.stage().equals("resume"))
                    .count();
        }
        return count;
    }

    /** The answer to a heartbeat comes while the first lease is asked for, and was heeded before that is answered. */
    private void hearWithTheFirstLease(Heartbeat.Directive directive, FakeTracker.Answer leases) {
        tracker.on("heartbeats", beats(Heartbeat.Verdict.CONTINUE, directive));
        tracker.on("leases", (exchange, call) -> {
            clock.pass(60);
            leases.give(exchange, call);
        });
    }

    /** Ends the worker in the middle of its second round: what it does then it does whatever comes. */
    private void runTwoRounds(@Nullable Runnable updateAsked) throws Exception {
        Thread runner = Thread.currentThread();
        Volunteer[] volunteer = new Volunteer[1];
        int[] rounds = {0};
        Term term = new Term(Duration.ofDays(1), () -> {
            if (Thread.currentThread() == runner && volunteer[0] != null && ++rounds[0] == 2) {
                volunteer[0].finish();
            }
            return 0;
        });
        volunteer[0] = volunteer(Volunteers.Choice.USUAL.stays(term, updateAsked));
        try (Volunteer working = volunteer[0]) {
            working.run();
        }
        assertEquals(2, rounds[0]);
    }

    @Test
    void aJobThatKillsItsWorkerIsNotBegunForEver() throws Exception {
        Path folder = killedAtIt(Spool.DEATHS);
        Totals totals = run();
        assertEquals(List.of("workers", "fail", "leases"), tracker.names());
        Fail.Request failed = tracker.calls("fail").get(0).as(Fail.Request.class);
        assertEquals(FailureClass.RESOURCE, failed.failure());
        assertTrue(failed.message().contains("3 times"), failed.message());
        assertEquals(0, resumed());
        assertEquals(List.of(), web.requests());
        assertFalse(Files.exists(folder));
        assertEquals(1, totals.failed());
    }

    @Test
    void aJobOfAnEarlierRunIsGoneOnWithWhileItsLeaseLives() throws Exception {
        Path folder = killedAtIt(Spool.DEATHS - 1);
        Totals totals = run();
        assertEquals(1, resumed());
        assertEquals(
                List.of("workers", "tickets", "batch-0.parquet", "submit", "leases"),
                tracker.names(),
                "before another is asked for");
        assertEquals(1, totals.accepted());
        assertFalse(Files.exists(folder));
    }

    @Test
    void aJobWhoseLeaseIsOverIsDroppedWithoutAWord() throws Exception {
        Path folder = killedAtIt(1);
        tracker.on("heartbeats", beats(Heartbeat.Verdict.LOST, Heartbeat.Directive.NONE));
        run();
        assertEquals(List.of("workers", "leases"), tracker.names());
        assertEquals(List.of(), web.requests());
        assertFalse(Files.exists(folder));
    }

    @Test
    void aTrackerThatRefusesThisWorkerForGoodEndsItAndItsJobIsKept() throws Exception {
        Path folder = killedAtIt(1);
        tracker.on("heartbeats", problem(ProblemCode.UNAUTHORIZED));
        assertThrows(ProblemException.class, this::run);
        assertTrue(Files.exists(folder));
        tracker.on("heartbeats", beats(Heartbeat.Verdict.LOST, Heartbeat.Directive.NONE));
        tracker.on("leases", problem(ProblemCode.BANNED));
        assertThrows(ProblemException.class, this::run);
    }

    @Test
    void aTrackerInTroubleIsNoReasonToFail() throws Exception {
        for (FakeTracker.Answer trouble : List.of(FakeTracker.cut(), problem(ProblemCode.LEDGER_UNAVAILABLE))) {
            tracker.on("leases", trouble);
            assertEquals(0, run().failed());
        }
    }

    @Test
    void aMachineRegistersOnceAndSendsItsSecretFromThenOn() throws Exception {
        run();
        run();
        assertEquals(1, tracker.calls("workers").size());
        for (FakeTracker.Call call : tracker.calls("leases")) {
            assertEquals("Bearer secret", call.headers().getFirst("Authorization"));
        }
        Acquire.Request asked = tracker.calls("leases").get(0).as(Acquire.Request.class);
        assertEquals(1, asked.max());
        assertEquals(List.of(Stage.WHOLE), asked.stages());
    }

    @Test
    void noMoreJobsAreBegunThanTheOwnerSays() throws Exception {
        tracker.on("leases", grant());
        Totals totals = run(Volunteers.Choice.USUAL.jobs(2));
        assertEquals(2, totals.accepted());
        assertEquals(2, tracker.calls("leases").size());
    }

    @Test
    void noJobIsAskedForWhileTheOwnerObjects() throws Exception {
        guest.pause();
        runTwoRounds(null);
        assertEquals(List.of("workers"), tracker.names());
    }

    @Test
    void noJobIsBegunThatWouldNotBeDoneInTime() throws Exception {
        Thread runner = Thread.currentThread();
        boolean[] begun = {false};
        // Only the loop sees that time has passed: what watches the machine would end the worker for that reason alone.
        Term term = new Term(
                Duration.ofSeconds(10),
                () -> begun[0] && Thread.currentThread() == runner
                        ? Duration.ofSeconds(10).toNanos()
                        : 0);
        begun[0] = true;
        run(Volunteers.Choice.USUAL.stays(term, null));
        assertEquals(List.of("workers"), tracker.names());
    }

    @Test
    void anOwnerWhoObjectsGetsTheMachineBackInTheMiddleOfAJob() throws Exception {
        tracker.on("leases", grant(), json(FakeTracker.nothing()));
        web.on("/a.png", out -> {
            guest.pause();
            web.hold();
        });
        Volunteer[] volunteer = new Volunteer[1];
        tracker.on("release", (exchange, call) -> {
            json(Map.of()).give(exchange, call);
            volunteer[0].finish();
        });
        volunteer[0] = volunteer(Volunteers.Choice.USUAL);
        try (Volunteer working = volunteer[0]) {
            working.run();
        }
        assertEquals(List.of("workers", "leases", "release"), tracker.names());
    }

    @Test
    void aWorkerThatIsAskedToDrainFinishesAndAsksForNoMore() throws Exception {
        hearWithTheFirstLease(Heartbeat.Directive.DRAIN, grant());
        Totals totals = run(Volunteers.Choice.USUAL.stays(new Term(null, System::nanoTime), null));
        assertEquals(1, totals.accepted());
        assertEquals(1, tracker.calls("leases").size());
    }

    @Test
    void aWorkerThatIsAskedToUpdateDrainsUnlessItCanUpdateItself() throws Exception {
        hearWithTheFirstLease(Heartbeat.Directive.UPDATE, json(FakeTracker.nothing()));
        run(Volunteers.Choice.USUAL.stays(new Term(null, System::nanoTime), null));
        assertEquals(1, tracker.calls("leases").size());
        List<String> updates = new ArrayList<>();
        runTwoRounds(() -> updates.add("update"));
        assertEquals(3, tracker.calls("leases").size(), "it goes on until the newer version is there");
        assertFalse(updates.isEmpty());
    }

    @Test
    void aPausedWorkerAsksForNoJob() throws Exception {
        hearWithTheFirstLease(Heartbeat.Directive.PAUSE, json(FakeTracker.nothing()));
        runTwoRounds(null);
        assertEquals(1, tracker.calls("leases").size());
    }
}
