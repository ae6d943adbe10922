package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Inputs;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Release;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ShardFiles;
import dev.gleaner.tracker.lease.DeskMonitor;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.lease.Wellness;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.sites.Board;
import dev.gleaner.tracker.sites.SiteDesk;
import dev.gleaner.tracker.sites.SiteRates;
import dev.gleaner.tracker.sites.StoppedSites;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Every call of a worker is looked at: the caller, the arguments, and whether the lease is the caller's. */
class WorkerCallsTest extends JudgeHarness {
    private final ExecutorService leases = Executors.newSingleThreadExecutor();
    private WorkerCalls calls;

    @BeforeEach
    void openCalls() throws Exception {
        LeaseDesk desk = new LeaseDesk(
                ledger,
                clock,
                new LeaseDesk.Rules(() -> LeaseSettings.DEFAULT, () -> Limits.DEFAULT, new Wellness(), 10),
                leases,
                (job, attempt) -> judge.judge(job, attempt),
                DeskMonitor.NONE);
        await(desk.own(Share.ALL));
        calls = new WorkerCalls(
                ledger,
                ledger.roster(),
                () -> Enrolment.DEFAULT,
                desk,
                new SiteDesk(clock, () -> SiteRates.DEFAULT, () -> StoppedSites.NONE, Board.ofOne()),
                new Ranks(ledger.roster()),
                judge,
                store,
                () -> LeaseSettings.DEFAULT,
                job -> false);
    }

    @AfterEach
    void closeCalls() {
        leases.shutdownNow();
    }

    /** The harness enrols workers with their names for hashes of their tokens. */
    private Roster.WorkerRow row(String worker) {
        return ledger.roster().workerByToken(worker).orElseThrow();
    }

    private Acquire.Response acquire(String worker) throws Exception {
        return await(calls.acquire(row(worker), new Acquire.Request("r" + worker, 1, 0)));
    }

    private static ShardObject object(int number) {
        return new ShardObject("s" + number, 9, Tokens.hash("object " + number), 1);
    }

    private Tickets.Response tickets(String worker, long job, FencingToken token) throws Exception {
        return calls.tickets(worker, job, token, new Tickets.Request(List.of(object(1)), null));
    }

    private static void assertRefused(ProblemCode code, Executable call) {
        assertEquals(code, assertThrows(Refusal.class, call).code());
    }

    private static void assertFails(ProblemCode code, CompletionStage<?> call) {
        ExecutionException e = assertThrows(ExecutionException.class, () -> await(call));
        assertEquals(code, assertInstanceOf(Refusal.class, e.getCause()).code());
    }

    private static void assertMalformed(Executable call) {
        assertRefused(ProblemCode.MALFORMED_REQUEST, call);
    }

    @Test
    void aDistrustedWorkerGetsNoJob() throws Exception {
        assertTrue(await(ledger.reputation().convict("eve", "op")));
        Acquire.Response none = acquire("eve");
        assertEquals(List.of(), none.leases());
        assertTrue(String.valueOf(none.idle()).contains("must look at this worker's results"), none.idle());
        assertEquals(60, none.retryAfterSeconds());
        assertEquals(1, acquire("ada").leases().size());
    }

    @Test
    void aWorkerThatIsToldToPauseOrStopGetsNoJobAndOneThatUpdatedDoes() throws Exception {
        for (Heartbeat.Directive directive :
                List.of(Heartbeat.Directive.PAUSE, Heartbeat.Directive.DRAIN, Heartbeat.Directive.UPDATE)) {
            await(ledger.roster().directWorker("ada", directive, null, "op"));
            Acquire.Response none = acquire("ada");
            assertEquals(List.of(), none.leases(), directive.name());
            assertEquals(60, none.retryAfterSeconds());
        }
        Acquire.Request updated = new Acquire.Request("u", 1, 0, "agent/2", null);
        assertEquals(1, await(calls.acquire(row("ada"), updated)).leases().size());
        await(ledger.roster().directWorker("bela", Heartbeat.Directive.PAUSE, null, "op"));
        Acquire.Response paused = await(calls.acquire(row("bela"), updated));
        assertEquals(List.of(), paused.leases(), "another version does not end a pause");
    }

    @Test
    void ticketsAreForTheWorkerThatHasTheLease() throws Exception {
        Lease lease = acquire("ada").leases().get(0);
        assertEquals(1, tickets("ada", lease.job(), lease.token()).tickets().size());
        assertRefused(ProblemCode.LEASE_LOST, () -> tickets("eve", lease.job(), lease.token()));
        assertRefused(ProblemCode.LEASE_LOST, () -> tickets("ada", lease.job(), new FencingToken("f".repeat(16), 1)));
        assertRefused(ProblemCode.LEASE_LOST, () -> tickets("ada", lease.job(), token(2)));
        apply(lease.job(), new LedgerEvent.Expire(1, "late", true));
        assertEquals(1, tickets("ada", lease.job(), lease.token()).tickets().size(), "a late result may count yet");
        submit(lease.job(), 1, "ada", ShardFiles.manifest(object(1)));
        assertRefused(ProblemCode.LEASE_LOST, () -> tickets("ada", lease.job(), lease.token()));
    }

    @Test
    void aReleasedLeaseMayStillBeHandedInAndARevokedOrFailedOneNot() throws Exception {
        grant(1, "ada", false);
        apply(1, new LedgerEvent.Release("ada", token(1), "no time"));
        assertEquals(1, tickets("ada", 1, token(1)).tickets().size());
        grant(2, "ada", false);
        apply(2, new LedgerEvent.Revoke(1, "an operator's word"));
        assertRefused(ProblemCode.LEASE_LOST, () -> tickets("ada", 2, token(1)));
        grant(3, "ada", false);
        apply(3, new LedgerEvent.Fail("ada", token(1), FailureClass.BUG, "x"));
        assertRefused(ProblemCode.LEASE_LOST, () -> tickets("ada", 3, token(1)));
    }

    @Test
    void ticketsAreForOneToSixtyFourObjectsAndALeaseDeclaresNotMoreThanSomeHundreds() throws Exception {
        grant(1, "ada", false);
        assertMalformed(() -> calls.tickets("ada", 1, token(1), new Tickets.Request(List.of(), null)));
        List<ShardObject> many = new ArrayList<>();
        for (int i = 0; i < 65; i++) {
            many.add(object(i));
        }
        assertMalformed(() -> calls.tickets("ada", 1, token(1), new Tickets.Request(many, null)));
        for (int round = 0; round < 4; round++) {
            for (int again = 0; again < 2; again++) {
                List<ShardObject> some = new ArrayList<>();
                for (int i = 0; i < 64; i++) {
                    some.add(object(64 * round + i));
                }
                assertEquals(
                        64,
                        calls.tickets("ada", 1, token(1), new Tickets.Request(some, null))
                                .tickets()
                                .size());
            }
        }
        assertRefused(
                ProblemCode.LEASE_LOST,
                () -> calls.tickets("ada", 1, token(1), new Tickets.Request(List.of(object(999)), null)));
    }

    @Test
    void theInputsOfAScoringJobAreForTheWorkerThatHasItsLease() throws Exception {
        Policy policy = Policy.laion400m();
        await(ledger.addCampaign(
                new CampaignSpec("f", "https://x/", 1, ShardFiles.BUNDLE, policy, Stage.FETCH, null),
                List.of("f0"),
                "op"));
        await(ledger.addCampaign(
                new CampaignSpec("s", "https://x/", 1, ShardFiles.BUNDLE, policy, Stage.SCORE, "f"), List.of(), "op"));
        long fetch = JOBS + 1L;
        long score = JOBS + 2L;
        Manifest batches = ShardFiles.manifest(object(1));
        grant(fetch, "bela", false);
        submit(fetch, 1, "bela", batches);
        await(ledger.accept(fetch, 1, batches, Profile.none()));
        grant(score, "ada", false);
        Inputs.Response inputs = calls.inputs("ada", score, token(1));
        assertEquals(batches, inputs.manifest());
        assertTrue(inputs.objects().get(0).url().contains("/accepted/f/"), inputs.toString());
        assertRefused(ProblemCode.LEASE_LOST, () -> calls.inputs("eve", score, token(1)));
        assertRefused(ProblemCode.LEASE_LOST, () -> calls.inputs("ada", score, new FencingToken("f".repeat(16), 1)));
        apply(score, new LedgerEvent.Expire(1, "late", true));
        assertRefused(ProblemCode.LEASE_LOST, () -> calls.inputs("ada", score, token(1)));
        grant(1, "ada", false);
        assertRefused(ProblemCode.STATE_CONFLICT, () -> calls.inputs("ada", 1, token(1)));
    }

    @Test
    void whatIsHandedInIsDurableBeforeItIsJudgedAndOnlyItsWorkersOwn() throws Exception {
        grant(1, "ada", false);
        byte[] body = Json.bytes(ShardFiles.manifest(upload(1, 1, "ada", pairs(2))));
        assertFails(ProblemCode.LEASE_LOST, calls.submit("eve", 1, token(1), body));
        assertFails(ProblemCode.UNKNOWN_JOB, calls.submit("ada", 99, token(1), body));
        assertEquals(AttemptStatus.LEASED, status(1, 1));
        assertEquals(
                Submit.Outcome.ACCEPTED,
                await(calls.submit("ada", 1, token(1), body)).outcome());
        assertEquals(
                Submit.Outcome.ACCEPTED,
                await(calls.submit("ada", 1, token(1), body)).outcome(),
                "the same again has the same answer");
        assertFails(
                ProblemCode.RESULT_CONFLICT,
                calls.submit("ada", 1, token(1), Json.bytes(ShardFiles.manifest(object(7)))));
        assertSound();
    }

    @Test
    void aLeaseIsEndedByItsWorkerOnly() throws Exception {
        grant(1, "ada", false);
        grant(2, "ada", false);
        assertFails(ProblemCode.LEASE_LOST, calls.release("eve", 1, token(1), new Release.Request("no")));
        assertFails(ProblemCode.LEASE_LOST, calls.fail("eve", 2, token(1), new Fail.Request(FailureClass.BUG, "no")));
        await(calls.release("ada", 1, token(1), new Release.Request("no time")));
        await(calls.fail("ada", 2, token(1), new Fail.Request(FailureClass.BUG, "broke")));
        assertEquals(AttemptStatus.RELEASED, status(1, 1));
        assertEquals(AttemptStatus.FAILED, status(2, 1));
    }

    @Test
    void whatAWorkerAsksForMustBeWhatTheProtocolSays() {
        Roster.WorkerRow ada = row("ada");
        for (Acquire.Request request : List.of(
                new Acquire.Request("", 1, 0),
                new Acquire.Request("r".repeat(65), 1, 0),
                new Acquire.Request("r", 0, 0),
                new Acquire.Request("r", 9, 0),
                new Acquire.Request("r", 1, -1),
                new Acquire.Request("r", 1, 26),
                new Acquire.Request("r", 1, 0, "", null),
                new Acquire.Request("r", 1, 0, "a".repeat(101), null),
                new Acquire.Request("r", 1, 0, null, List.of()),
                new Acquire.Request("r", 1, 0, null, List.of(Stage.FETCH, Stage.FETCH)))) {
            assertMalformed(() -> calls.acquire(ada, request));
        }
        Heartbeat.Beat beat = new Heartbeat.Beat(1, token(1), "fetch", 1, 1, 1);
        assertMalformed(() -> calls.heartbeat(ada, new Heartbeat.Request(Collections.nCopies(65, beat))));
        List<Trouble> troubles = Collections.nCopies(Trouble.MAX + 1, new Trouble(Trouble.Kind.values()[0], 9));
        assertMalformed(() -> calls.heartbeat(ada, new Heartbeat.Request(List.of(), null, troubles)));
    }

    private CompletionStage<Register.Response> register(String nickname, String team, String agent) {
        return calls.register(
                new Register.Request(
                        nickname, team, agent, new Register.Capabilities(2, 1_000, List.of("cpu"), "linux"), null),
                null);
    }

    @Test
    void namesArePrintableAndOfAFewCharacters() throws Exception {
        for (String name : List.of("", " ", " ada", "ada ", "a".repeat(41), "a\u0007a", "a\nb")) {
            assertMalformed(() -> register(name, null, "agent/1"));
            assertMalformed(() -> register("ada", name, "agent/1"));
        }
        assertMalformed(() -> register("ada", null, ""));
        assertMalformed(() -> register("ada", null, "a".repeat(101)));
        Register.Response welcome = await(register("a".repeat(40), "t", "a".repeat(100)));
        assertEquals(welcome.worker(), calls.authenticate(welcome.token()).worker());
        assertFalse(welcome.waiting());
    }

    @Test
    void aTokenIsItsWorkersOwnAndItsHashMustBeOne() throws Exception {
        String first = await(register("fay", null, "agent/1")).token();
        Register.Response other = await(register("gil", null, "agent/1"));
        assertRefused(ProblemCode.UNAUTHORIZED, () -> calls.authenticate("no token of ours"));
        assertMalformed(() -> calls.changeToken(other.worker(), new Register.NewToken("g".repeat(64))));
        assertMalformed(() -> calls.changeToken(other.worker(), new Register.NewToken("A".repeat(64))));
        assertMalformed(() -> calls.changeToken(other.worker(), new Register.NewToken("a".repeat(63))));
        assertFails(
                ProblemCode.MALFORMED_REQUEST,
                calls.changeToken(other.worker(), new Register.NewToken(Tokens.hash(first))));
        assertEquals("fay", calls.authenticate(first).nickname());
        assertEquals("gil", calls.authenticate(other.token()).nickname());
        await(calls.changeToken(other.worker(), new Register.NewToken(Tokens.hash("new"))));
        assertEquals("gil", calls.authenticate("new").nickname());
        assertRefused(ProblemCode.UNAUTHORIZED, () -> calls.authenticate(other.token()));
    }

    @Test
    void whoIsBannedOrWaitsForApprovalIsTurnedAway() throws Exception {
        Register.Response welcome = await(register("fay", null, "agent/1"));
        assertTrue(calls.authenticateQuickly(welcome.token()).isEmpty(), "it was not looked up yet");
        calls.authenticate(welcome.token());
        assertTrue(calls.authenticateQuickly(welcome.token()).isPresent());
        await(ledger.roster().banWorker(welcome.worker(), true, "op"));
        calls.forget();
        assertRefused(ProblemCode.BANNED, () -> calls.authenticate(welcome.token()));
        assertRefused(ProblemCode.BANNED, () -> calls.authenticateQuickly(welcome.token()));
        await(ledger.roster().banWorker(welcome.worker(), false, "op"));
        sql("UPDATE worker SET waiting = 1 WHERE id = '" + welcome.worker() + "'");
        calls.forget();
        assertRefused(ProblemCode.APPROVAL_PENDING, () -> calls.authenticate(welcome.token()));
        assertRefused(ProblemCode.APPROVAL_PENDING, () -> calls.authenticateQuickly(welcome.token()));
    }

    @Test
    void aHeartbeatKeepsTheLeaseAndTellsWhatOperatorsWant() throws Exception {
        Lease lease = acquire("ada").leases().get(0);
        await(ledger.roster().directWorker("ada", Heartbeat.Directive.PAUSE, "a word", "op"));
        Heartbeat.Beat beat = new Heartbeat.Beat(lease.job(), lease.token(), "fetch", 1, 1, 1);
        Heartbeat.Response response = await(calls.heartbeat(row("ada"), new Heartbeat.Request(List.of(beat))));
        assertEquals(Heartbeat.Verdict.CONTINUE, response.leases().get(0).verdict());
        assertEquals(Heartbeat.Directive.PAUSE, response.directive());
        assertEquals("a word", response.message());
        Heartbeat.Response other = await(calls.heartbeat(row("eve"), new Heartbeat.Request(List.of(beat))));
        assertNotEquals(
                Heartbeat.Verdict.CONTINUE, other.leases().get(0).verdict(), "another's lease is not its to keep");
    }
}
