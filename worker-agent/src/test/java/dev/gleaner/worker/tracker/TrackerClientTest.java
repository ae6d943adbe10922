package dev.gleaner.worker.tracker;

import static dev.gleaner.worker.tracker.FakeTracker.bytes;
import static dev.gleaner.worker.tracker.FakeTracker.cut;
import static dev.gleaner.worker.tracker.FakeTracker.json;
import static dev.gleaner.worker.tracker.FakeTracker.problem;
import static dev.gleaner.worker.tracker.FakeTracker.status;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.Problem;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.ProtocolVersion;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Inputs;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.fixture.Leases;
import dev.gleaner.worker.wat.InputUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the worker makes of a tracker's and an object store's answers, right ones and others. */
@Timeout(10)
class TrackerClientTest {
    private static final Lease LEASE =
            Leases.lease(Stage.SCORE, "https://data.commoncrawl.org/a.wat.gz", Policy.laion400m());
    private static final byte[] BATCH = "what the tracker promised".getBytes(StandardCharsets.UTF_8);
    private static final String NAME = "shard-0.parquet";

    @TempDir
    Path folder;

    private FakeTracker tracker;
    private TrackerClient client;
    private ShardObject object;
    private Path file;

    @BeforeEach
    void start() throws IOException {
        tracker = new FakeTracker();
        client = tracker.client();
        file = Files.write(folder.resolve(NAME), BATCH);
        object = new ShardObject(NAME, BATCH.length, Bundle.sha256(BATCH), 1);
    }

    @AfterEach
    void stop() {
        tracker.close();
    }

    private static Inputs.Input input() {
        return new Inputs.Input("batch-0.parquet", "/objects/batch", BATCH.length, Bundle.sha256(BATCH));
    }

    private static Tickets.Response parts(String session, long... lengths) {
        Tickets.Part[] parts = new Tickets.Part[lengths.length];
        long offset = 0;
        for (int i = 0; i < lengths.length; i++) {
            parts[i] = new Tickets.Part("/objects/part-" + i, offset, lengths[i]);
            offset += lengths[i];
        }
        return new Tickets.Response(
                List.of(new Tickets.Ticket(NAME, "", Map.of(), 300, new Tickets.Parts(session, List.of(parts)))));
    }

    private Optional<ProblemCode> refusal(ProblemCode code) {
        tracker.on("leases", problem(code));
        return assertThrows(ProblemException.class, () -> client.acquire(new Acquire.Request("r", 1, 0)))
                .code();
    }

    @Test
    void aBatchIsFetchedAndOneThatIsThereAlreadyIsNotFetchedAgain() throws Exception {
        tracker.on("batch", bytes(BATCH));
        Path to = folder.resolve("input");
        client.download(input(), to);
        client.download(input(), to);
        assertArrayEquals(BATCH, Files.readAllBytes(to));
        assertEquals(1, tracker.calls("batch").size());
        Files.write(to, "something that an earlier".getBytes(StandardCharsets.UTF_8));
        client.download(input(), to);
        assertArrayEquals(BATCH, Files.readAllBytes(to), "what an earlier run left is looked at");
    }

    @Test
    void aBatchWithOtherBytesThanTheTrackerSaysIsNotScored() {
        byte[] other = BATCH.clone();
        other[3] ^= 1;
        for (byte[] sent : List.of(
                other, Arrays.copyOf(BATCH, BATCH.length - 1), Arrays.copyOf(BATCH, BATCH.length + 1), new byte[0])) {
            tracker.on("batch", bytes(sent));
            assertThrows(InputUnavailableException.class, () -> client.download(input(), folder.resolve("input")));
        }
        tracker.on("batch", bytes(BATCH));
        Inputs.Input longer = new Inputs.Input("batch-0.parquet", "/objects/batch", BATCH.length + 1, input().sha256());
        assertThrows(InputUnavailableException.class, () -> client.download(longer, folder.resolve("input")));
    }

    @Test
    void noMoreOfABatchIsWrittenThanTheTrackerSays() throws Exception {
        tracker.on("batch", bytes(new byte[1 << 20]));
        Path to = folder.resolve("input");
        assertThrows(InputUnavailableException.class, () -> client.download(input(), to));
        assertTrue(Files.size(to) <= BATCH.length, "the disk is the volunteer's");
    }

    @Test
    void onlyABatchThatIsGoneCountsAgainstTheBatch() {
        for (int gone : new int[] {404, 410}) {
            tracker.on("batch", status(gone));
            assertThrows(InputUnavailableException.class, () -> client.download(input(), folder.resolve("input")));
        }
        for (int refused : new int[] {403, 500, 302, 204}) {
            tracker.on("batch", status(refused));
            IOException said = assertThrows(IOException.class, () -> client.download(input(), folder.resolve("input")));
            assertFalse(said instanceof InputUnavailableException, refused + " gives " + said);
        }
    }

    @Test
    void theSecretGoesToTheTrackerAndToNoObjectStore() throws Exception {
        client.acquire(new Acquire.Request("r", 1, 0));
        assertNull(tracker.calls("leases").get(0).headers().getFirst("Authorization"));
        client.authenticate("secret");
        tracker.on("batch", bytes(BATCH));
        client.acquire(new Acquire.Request("r", 1, 0));
        client.upload(LEASE, object, file);
        client.download(input(), folder.resolve("input"));
        FakeTracker.Call call = tracker.calls("leases").get(1);
        assertEquals("Bearer secret", call.headers().getFirst("Authorization"));
        assertEquals(Integer.toString(ProtocolVersion.CURRENT), call.headers().getFirst(ProtocolVersion.HEADER));
        for (String store : List.of(NAME, "batch")) {
            assertNull(tracker.calls(store).get(0).headers().getFirst("Authorization"), store);
            assertEquals("test/1", tracker.calls(store).get(0).headers().getFirst("User-Agent"), store);
        }
    }

    @Test
    void anObjectIsUploadedWithTheTicketsHeaders() throws Exception {
        client.upload(LEASE, object, file);
        FakeTracker.Call put = tracker.calls(NAME).get(0);
        assertEquals("PUT", put.method());
        assertEquals("*", put.headers().getFirst("If-None-Match"));
        assertArrayEquals(BATCH, put.body());
        Tickets.Request asked = tracker.calls("tickets").get(0).as(Tickets.Request.class);
        assertEquals(List.of(object), asked.objects());
    }

    @Test
    void anObjectThatIsThereAlreadyIsAnUploadWhoseAnswerWasLost() throws Exception {
        tracker.on(NAME, cut(), status(412));
        client.upload(LEASE, object, file);
        assertEquals(2, tracker.calls(NAME).size());
    }

    @Test
    void theSameStatusToAnUnconditionalUploadIsARefusal() {
        tracker.on(
                "tickets",
                json(new Tickets.Response(List.of(new Tickets.Ticket(NAME, "/objects/" + NAME, Map.of(), 300)))));
        tracker.on(NAME, status(412));
        assertThrows(IOException.class, () -> client.upload(LEASE, object, file));
    }

    @Test
    void aTicketThatHasExpiredIsReplacedByANewOne() throws Exception {
        tracker.on(NAME, status(403), problem(ProblemCode.TICKET_INVALID), status(200));
        client.upload(LEASE, object, file);
        assertEquals(3, tracker.calls(NAME).size());
        assertEquals(3, tracker.calls("tickets").size());
    }

    @Test
    void anUploadIsGivenUpAfterItsTriesAndAtOnceWhenTheLeaseIsLost() {
        tracker.on(NAME, status(403));
        assertEquals(
                Optional.of(ProblemCode.TICKET_INVALID),
                assertThrows(ProblemException.class, () -> client.upload(LEASE, object, file))
                        .code());
        assertEquals(3, tracker.calls(NAME).size());
        tracker.on(NAME, cut());
        assertThrows(IOException.class, () -> client.upload(LEASE, object, file));
        assertEquals(6, tracker.calls(NAME).size());
        for (ProblemCode last : List.of(ProblemCode.LEASE_LOST, ProblemCode.FORBIDDEN)) {
            int before = tracker.calls("tickets").size();
            tracker.on("tickets", problem(last));
            assertEquals(
                    Optional.of(last),
                    assertThrows(ProblemException.class, () -> client.upload(LEASE, object, file))
                            .code());
            assertEquals(before + 1, tracker.calls("tickets").size());
        }
    }

    @Test
    void partsThatWereTakenAreNotSentAgainInTheSameSession() throws Exception {
        tracker.on("tickets", json(parts("one", 10, BATCH.length - 10)));
        tracker.on("part-1", status(500), status(403), status(200));
        client.upload(LEASE, object, file);
        assertEquals(1, tracker.calls("part-0").size());
        assertEquals(3, tracker.calls("part-1").size());
        assertArrayEquals(
                Arrays.copyOf(BATCH, 10), tracker.calls("part-0").get(0).body());
        assertArrayEquals(
                Arrays.copyOfRange(BATCH, 10, BATCH.length),
                tracker.calls("part-1").get(2).body());
    }

    @Test
    void aNewSessionTakesAllPartsAnew() throws Exception {
        tracker.on("tickets", json(parts("one", 10, BATCH.length - 10)), json(parts("two", 10, BATCH.length - 10)));
        tracker.on("part-1", status(500), status(200));
        client.upload(LEASE, object, file);
        assertEquals(2, tracker.calls("part-0").size());
    }

    @Test
    void anUploadThatGetsOnIsNotGivenUp() throws Exception {
        long[] lengths = new long[BATCH.length];
        Arrays.fill(lengths, 1);
        tracker.on("tickets", json(parts("one", lengths)));
        for (int i = 0; i < lengths.length; i++) {
            tracker.on("part-" + i, status(500), status(200));
        }
        client.upload(LEASE, object, file);
        assertEquals(2, tracker.calls("part-" + (lengths.length - 1)).size());
    }

    @Test
    void whatMayBeRetriedIsRetriedAndNothingElse() throws Exception {
        for (FakeTracker.Answer passing : List.of(
                problem(ProblemCode.LEDGER_UNAVAILABLE),
                problem(ProblemCode.APPROVAL_PENDING),
                status(502),
                status(429),
                status(408),
                bytes("<html>".getBytes(StandardCharsets.UTF_8)),
                cut())) {
            tracker.on("leases", passing, passing, json(FakeTracker.nothing()));
            assertEquals(
                    "nothing to do",
                    client.acquire(new Acquire.Request("r", 1, 0)).idle());
        }
        for (ProblemCode last :
                List.of(ProblemCode.UNAUTHORIZED, ProblemCode.BANNED, ProblemCode.LEASE_LOST, ProblemCode.NOT_FOUND)) {
            int before = tracker.calls("leases").size();
            assertEquals(Optional.of(last), refusal(last));
            assertEquals(before + 1, tracker.calls("leases").size(), last.wire());
        }
        int before = tracker.calls("leases").size();
        assertEquals(Optional.of(ProblemCode.LEDGER_UNAVAILABLE), refusal(ProblemCode.LEDGER_UNAVAILABLE));
        assertEquals(before + 3, tracker.calls("leases").size());
    }

    @Test
    void anAnswerThatIsNoTrackersEndsTheCallWithoutARetry() {
        for (int status : new int[] {400, 404, 301}) {
            tracker.on("leases", status(status));
            int before = tracker.calls("leases").size();
            ProblemException said =
                    assertThrows(ProblemException.class, () -> client.acquire(new Acquire.Request("r", 1, 0)));
            assertEquals(ProblemCode.Action.STOP, said.action());
            assertTrue(said.getMessage().contains("is it a tracker?"), said.getMessage());
            assertEquals(before + 1, tracker.calls("leases").size());
        }
    }

    @Test
    void anUnknownCodeIsTreatedByItsActionAndAnUnknownActionStopsTheWorker() {
        for (Map.Entry<String, ProblemCode.Action> action : Map.of(
                        "retry", ProblemCode.Action.RETRY,
                        "drop-lease", ProblemCode.Action.DROP_LEASE,
                        "retry-with-new-ticket", ProblemCode.Action.RETRY_WITH_NEW_TICKET,
                        "dance", ProblemCode.Action.STOP)
                .entrySet()) {
            Problem unknown = new Problem("urn:x", "new", 400, "brand-new", action.getKey(), "later versions have it");
            assertEquals(action.getValue(), new ProblemException(unknown).action());
            assertEquals(Optional.empty(), new ProblemException(unknown).code());
        }
    }

    @Test
    void aTrackerCannotMakeACallWaitLongerThanTheWorkersOwnPatience() throws Exception {
        FakeTracker.Answer inAYear = (exchange, call) -> {
            exchange.getResponseHeaders().add("Retry-After", "31536000");
            problem(ProblemCode.TOO_MANY_REQUESTS).give(exchange, call);
        };
        tracker.on("leases", inAYear, json(FakeTracker.nothing()));
        client.acquire(new Acquire.Request("r", 1, 0));
        assertEquals(2, tracker.calls("leases").size());
    }

    @Test
    void noAnswerOfMoreThanEightMebibytesIsRead() {
        byte[] long8 = new byte[(8 << 20) + 100];
        Arrays.fill(long8, (byte) ' ');
        byte[] end = "{\"leases\":[],\"idle\":null,\"retryAfterSeconds\":1}".getBytes(StandardCharsets.UTF_8);
        System.arraycopy(end, 0, long8, long8.length - end.length, end.length);
        tracker.on("leases", bytes(long8));
        assertThrows(IOException.class, () -> client.acquire(new Acquire.Request("r", 1, 0)));
    }

    @Test
    void whatALaterTrackerSaysBesidesIsIgnored() throws Exception {
        tracker.on(
                "heartbeats",
                bytes(("{\"leases\":[{\"job\":7,\"token\":\"" + Leases.TOKEN
                                + "\",\"verdict\":\"continue\",\"mood\":1}],\"directive\":\"none\",\"news\":{}}")
                        .getBytes(StandardCharsets.UTF_8)));
        assertTrue(client.isLive(LEASE));
    }

    @Test
    void aLeaseLivesOnlyIfTheTrackerSaysSoOfThisVeryJob() throws Exception {
        assertTrue(client.isLive(LEASE));
        for (Heartbeat.Verdict verdict : List.of(Heartbeat.Verdict.LOST, Heartbeat.Verdict.STOP)) {
            tracker.on("heartbeats", FakeTracker.beats(verdict, Heartbeat.Directive.NONE));
            assertFalse(client.isLive(LEASE));
        }
        Heartbeat.Answer other = new Heartbeat.Answer(8, Leases.TOKEN, Heartbeat.Verdict.CONTINUE);
        tracker.on(
                "heartbeats",
                json(new Heartbeat.Response(List.of(other), Heartbeat.Directive.NONE, null, 0, null, null)));
        assertFalse(client.isLive(LEASE));
        tracker.on(
                "heartbeats", json(new Heartbeat.Response(List.of(), Heartbeat.Directive.NONE, null, 0, null, null)));
        assertFalse(client.isLive(LEASE));
    }

    @Test
    void callsThatWouldComeTooLateAreTriedOnce() {
        tracker.on("heartbeats", status(503)).on("release", status(503)).on("worker-release", status(503));
        assertThrows(IOException.class, () -> client.isLive(LEASE));
        assertThrows(IOException.class, () -> client.release(LEASE, "why"));
        assertThrows(IOException.class, client::workerRelease);
        for (String call : List.of("heartbeats", "release", "worker-release")) {
            assertEquals(1, tracker.calls(call).size(), call);
        }
        tracker.on("fail", status(503));
        assertThrows(IOException.class, () -> client.fail(LEASE, new Fail.Request(FailureClass.BUG, "why")));
        assertEquals(3, tracker.calls("fail").size());
    }

    @Test
    void callsAboutALeaseCarryItsJobAndFencingToken() throws Exception {
        client.fail(LEASE, new Fail.Request(FailureClass.INPUT, "gone"));
        FakeTracker.Call call = tracker.calls("fail").get(0);
        assertEquals("/v1/leases/7/" + Leases.TOKEN + "/fail", call.path());
        assertEquals(new Fail.Request(FailureClass.INPUT, "gone"), call.as(Fail.Request.class));
    }

    @Test
    void anyAnswerAtAllSaysThatTheNetworkIsThere() throws Exception {
        tracker.on("live", status(503));
        assertTrue(client.answers());
        tracker.on("live", cut());
        assertFalse(client.answers());
    }

    @Test
    void aFileOfABundleThatIsNotThereIsAProblemAndNotItsBytes() throws Exception {
        tracker.on("weights.onnx", bytes(BATCH));
        try (InputStream in = client.bundleFile(Leases.BUNDLE, "weights.onnx")) {
            assertArrayEquals(BATCH, in.readAllBytes());
        }
        tracker.on("weights.onnx", problem(ProblemCode.UNKNOWN_BUNDLE));
        assertEquals(
                Optional.of(ProblemCode.UNKNOWN_BUNDLE),
                assertThrows(ProblemException.class, () -> client.bundleFile(Leases.BUNDLE, "weights.onnx"))
                        .code());
    }
}
