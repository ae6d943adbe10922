package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.tracker.lease.Caller;
import dev.gleaner.tracker.lease.DeskMonitor;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.lease.Wellness;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Share;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What operators decide of a worker takes hold at once, and of no other. */
class RosterCallsTest extends JudgeHarness {
    private final ExecutorService leases = Executors.newSingleThreadExecutor();
    private LeaseDesk desk;
    private RosterCalls calls;

    @BeforeEach
    void openCalls() throws Exception {
        desk = new LeaseDesk(
                ledger,
                clock,
                new LeaseDesk.Rules(() -> LeaseSettings.DEFAULT, () -> Limits.DEFAULT, new Wellness(), 10),
                leases,
                (job, attempt) -> {},
                DeskMonitor.NONE);
        await(desk.own(Share.ALL));
        calls = new RosterCalls(ledger.roster(), ledger.statistics(), ledger, desk, clock);
    }

    @AfterEach
    void closeCalls() {
        leases.shutdownNow();
    }

    private long acquire(String worker, String request) throws Exception {
        return await(desk.acquire(Caller.unknown(worker), request, 1, Duration.ZERO))
                .granted()
                .get(0)
                .job()
                .job();
    }

    private static void assertFails(ProblemCode code, CompletionStage<?> call) {
        ExecutionException e = assertThrows(ExecutionException.class, () -> await(call));
        assertEquals(code, assertInstanceOf(Refusal.class, e.getCause()).code());
    }

    @Test
    void aBannedWorkerLosesItsLeasesAndOthersKeepTheirs() throws Exception {
        long first = acquire("eve", "r1");
        long second = acquire("eve", "r2");
        long other = acquire("ada", "r3");
        assertTrue(await(calls.ban("op", "eve", true)).banned());
        // The leases end one by one on the ledger's thread, then on the desk's.
        await(ledger.note("test", "rest", "nothing", null));
        assertEquals(AttemptStatus.REVOKED, status(first, 1));
        assertEquals(AttemptStatus.REVOKED, status(second, 1));
        assertEquals(
                "the worker was banned", ledger.attempt(first, 1).orElseThrow().detail());
        assertEquals(AttemptStatus.LEASED, status(other, 1));
        assertEquals(1, await(desk.liveCount()), "the desk watches the other's only");
        assertTrue(!await(calls.ban("op", "eve", false)).banned());
    }

    @Test
    void aWorkerThatIsLetBackInKeepsWhatItHas() throws Exception {
        long job = acquire("eve", "r1");
        await(calls.ban("op", "eve", false));
        await(ledger.note("test", "rest", "nothing", null));
        assertEquals(AttemptStatus.LEASED, status(job, 1));
    }

    @Test
    void anUnknownWorkerIsSaidToBeOne() throws Exception {
        assertFails(ProblemCode.UNKNOWN_WORKER, calls.ban("op", "fay", true));
        assertFails(
                ProblemCode.UNKNOWN_WORKER,
                calls.direct("op", "fay", new RosterCalls.Direction(Heartbeat.Directive.PAUSE, null)));
        assertFails(ProblemCode.UNKNOWN_WORKER, calls.admit("op", "fay"));
        assertEquals(
                ProblemCode.UNKNOWN_WORKER,
                assertThrows(Refusal.class, () -> calls.about("fay")).code());
    }

    @Test
    void aMessageIsShortAndPrintable() throws Exception {
        for (String message : new String[] {"x".repeat(301), "a\u0007b"}) {
            assertEquals(
                    ProblemCode.MALFORMED_REQUEST,
                    assertThrows(
                                    Refusal.class,
                                    () -> calls.direct(
                                            "op", "ada", new RosterCalls.Direction(Heartbeat.Directive.PAUSE, message)))
                            .code());
        }
        String longest = "x".repeat(300);
        RosterCalls.Direction pause = new RosterCalls.Direction(Heartbeat.Directive.PAUSE, longest);
        assertEquals(longest, await(calls.direct("op", "ada", pause)).message());
        RosterCalls.Direction none = new RosterCalls.Direction(Heartbeat.Directive.NONE, " ");
        assertNull(await(calls.direct("op", "ada", none)).message(), "a blank one takes the last one back");
    }
}
