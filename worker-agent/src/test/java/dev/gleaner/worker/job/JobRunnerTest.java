package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.fetch.Courtesy;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.fixture.DemoModel;
import dev.gleaner.worker.fixture.Images;
import dev.gleaner.worker.fixture.Leases;
import dev.gleaner.worker.fixture.RawServer;
import dev.gleaner.worker.fixture.SelfSigned;
import dev.gleaner.worker.fixture.Wat;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.pipeline.Line;
import dev.gleaner.worker.shard.BatchReader;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.PreparedPicture;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
import dev.gleaner.worker.wat.FileWatSource;
import dev.gleaner.worker.wat.InputUnavailableException;
import dev.gleaner.worker.wat.WatSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole jobs over a WAT of a few pages, with images from a server on loopback. */
@Timeout(20)
class JobRunnerTest {
    private static final String TEXT = "three yellow stars";
    private static final Instant BEGAN = Instant.parse("2026-11-20T10:00:00Z");
    private static final LineSettings SETTINGS = new LineSettings(8, 8, 16 << 20, 1, 1, 4, 16);
    private static final Map<String, Object> SMALL = Map.of("minImageBytes", 10);

    @TempDir
    Path folder;

    private RawServer server;
    private Fetcher fetcher;

    @BeforeEach
    void start() throws Exception {
        server = new RawServer();
        fetcher = new Fetcher(
                AddressGuard.allowingLoopback(),
                "test",
                new Courtesy(4, Duration.ZERO),
                NameResolver.Settings.DEFAULT,
                Fetcher.Link.ALL);
    }

    @AfterEach
    void stop() throws Exception {
        fetcher.close();
        server.close();
    }

    private String serve(String path, byte[] image) {
        server.on(path, "HTTP/1.1 200 OK|Content-Length: " + image.length, image);
        return "http://127.0.0.1:" + server.port() + path;
    }

    private static Policy policy(Map<String, ?> more) {
        Map<String, Object> changes = new HashMap<>(SMALL);
        changes.putAll(more);
        return Leases.policy(changes);
    }

    private static Lease lease(Stage stage, Policy policy) {
        return Leases.lease(stage, "https://data.commoncrawl.org/" + Leases.WAT_PATH, policy);
    }

    private Spool spool(Lease lease) throws IOException {
        return Spool.open(folder.resolve("spool"), lease, new Terms("test/1", "none"), BEGAN, System::nanoTime);
    }

    private JobRunner runner(Lease lease, Work work, Screening screening, Spool spool) {
        return new JobRunner(
                lease,
                "w1",
                new JobRunner.Parts(
                        work,
                        fetcher,
                        DirectPreprocessor.pureJava(),
                        SETTINGS,
                        SETTINGS.newWidth(),
                        () -> true,
                        screening,
                        () -> BEGAN.plusSeconds(90),
                        spool,
                        folder));
    }

    private JobResult run(Lease lease, Work work, Screening screening) throws Exception {
        try (Spool spool = spool(lease)) {
            return runner(lease, work, screening, spool).run();
        }
    }

    private Work.Fetch fetching(String... images) throws IOException {
        return new Work.Fetch(new FileWatSource(Wat.write(folder.resolve("a.wat.gz"), TEXT, List.of(images))));
    }

    private Counts fetch(Policy policy, String... images) throws Exception {
        return run(lease(Stage.FETCH, policy), fetching(images), Screening.NONE)
                .manifest()
                .counts();
    }

    private JobFailedException failure(Work work, Screening screening) {
        return assertThrows(JobFailedException.class, () -> run(lease(Stage.FETCH, policy(Map.of())), work, screening));
    }

    private static String hex(String algorithm, byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    }

    private static List<PreparedPicture> read(JobResult result) throws Exception {
        List<PreparedPicture> pictures = new ArrayList<>();
        BatchReader.read(result.shards().get(0).file(), pictures::add);
        return pictures;
    }

    /** Everything is asked about, and this is what comes of it. */
    private record Asking(List<String> leftOut, List<String> known, List<String> images) implements Screening {
        @Override
        public boolean isNeeded() {
            return true;
        }

        @Override
        public Links links(List<Candidate> candidates) throws IOException {
            if (leftOut.contains("fail")) {
                throw new IOException("the tracker is away");
            }
            BitSet out = new BitSet();
            BitSet old = new BitSet();
            for (int i = 0; i < candidates.size(); i++) {
                out.set(i, leftOut.contains(candidates.get(i).url()));
                old.set(i, known.contains(candidates.get(i).url()));
            }
            return new Links(out, old);
        }

        @Override
        public BitSet pictures(List<ImageHashes> pictures) throws IOException {
            if (images.contains("fail")) {
                throw new IOException("the tracker is away");
            }
            BitSet out = new BitSet();
            for (int i = 0; i < pictures.size(); i++) {
                out.set(i, images.contains(pictures.get(i).md5()));
            }
            return out;
        }
    }

    /** A WAT that cannot be read. */
    private record Broken(Throwable why) implements WatSource {
        @Override
        public long length() throws IOException {
            if (why instanceof IOException io) {
                throw io;
            } else if (why instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) why;
        }

        @Override
        public InputStream open(long from, long likelyEnd) throws IOException {
            length();
            throw new AssertionError();
        }

        @Override
        public String name() {
            return "broken";
        }
    }

    @Test
    void everyCandidateEndsOnceAndTheManifestSaysHow() throws Exception {
        byte[] image = Images.image("png", 300, 200);
        String good = serve("/good.png", image);
        String again = serve("/again.png", image);
        byte[] cut = Arrays.copyOf(image, 100);
        JobResult result = run(
                lease(Stage.FETCH, policy(Map.of())),
                fetching(
                        good,
                        serve("/missing.png", image).replace("missing", "gone"),
                        serve("/noise.png", new byte[500]),
                        serve("/cut.png", cut),
                        serve("/tiny.png", new byte[5]),
                        good,
                        "ftp://example.org/a.png",
                        again),
                Screening.NONE);
        Manifest manifest = result.manifest();
        assertEquals("", manifest.fault());
        Counts counts = manifest.counts();
        assertEquals(8, counts.members());
        assertEquals(8, counts.records());
        assertEquals(8, counts.images());
        assertEquals(6, counts.candidates());
        assertEquals(2, counts.kept());
        assertEquals(Map.of("duplicate", 1L, "bad_scheme", 1L), counts.extractDrops());
        assertEquals(
                Map.of("http_status", 1L, "not_an_image", 1L, "undecodable", 1L, "too_small", 1L), counts.pairDrops());
        assertEquals(2L * image.length + 500 + 100, counts.bytesFetched());
        assertEquals(Files.size(folder.resolve("a.wat.gz")), manifest.watBytes());
        CandidateDigest digest = new CandidateDigest();
        for (String path : List.of("good", "gone", "noise", "cut", "tiny", "again")) {
            digest.add("http://127.0.0.1:" + server.port() + "/" + path + ".png", TEXT);
        }
        assertEquals(digest.hex(), manifest.candidateDigest());
        assertEquals(Leases.BUNDLE, manifest.bundle());
        assertEquals("none", manifest.precision(), "nothing is scored");
        assertEquals(90.0, manifest.seconds());
        assertEquals(result.shards().stream().map(shard -> shard.object()).toList(), manifest.objects());
    }

    @Test
    void eachValueOfAPreparedImageStandsUnderItsOwnName() throws Exception {
        byte[] image = Images.image("png", 300, 200);
        String url = serve("/a.png", image);
        JobResult result = run(
                lease(Stage.FETCH, policy(Map.of())),
                fetching("http://127.0.0.1:" + server.port() + "/none.png", url),
                Screening.NONE);
        PreparedPicture picture = read(result).get(0);
        assertEquals(url, picture.url());
        assertEquals(TEXT, picture.text());
        assertEquals(300, picture.width());
        assertEquals(200, picture.height());
        assertEquals(Wat.LICENSE, picture.license());
        assertEquals(Wat.page(1), picture.pageUrl());
        assertEquals(Leases.WAT_PATH, picture.watPath());
        assertTrue(picture.watOffset() > 0, "the second member");
        assertEquals(0, picture.index());
        assertEquals(
                new ImageHashes(hex("SHA-256", image), hex("MD5", image), hex("SHA-1", image), null), picture.hashes());
        assertEquals(image.length, picture.imageBytes());
        assertEquals("PNG", picture.format());
        assertEquals("da", picture.language());
        assertEquals(200, picture.httpStatus());
        assertArrayEquals(DirectPreprocessor.pureJava().prepare(image, ImageHeader.read(image)), picture.pixels());
    }

    @Test
    void onlyFormatsThatThePolicyNamesAreKept() throws Exception {
        String png = serve("/a.png", Images.image("png", 30, 20));
        String jpeg = serve("/b.png", Images.image("jpg", 30, 20));
        Counts counts = fetch(policy(Map.of("formats", List.of("PNG"))), png, jpeg);
        assertEquals(1, counts.kept());
        assertEquals(Map.of("not_an_image", 1L), counts.pairDrops());
        Files.delete(folder.resolve("spool"));
        assertEquals(
                2,
                fetch(policy(Map.of("formats", List.of("PNG", "JPEG"))), png, jpeg)
                        .kept());
    }

    @Test
    void noImageOfMorePixelsThanThePolicyAllowsIsKept() throws Exception {
        String just = serve("/a.png", Images.image("png", 30, 20));
        String more = serve("/b.png", Images.image("png", 601, 1));
        Counts counts = fetch(policy(Map.of("maxPixels", 600)), just, more);
        assertEquals(1, counts.kept());
        assertEquals(Map.of("too_many_pixels", 1L), counts.pairDrops());
    }

    @Test
    void noMoreBytesThanThePolicyAllowsAreFetched() throws Exception {
        String just = serve("/a.png", Images.image("png", 30, 20));
        String more = serve("/b.png", new byte[5_001]);
        Counts counts = fetch(policy(Map.of("maxImageBytes", 5_000)), just, more);
        assertEquals(1, counts.kept());
        assertEquals(Map.of("too_large", 1L), counts.pairDrops());
    }

    @Test
    void badCertificatesAreCountedWhereThePolicyLetsThemPass() throws Exception {
        byte[] image = Images.image("png", 30, 20);
        try (RawServer secure = new RawServer(SelfSigned.server())) {
            secure.on("/a.png", "HTTP/1.1 200 OK", image);
            String bad = "https://localhost:" + secure.port() + "/a.png";
            String good = serve("/b.png", Images.image("png", 31, 20));
            Counts lenient = fetch(policy(Map.of("tolerateBadCertificates", true)), bad, good);
            assertEquals(2, lenient.kept());
            assertEquals(1, lenient.badCertificates());
            Files.delete(folder.resolve("spool"));
            assertEquals(
                    0,
                    fetch(policy(Map.of("tolerateBadCertificates", true)), good).badCertificates(),
                    "none is said, too");
            Files.delete(folder.resolve("spool"));
            Counts strict = fetch(policy(Map.of()), bad, good);
            assertEquals(1, strict.kept());
            assertEquals(Map.of("tls", 1L), strict.pairDrops());
            assertNull(strict.badCertificates());
        }
    }

    @Test
    void whoseFaultAFailureIsIsToldByWhatFailed() {
        for (Map.Entry<FailureClass, List<Throwable>> kind : Map.of(
                        FailureClass.INPUT, List.<Throwable>of(new InputUnavailableException("status 404")),
                        FailureClass.NETWORK,
                                List.<Throwable>of(
                                        new IOException("reset"), new UncheckedIOException(new IOException("reset"))),
                        FailureClass.RESOURCE,
                                List.<Throwable>of(new NoSuchFileException("x"), new OutOfMemoryError("as if")),
                        FailureClass.BUG, List.<Throwable>of(new IllegalStateException("a bug"), new AssertionError()))
                .entrySet()) {
            for (Throwable why : kind.getValue()) {
                assertEquals(
                        kind.getKey(),
                        failure(new Work.Fetch(new Broken(why)), Screening.NONE).failure(),
                        why.toString());
            }
        }
    }

    @Test
    void whatShallBeLeftOutIsNeitherFetchedNorHandedIn() throws Exception {
        byte[] unwanted = Images.image("png", 40, 20);
        String a = serve("/a.png", Images.image("png", 30, 20));
        String b = serve("/b.png", Images.image("png", 31, 20));
        String c = serve("/c.png", Images.image("png", 32, 20));
        String d = serve("/d.png", unwanted);
        JobResult result = run(
                lease(Stage.FETCH, policy(Map.of())),
                fetching(a, b, c, d),
                new Asking(List.of(a), List.of(b), List.of(hex("MD5", unwanted))));
        assertEquals(1, result.manifest().counts().kept());
        assertEquals(
                Map.of("left_out", 2L, "known", 1L), result.manifest().counts().pairDrops());
        assertEquals(List.of(c), read(result).stream().map(PreparedPicture::url).toList());
        assertEquals(
                List.of("/c.png", "/d.png"),
                server.requests().stream().map(r -> r.split(" ", 3)[1]).sorted().toList());
    }

    @Test
    void aJobThatCannotAskWhatToLeaveOutFetchesAndHandsInNothing() throws Exception {
        String a = serve("/a.png", Images.image("png", 30, 20));
        assertEquals(
                FailureClass.NETWORK,
                failure(fetching(a), new Asking(List.of("fail"), List.of(), List.of()))
                        .failure());
        assertEquals(List.of(), server.requests());
        assertEquals(
                FailureClass.NETWORK,
                failure(fetching(a), new Asking(List.of(), List.of(), List.of("fail")))
                        .failure());
    }

    @Test
    void whatAnEarlierRunSettledIsCountedAndNotFetchedAgain() throws Exception {
        String a = serve("/a.png", Images.image("png", 30, 20));
        String b = serve("/b.png", Images.image("png", 31, 20));
        Lease lease = lease(Stage.FETCH, policy(Map.of()));
        try (Spool spool = spool(lease)) {
            spool.append(new Outcome.Dropped(0, 0, 77, PairDrop.TOO_SMALL));
        }
        Counts counts = run(lease, fetching(a, b), Screening.NONE).manifest().counts();
        assertEquals(2, counts.candidates());
        assertEquals(1, counts.kept());
        assertEquals(Map.of("too_small", 1L), counts.pairDrops());
        assertEquals(1, server.requests().size());
        assertTrue(server.requests().get(0).startsWith("GET /b.png "));
    }

    @Test
    void aCancelledJobHandsInNothing() throws Exception {
        Lease lease = lease(Stage.FETCH, policy(Map.of()));
        server.on("/a.png", out -> server.hold());
        try (Spool spool = spool(lease)) {
            JobRunner runner =
                    runner(lease, fetching("http://127.0.0.1:" + server.port() + "/a.png"), Screening.NONE, spool);
            Thread owner = new Thread(() -> {
                try {
                    server.await("/a.png");
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                runner.cancel();
            });
            owner.start();
            assertThrows(Line.CancelledException.class, runner::run);
            owner.join();
        }
    }

    @Test
    void filesNameTheAttemptThatTheyComeFrom() throws Exception {
        byte[] image = Images.image("png", 30, 20);
        Lease lease = Leases.withBundle(
                lease(Stage.WHOLE, policy(Map.of("threshold", -1.0))),
                DemoModel.get().bundle().id());
        String url = serve("/a.png", image);
        JobResult whole = run(lease, new Work.Whole(fetching(url).source(), DemoModel.get()), Screening.NONE);
        Files.delete(folder.resolve("spool"));
        JobResult fetched = run(lease, fetching(url), Screening.NONE);
        for (JobResult result : List.of(whole, fetched)) {
            Map<String, String> said = metadata(result.shards().get(0).file());
            assertEquals("c", said.get("gleaner.campaign"));
            assertEquals("7", said.get("gleaner.job"));
            assertEquals(Leases.TOKEN.toString(), said.get("gleaner.attempt"));
            assertEquals("w1", said.get("gleaner.worker"));
            assertEquals(Leases.WAT_PATH + " " + lease.slice(), said.get("gleaner.slice"));
            assertEquals(lease.policy().toString(), said.get("gleaner.policy"));
            int version = result == fetched ? BatchColumn.SCHEMA_VERSION : ShardColumn.SCHEMA_VERSION;
            assertEquals(Integer.toString(version), said.get("gleaner.schema"));
        }
        assertEquals("fp32", whole.manifest().precision());
        assertEquals(DemoModel.get().bundle().id(), whole.manifest().bundle());
    }

    private static Map<String, String> metadata(Path file) throws Exception {
        Map<String, String> said = new TreeMap<>();
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT decode(key), decode(value) FROM parquet_kv_metadata('" + file + "')")) {
            while (rows.next()) {
                said.put(rows.getString(1), rows.getString(2));
            }
        }
        return said;
    }

    private Path batch(String... formats) throws Exception {
        try (BatchWriter writer = new BatchWriter(folder, Map.of())) {
            for (int i = 0; i < formats.length; i++) {
                writer.add(new PreparedPicture(
                        "https://images.example.org/" + i + ".png",
                        i == 0 ? "no such word in its vocabulary: \u6771\u4eac" : TEXT,
                        640,
                        480,
                        Wat.LICENSE,
                        Wat.page(i),
                        Leases.WAT_PATH,
                        100L * i,
                        0,
                        new ImageHashes("a".repeat(64), "b".repeat(32), "c".repeat(40), null),
                        12_345,
                        formats[i],
                        "da",
                        BEGAN,
                        200,
                        new byte[BatchColumn.PIXEL_BYTES]));
            }
            return writer.finish().get(0).file();
        }
    }

    private static Manifest fetched(long kept) {
        Counts counts =
                new Counts(9, 1, 8, 2, 20, 5, kept, Map.of("no_text", 15L), Map.of("dns", 5 - kept), 54_321, 3L);
        return new Manifest(Leases.BUNDLE, "none", 4_711, "0123456789abcdef".repeat(2), counts, List.of(), 50);
    }

    @Test
    void aScoringJobKeepsWhatWasFoundOutAboutTheLinks() throws Exception {
        Lease lease = lease(Stage.SCORE, policy(Map.of("threshold", -1.0)));
        Path batch = batch("PNG", "JPEG", "PNG");
        Manifest manifest = run(lease, new Work.Score(List.of(batch), fetched(3), DemoModel.get()), Screening.NONE)
                .manifest();
        assertEquals("", manifest.fault());
        Counts counts = manifest.counts();
        assertEquals(
                new Counts(
                        9,
                        1,
                        8,
                        2,
                        20,
                        5,
                        2,
                        Map.of("no_text", 15L),
                        Map.of("dns", 2L, "unknown_text", 1L),
                        54_321,
                        3L),
                counts);
        assertEquals(4_711, manifest.watBytes());
        assertEquals("0123456789abcdef".repeat(2), manifest.candidateDigest());
        assertEquals("fp32", manifest.precision());
    }

    @Test
    void aScoringJobThatGoesOnScoresNoPairTwice() throws Exception {
        Lease lease = lease(Stage.SCORE, policy(Map.of("threshold", -1.0)));
        try (Spool spool = spool(lease)) {
            spool.append(new Outcome.Dropped(100, 0, 12_345, PairDrop.BELOW_THRESHOLD));
        }
        Counts counts = run(
                        lease,
                        new Work.Score(List.of(batch("PNG", "PNG", "PNG")), fetched(3), DemoModel.get()),
                        Screening.NONE)
                .manifest()
                .counts();
        assertEquals(1, counts.kept());
        assertEquals(Map.of("dns", 2L, "unknown_text", 1L, "below_threshold", 1L), counts.pairDrops());
    }

    @Test
    void aBatchThatIsNoneIsTheBatchesFault() throws Exception {
        Path noise = Files.write(folder.resolve("noise"), new byte[5_000]);
        for (Path batch : List.of(noise, batch("PNG", "BMP"))) {
            JobFailedException failed =
                    failure(new Work.Score(List.of(batch), fetched(1), DemoModel.get()), Screening.NONE);
            assertEquals(FailureClass.INPUT, failed.failure());
            Files.delete(folder.resolve("spool"));
        }
    }

    @Test
    void countsThatDoNotAddUpAreNotHandedIn() throws Exception {
        Path batch = batch("PNG", "PNG");
        JobFailedException failed =
                failure(new Work.Score(List.of(batch), fetched(5), DemoModel.get()), Screening.NONE);
        assertEquals(FailureClass.BUG, failed.failure());
        assertTrue(String.valueOf(failed.getMessage()).contains("do not add up"), failed.getMessage());
    }
}
