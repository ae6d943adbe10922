package dev.gleaner.worker.tracker;

import static dev.gleaner.worker.tracker.FakeTracker.beats;
import static dev.gleaner.worker.tracker.FakeTracker.bytes;
import static dev.gleaner.worker.tracker.FakeTracker.cut;
import static dev.gleaner.worker.tracker.FakeTracker.json;
import static dev.gleaner.worker.tracker.FakeTracker.problem;
import static dev.gleaner.worker.tracker.FakeTracker.status;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Inputs;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Release;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fixture.DemoModel;
import dev.gleaner.worker.fixture.Images;
import dev.gleaner.worker.fixture.Leases;
import dev.gleaner.worker.fixture.RawServer;
import dev.gleaner.worker.fixture.Wat;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.job.MemoryPlan;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.PreparedPicture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One lease after another with a tracker that answers as each test says: what is handed in, told, given back and kept. */
@Timeout(20)
class WorkbenchTest {
    private static final String BATCH = "batch-0.parquet";
    private static final Policy POLICY = Leases.policy(Map.of("minImageBytes", 10, "threshold", -1.0));

    @TempDir
    Path home;

    private final HandClock clock = new HandClock();
    private FakeTracker tracker;
    private RawServer web;
    private Fetcher fetcher;
    private SourceManners sources;
    private LeaseKeeper keeper;
    private Workbench bench;
    private Lease lease;

    @BeforeEach
    void start() throws Exception {
        tracker = new FakeTracker();
        web = new RawServer();
        fetcher = Volunteers.fetcher();
        sources = new SourceManners(fetcher.sites(), System::nanoTime, TimeUnit.NANOSECONDS::sleep);
        keeper = new LeaseKeeper(
                tracker.client(),
                30,
                new Random(1),
                new SwarmManners(fetcher, sources),
                List::of,
                said -> {},
                clock.clock());
        bench = bench(Volunteers.Choice.USUAL);
        byte[] image = Images.image("png", 30, 20);
        web.on("/a.png", "HTTP/1.1 200 OK", image);
        lease = lease(wat("http://127.0.0.1:" + web.port() + "/a.png"));
    }

    @AfterEach
    void stop() throws Exception {
        bench.close();
        keeper.close();
        fetcher.close();
        web.close();
        tracker.close();
    }

    private Workbench bench(Volunteers.Choice choice) {
        return new Workbench(
                Volunteers.settings(tracker.address(), home, choice),
                tracker.client(),
                fetcher,
                DirectPreprocessor.pureJava(),
                sources);
    }

    private String wat(String... images) throws IOException {
        return Wat.write(home.resolve("a.wat.gz"), "three yellow stars", List.of(images))
                .toUri()
                .toString();
    }

    private static Lease lease(String wat) {
        return Leases.lease(Stage.FETCH, wat, POLICY);
    }

    private LeaseFolder folder() {
        return LeaseFolder.of(home.resolve("work"), lease);
    }

    private boolean work() throws Exception {
        return bench.work(lease, "w1", folder(), keeper);
    }

    private boolean isKept() {
        return Files.exists(folder().path());
    }

    private void assertFailed(FailureClass failure) throws Exception {
        assertEquals(1, tracker.calls("fail").size(), tracker.names().toString());
        assertEquals(
                failure, tracker.calls("fail").get(0).as(Fail.Request.class).failure());
        assertFalse(tracker.names().contains("submit"));
        assertEquals(1, bench.totals().failed());
        assertFalse(isKept());
    }

    private String reason() throws Exception {
        return tracker.calls("release").get(0).as(Release.Request.class).reason();
    }

    /** A model's files as if an earlier job had fetched them. */
    private Lease withModel(Stage stage) throws Exception {
        DemoModel.prepare();
        String id = DemoModel.get().bundle().id();
        Path place = Files.createDirectories(home.resolve("bundles").resolve(id));
        try (Stream<Path> files = Files.list(DemoModel.BUNDLE)) {
            for (Path file : files.toList()) {
                Files.copy(file, place.resolve(file.getFileName()));
            }
        }
        lease = Leases.with(lease, Map.of("bundle", id, "stage", stage));
        return lease;
    }

    @Test
    void aFinishedJobIsHandedInAndLeavesNothingBehind() throws Exception {
        assertTrue(work());
        assertEquals(List.of("tickets", BATCH, "submit"), tracker.names());
        Manifest manifest = tracker.calls("submit").get(0).as(Manifest.class);
        assertEquals(1, manifest.counts().kept());
        assertEquals(
                manifest.objects().get(0).sha256(),
                Bundle.sha256(tracker.calls(BATCH).get(0).body()));
        assertFalse(isKept());
        assertEquals(1, bench.totals().accepted());
        assertEquals(0, bench.totals().kept(), "images that are yet to be scored are no pairs");
        assertEquals(1, bench.totals().candidates());
        assertFalse(bench.isBusy());
        clock.pass(0);
        assertEquals(
                List.of(),
                tracker.calls("heartbeats").get(0).as(Heartbeat.Request.class).leases(),
                "its lease is not renewed any more");
    }

    @Test
    void aRejectedResultIsCountedAsSuch() throws Exception {
        tracker.on("submit", json(new Submit.Response(Submit.Outcome.REJECTED, "not plausible")));
        assertTrue(work());
        assertEquals(1, bench.totals().rejected());
        assertEquals(0, bench.totals().accepted());
        assertFalse(isKept());
    }

    @Test
    void aLeaseThatTheCampaignsKeyHasNotSignedIsGivenBackAndNotWorkedOn() throws Exception {
        bench = bench(Volunteers.Choice.USUAL.key("a key that the owner gave"));
        assertThrows(BundleException.class, this::work);
        assertEquals(List.of("release"), tracker.names());
        assertTrue(reason().contains("signed"), reason());
        assertEquals(List.of(), web.requests());
        clock.pass(0);
        assertEquals(
                List.of(),
                tracker.calls("heartbeats").get(0).as(Heartbeat.Request.class).leases());
    }

    @Test
    void aSignedCampaignThatCannotBeFetchedNowIsNoReasonToLeaveTheTracker() throws Exception {
        lease = Leases.lease(Stage.FETCH, lease.wat(), POLICY, new Charter.Ref("cd".repeat(32), "c2ln"));
        tracker.on("bundle.json", status(503));
        assertTrue(work());
        assertEquals(List.of("bundle.json", "release"), tracker.names());
        assertEquals(1, bench.troubles());
        assertEquals(List.of(), web.requests());
        tracker.on("bundle.json", bytes("{}".getBytes("UTF-8")));
        assertThrows(BundleException.class, this::work);
        assertFalse(tracker.names().contains("submit"));
    }

    @Test
    void aMissingWatCountsAgainstTheJobAndNotAgainstTheMachine() throws Exception {
        lease = lease("http://127.0.0.1:" + web.port() + "/none.wat.gz");
        assertTrue(work());
        assertFailed(FailureClass.INPUT);
        assertEquals(0, bench.troubles());
    }

    @Test
    void aWatFromWhereTheOwnerAllowsNoneIsNotRead() throws Exception {
        for (String elsewhere : List.of("https://evil.example.org/a.wat.gz", "file:///etc/hosts", "http://10.0.0.1/")) {
            lease = lease(elsewhere);
            assertTrue(work());
        }
        assertEquals(List.of("fail", "fail", "fail"), tracker.names());
        for (FakeTracker.Call call : tracker.calls("fail")) {
            assertEquals(FailureClass.RESOURCE, call.as(Fail.Request.class).failure());
        }
        assertEquals(3, bench.troubles(), "each in a row makes the worker rest longer");
        lease = lease(wat("http://127.0.0.1:" + web.port() + "/a.png"));
        assertTrue(work());
        assertEquals(0, bench.troubles());
    }

    @Test
    void aLeaseThatIsLostWhenTheResultIsHandedInIsDropped() throws Exception {
        for (String call : List.of("submit", "tickets")) {
            tracker.on(call, problem(ProblemCode.LEASE_LOST));
            assertTrue(work());
            assertFalse(isKept());
        }
        assertEquals(List.of(), tracker.calls("fail"));
        assertEquals(List.of(), tracker.calls("release"));
        assertEquals(0, bench.totals().accepted());
    }

    @Test
    void aTrackerThatRefusesThisWorkerForGoodEndsIt() {
        tracker.on("submit", problem(ProblemCode.BANNED));
        assertThrows(ProblemException.class, this::work);
        assertEquals(List.of(), tracker.calls("fail"));
    }

    @Test
    void aJobIsKeptWhileTheNetworkIsDownAndGoneOnWith() throws Exception {
        tracker.on(BATCH, cut()).on("live", cut());
        assertFalse(work());
        assertTrue(isKept());
        assertEquals(List.of(), tracker.calls("fail"));
        assertEquals(0, bench.totals().failed());
        tracker.on(BATCH, status(200));
        assertTrue(work());
        assertEquals(1, bench.totals().accepted());
        assertFalse(isKept());
    }

    @Test
    void whatFailsWhileTheTrackerAnswersIsReported() throws Exception {
        tracker.on(BATCH, cut()).on("live", status(200));
        assertTrue(work());
        assertFailed(FailureClass.NETWORK);
        assertEquals(1, bench.troubles());
    }

    @Test
    void whatShallBeLeftOutIsAskedWhereTheLeaseSaysSo() throws Exception {
        lease = Leases.with(lease, Map.of("screen", true));
        tracker.on("screen", problem(ProblemCode.LEASE_LOST));
        assertTrue(work());
        assertEquals(List.of("screen"), tracker.names(), "neither worked on nor reported");
        assertEquals(List.of(), web.requests());
        tracker.on("screen", cut()).on("live", cut());
        assertFalse(work());
        assertTrue(isKept());
        assertEquals(List.of(), tracker.calls("fail"));
    }

    @Test
    void aLostLeaseStopsItsJobAndIsNotGivenBack() throws Exception {
        tracker.on("heartbeats", beats(Heartbeat.Verdict.LOST, Heartbeat.Directive.NONE));
        web.on("/a.png", out -> {
            clock.pass(40);
            web.hold();
        });
        assertTrue(work());
        assertEquals(List.of(), tracker.names());
        assertFalse(isKept());
    }

    @Test
    void aJobThatTheOwnerStopsIsGivenBackWithTheReason() throws Exception {
        web.on("/a.png", out -> {
            bench.cancel("its owner paused it");
            web.hold();
        });
        assertTrue(work());
        assertEquals(List.of("release"), tracker.names());
        assertEquals("its owner paused it", reason());
        assertFalse(isKept());
        web.on("/a.png", "HTTP/1.1 200 OK", Images.image("png", 30, 20));
        assertTrue(work());
        assertEquals(1, bench.totals().accepted(), "later jobs are not touched");
    }

    @Test
    void aLeaseThatCannotBeGivenBackIsKeptUnlessTheTrackerKnowsOfIt() throws Exception {
        web.on("/a.png", out -> {
            bench.cancel("its owner paused it");
            web.hold();
        });
        tracker.on("release", cut());
        assertFalse(work());
        assertTrue(isKept());
        tracker.on("release", problem(ProblemCode.LEASE_LOST));
        assertTrue(work());
        assertFalse(isKept());
    }

    @Test
    void aStoppedWorkerBeginsNoJob() throws Exception {
        bench.stop("the worker is stopping");
        assertTrue(work());
        assertEquals(List.of("release"), tracker.names());
        assertEquals(List.of(), web.requests());
    }

    @Test
    void aModelThatDoesNotFitTheMemoryIsNotLoaded() throws Exception {
        withModel(Stage.WHOLE);
        bench = bench(Volunteers.Choice.USUAL.memory(new MemoryPlan(301L << 20, 1 << 20)));
        String said = assertThrows(BundleException.class, this::work).getMessage();
        assertTrue(String.valueOf(said).contains("--memory"), said);
        assertFailed(FailureClass.RESOURCE);
    }

    @Test
    void aModelWithOtherBytesThanTheLeaseNamesIsNotLoaded() throws Exception {
        lease = Leases.with(lease, Map.of("stage", Stage.WHOLE));
        tracker.on("bundle.json", bytes("{}".getBytes("UTF-8")));
        assertThrows(BundleException.class, this::work);
        assertFailed(FailureClass.RESOURCE);
    }

    private byte[] batch() throws Exception {
        try (BatchWriter writer = new BatchWriter(Files.createDirectories(home.resolve("made")), Map.of())) {
            writer.add(new PreparedPicture(
                    "https://images.example.org/0.png",
                    "three yellow stars",
                    640,
                    480,
                    null,
                    Wat.page(0),
                    Leases.WAT_PATH,
                    0,
                    0,
                    new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                    12_345,
                    "PNG",
                    null,
                    Instant.EPOCH,
                    200,
                    new byte[BatchColumn.PIXEL_BYTES]));
            return Files.readAllBytes(writer.finish().get(0).file());
        }
    }

    private static Inputs.Response inputs(String name, byte[] batch, String... urls) {
        Counts counts = new Counts(1, 0, 1, 0, 1, 1, 1, Map.of(), Map.of(), 12_345);
        Manifest made = new Manifest(Leases.BUNDLE, "none", 4_711, "0123456789abcdef".repeat(2), counts, List.of(), 1);
        return new Inputs.Response(
                Stream.of(urls)
                        .map(url -> new Inputs.Input(name, url, batch.length, Bundle.sha256(batch)))
                        .toList(),
                made);
    }

    @Test
    void aScoringJobReadsItsBatchesUnderNamesOfItsOwn() throws Exception {
        withModel(Stage.SCORE);
        byte[] batch = batch();
        tracker.on("inputs", json(inputs("../../outside.parquet", batch, "/objects/first")));
        tracker.on("first", bytes(batch));
        assertTrue(work());
        assertEquals(List.of("inputs", "first", "tickets", "shard-0.parquet", "submit"), tracker.names());
        assertEquals(1, bench.totals().kept());
        try (Stream<Path> files = Files.walk(home)) {
            assertTrue(files.noneMatch(file -> file.endsWith("outside.parquet")));
        }
    }

    @Test
    void aLeaseThatIsLostWhileItsJobIsPreparedIsNotWorkedOn() throws Exception {
        withModel(Stage.SCORE);
        byte[] batch = batch();
        tracker.on("heartbeats", beats(Heartbeat.Verdict.LOST, Heartbeat.Directive.NONE));
        tracker.on("inputs", (exchange, call) -> {
            clock.pass(40);
            json(inputs(BATCH, batch, "/objects/first")).give(exchange, call);
        });
        tracker.on("first", bytes(batch));
        assertTrue(work());
        assertFalse(tracker.names().contains("tickets"), tracker.names().toString());
        assertFalse(tracker.names().contains("release"), "it is not this worker's to give back");
        assertFalse(isKept());
    }

    @Test
    void linksToLaterBatchesAreAskedForWhenTheyAreNeededAndOtherBytesAreNotScored() throws Exception {
        withModel(Stage.SCORE);
        byte[] batch = batch();
        tracker.on(
                "inputs",
                json(inputs(BATCH, batch, "/objects/first", "/objects/run-out")),
                json(inputs(BATCH, batch, "/objects/first", "/objects/fresh")));
        tracker.on("first", bytes(batch)).on("run-out", status(403));
        byte[] other = batch.clone();
        other[100] ^= 1;
        tracker.on("fresh", bytes(other));
        assertTrue(work());
        assertEquals(List.of("inputs", "first", "inputs", "fresh", "fail"), tracker.names());
        assertFailed(FailureClass.INPUT);
    }
}
