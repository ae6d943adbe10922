package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.tracker.intake.Fault;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.release.PairRow;
import dev.gleaner.tracker.release.ShardRef;
import dev.gleaner.tracker.release.ShardRows;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.shard.PreparedPicture;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker writes against what a tracker believes: the two programs meet only in the file. */
class IntakeIT {
    private static final String BUNDLE = "b".repeat(64);
    private static final FencingToken TOKEN = new FencingToken("0123456789abcdef", 3);
    private static final Ledger.ReadyJob JOB = new Ledger.ReadyJob(
            7, "c", "https://x/", "a.wat.gz", 0, 1, BUNDLE, Policy.laion400m(), 1, Stage.WHOLE, null);

    @TempDir
    Path folder;

    private FileObjectStore store;
    private Intake intake;

    @BeforeEach
    void open() throws IOException {
        store = new FileObjectStore(folder.resolve("objects"), new byte[32], InstantSource.system());
        intake = new Intake(store);
    }

    private List<String> list(String prefix) throws IOException {
        List<String> keys = new ArrayList<>();
        store.each(prefix, object -> keys.add(object.key()));
        return keys;
    }

    private static final Ledger.ReadyJob FETCH = new Ledger.ReadyJob(
            7, "c", "https://x/", "a.wat.gz", 0, 1, BUNDLE, Policy.laion400m(), 1, Stage.FETCH, null);
    private static final byte[] PIXELS = new byte[BatchColumn.PIXEL_BYTES];

    /** Looks, and moves what is good. */
    private Optional<Fault> look(Ledger.ReadyJob job, Manifest manifest) throws IOException {
        Intake.Looked looked = intake.look(job, TOKEN, "ada", manifest, null, pair -> {});
        if (looked.fault() == null) {
            intake.promote(looked);
        }
        return Optional.ofNullable(looked.fault());
    }

    private String fault(Manifest manifest) throws IOException {
        return look(JOB, manifest).map(Fault::detail).orElse("");
    }

    /** A row that a test may spoil. */
    private static final class Row {
        private long id;
        private String url = "https://example.org/a.jpg";
        private float similarity = 0.31f;
        private String wat = "a.wat.gz";
        private String model = BUNDLE;
        private String sha256 = "a".repeat(64);
        private int width = 640;
        private float[] embedding = {1, 0};
        private PictureMarks marks = new PictureMarks("UNLIKELY", 5.5f, 0.1f);
        private @Nullable String sha1 = "c".repeat(40);
        private @Nullable String textLanguage = "en";

        KeptPair pair() {
            return new KeptPair(
                    id,
                    url,
                    "a text",
                    width,
                    480,
                    null,
                    marks,
                    similarity,
                    "https://example.org/",
                    wat,
                    0,
                    (int) id,
                    new ImageHashes(sha256, "b".repeat(32), sha1, 42L),
                    10_000,
                    "JPEG",
                    null,
                    textLanguage,
                    Instant.EPOCH,
                    200,
                    model,
                    embedding);
        }
    }

    private static Map<String, String> metadata() {
        return new HashMap<>(Map.of(
                ShardMetadata.CAMPAIGN,
                "c",
                ShardMetadata.JOB,
                "7",
                ShardMetadata.ATTEMPT,
                TOKEN.toString(),
                ShardMetadata.WORKER,
                "ada",
                ShardMetadata.SCHEMA,
                Integer.toString(ShardColumn.SCHEMA_VERSION)));
    }

    private Shard write(Map<String, String> metadata, Consumer<Row> spoil) throws IOException {
        ShardWriter writer = new ShardWriter(Files.createTempDirectory(folder, "shard"), 100, metadata);
        for (int i = 0; i < 3; i++) {
            Row row = new Row();
            row.id = i;
            if (i == 1) {
                spoil.accept(row);
            }
            writer.add(row.pair());
        }
        return writer.finish().get(0);
    }

    private String judge(ShardObject object, byte[] bytes) throws IOException {
        Path place = folder.resolve("objects").resolve(ObjectKeys.incoming("c", 7, TOKEN, object.sha256()));
        Files.createDirectories(place.getParent());
        Files.write(place, bytes);
        Counts counts = new Counts(1, 0, 1, 0, object.rows(), object.rows(), object.rows(), Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(BUNDLE, "fp32", 10, "0".repeat(32), counts, List.of(object), 1);
        return fault(manifest);
    }

    private String judge(Map<String, String> metadata, Consumer<Row> spoil) throws IOException {
        Shard shard = write(metadata, spoil);
        return judge(shard.object(), Files.readAllBytes(shard.file()));
    }

    @Test
    void anHonestShardIsAcceptedAndMoved() throws IOException {
        assertEquals("", judge(metadata(), row -> {}));
        assertEquals(List.of(), list(ObjectKeys.INCOMING));
        assertEquals(1, list(ObjectKeys.ACCEPTED).size());
    }

    @Test
    void aResultThatDoesNotCountAfterAllLeavesTheAcceptedPrefixAndNothingElseDoes() throws IOException {
        Shard shard = write(metadata(), row -> {});
        assertEquals("", judge(shard.object(), Files.readAllBytes(shard.file())));
        String other = ObjectKeys.accepted(
                "c", 7, new FencingToken(TOKEN.epoch(), 4), shard.object().sha256());
        Path neighbour = folder.resolve("objects").resolve(other);
        Files.createDirectories(neighbour.getParent());
        Files.write(neighbour, new byte[1]);
        Counts counts = new Counts(1, 0, 1, 0, 3, 3, 3, Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(BUNDLE, "fp32", 10, "0".repeat(32), counts, List.of(shard.object()), 1);
        intake.withdraw(JOB, TOKEN, manifest);
        intake.withdraw(JOB, TOKEN, manifest);
        assertEquals(List.of(other), list(ObjectKeys.ACCEPTED));
    }

    @Test
    void aJudgementThatACrashInterruptedAfterTheMoveEndsTheSame() throws IOException {
        Shard shard = write(metadata(), row -> {});
        assertEquals("", judge(shard.object(), Files.readAllBytes(shard.file())));
        Counts counts = new Counts(1, 0, 1, 0, 3, 3, 3, Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(BUNDLE, "fp32", 10, "0".repeat(32), counts, List.of(shard.object()), 1);
        assertEquals("", fault(manifest));
    }

    /** As volunteers hand in who have not updated yet. */
    @Test
    void aShardOfTheFirstVersionIsAcceptedStillAndItsPairsGoIntoReleases() throws IOException {
        byte[] old;
        try (InputStream in = IntakeIT.class.getResourceAsStream("shard-schema-1.parquet")) {
            old = Objects.requireNonNull(in).readAllBytes();
        }
        Path file = Files.write(folder.resolve("old.parquet"), old);
        ShardRef ref = new ShardRef("k", old.length, "s", 3, 7, TOKEN.toString(), "w");
        try (ShardRows rows = new ShardRows(file, ref, true)) {
            PairRow first = Objects.requireNonNull(rows.next());
            assertEquals(new ImageHashes("a".repeat(64), "b".repeat(32), null, null), first.hashes());
            assertEquals(new PictureMarks("NSFW", null, null), first.marks());
            assertNull(first.textLanguage());
        }
        assertEquals("", judge(new ShardObject("shard-0.parquet", old.length, Digests.sha256(file), 3), old));
    }

    @Test
    void whoSaysAnotherVersionThanTheColumnsAreIsFound() throws IOException {
        for (String schema : List.of("1", "3", "0", "x", "")) {
            Map<String, String> metadata = metadata();
            metadata.put(ShardMetadata.SCHEMA, schema);
            assertTrue(!judge(metadata, row -> {}).isEmpty(), schema);
        }
    }

    @Test
    void everyLieInARowIsFound() throws IOException {
        Map<String, Consumer<Row>> lies = Map.ofEntries(
                Map.entry("similarity", row -> row.similarity = 0.2f),
                Map.entry("outside", row -> row.similarity = Float.NaN),
                Map.entry("SAMPLE_ID", row -> row.id = 0),
                Map.entry("another WAT", row -> row.wat = "b.wat.gz"),
                Map.entry("another model", row -> row.model = "c".repeat(64)),
                Map.entry("neither http", row -> row.url = "file:///etc/passwd"),
                Map.entry("digest", row -> row.sha256 = "x"),
                Map.entry("an image digest", row -> row.sha1 = "c"),
                Map.entry("aesthetic", row -> row.marks = new PictureMarks(null, Float.POSITIVE_INFINITY, null)),
                Map.entry("watermark", row -> row.marks = new PictureMarks(null, null, 1.01f)),
                Map.entry("language", row -> row.textLanguage = "English"),
                Map.entry("without pixels", row -> row.width = 0),
                Map.entry("lengths", row -> row.embedding = new float[] {1}));
        for (Map.Entry<String, Consumer<Row>> lie : lies.entrySet()) {
            String fault = judge(metadata(), lie.getValue());
            assertTrue(fault.contains(lie.getKey()), lie.getKey() + " gives: " + fault);
        }
        assertEquals(List.of(), list(ObjectKeys.ACCEPTED), "nothing that was rejected may lie among the accepted");
    }

    private static PreparedPicture picture(int index, String wat, String url, String sha256, byte[] pixels) {
        return new PreparedPicture(
                url,
                "a text",
                640,
                480,
                null,
                "https://example.org/",
                wat,
                5,
                index,
                new ImageHashes(sha256, "b".repeat(32), "c".repeat(40), null),
                10_000,
                "JPEG",
                null,
                Instant.EPOCH,
                200,
                pixels);
    }

    private String judgeBatch(Map<String, String> metadata, PreparedPicture second) throws IOException {
        Shard batch;
        try (BatchWriter writer = new BatchWriter(Files.createTempDirectory(folder, "batch"), metadata)) {
            writer.add(picture(0, "a.wat.gz", "https://example.org/a.jpg", "a".repeat(64), PIXELS));
            writer.add(second);
            batch = writer.finish().get(0);
        }
        Path place = folder.resolve("objects")
                .resolve(ObjectKeys.incoming("c", 7, TOKEN, batch.object().sha256()));
        Files.createDirectories(place.getParent());
        Files.copy(batch.file(), place, StandardCopyOption.REPLACE_EXISTING);
        Counts counts = new Counts(1, 0, 1, 0, 2, 2, 2, Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(BUNDLE, "none", 10, "0".repeat(32), counts, List.of(batch.object()), 1);
        return look(FETCH, manifest).map(Fault::detail).orElse("");
    }

    @Test
    void everyLieInABatchIsFound() throws IOException {
        String url = "https://example.org/b.jpg";
        String sha = "b".repeat(64);
        Map<String, PreparedPicture> lies = Map.of(
                "stands twice", picture(0, "a.wat.gz", url, sha, PIXELS),
                "another WAT", picture(1, "b.wat.gz", url, sha, PIXELS),
                "neither http", picture(1, "a.wat.gz", "data:x", sha, PIXELS),
                "digest", picture(1, "a.wat.gz", url, "x", PIXELS),
                "has 9 bytes", picture(1, "a.wat.gz", url, sha, new byte[9]));
        for (Map.Entry<String, PreparedPicture> lie : lies.entrySet()) {
            String fault = judgeBatch(metadata(), lie.getValue());
            assertTrue(fault.contains(lie.getKey()), lie.getKey() + " gives: " + fault);
        }
        PreparedPicture honest = picture(1, "a.wat.gz", url, sha, PIXELS);
        Map<String, String> elsewhere = metadata();
        elsewhere.put(ShardMetadata.JOB, "8");
        assertTrue(judgeBatch(elsewhere, honest).contains("gleaner.job"));
        Shard pairs = write(metadata(), row -> {});
        Path place = folder.resolve("objects")
                .resolve(ObjectKeys.incoming("c", 7, TOKEN, pairs.object().sha256()));
        Files.createDirectories(place.getParent());
        Files.copy(pairs.file(), place);
        Counts counts = new Counts(1, 0, 1, 0, 3, 3, 3, Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(BUNDLE, "none", 10, "0".repeat(32), counts, List.of(pairs.object()), 1);
        assertTrue(look(FETCH, manifest).orElseThrow().detail().contains("columns"));
        assertEquals(List.of(), list(ObjectKeys.ACCEPTED), "nothing that was rejected may lie among the accepted");
        assertEquals("", judgeBatch(metadata(), honest));
    }

    @Test
    void aShardOfAnotherAttemptJobOrWorkerIsRefused() throws IOException {
        for (String key : List.of(
                ShardMetadata.ATTEMPT,
                ShardMetadata.JOB,
                ShardMetadata.WORKER,
                ShardMetadata.CAMPAIGN,
                ShardMetadata.SCHEMA)) {
            Map<String, String> metadata = metadata();
            metadata.put(key, "99");
            assertTrue(judge(metadata, row -> {}).contains(key), key);
        }
    }

    @Test
    void wrongSizesDigestsAndRowCountsAreFound() throws IOException {
        Shard shard = write(metadata(), row -> {});
        byte[] bytes = Files.readAllBytes(shard.file());
        ShardObject o = shard.object();
        assertTrue(judge(o, Arrays.copyOf(bytes, bytes.length - 1)).contains("bytes instead of"));
        byte[] flipped = bytes.clone();
        flipped[100] ^= 1;
        assertTrue(judge(o, flipped).contains("other bytes"));
        assertTrue(judge(new ShardObject(o.name(), o.bytes(), o.sha256(), 4), bytes)
                .contains("3 rows"));
    }

    @Test
    void brokenParquetIsAFaultAndNeverACrash() throws IOException {
        byte[] good = Files.readAllBytes(write(metadata(), row -> {}).file());
        List<byte[]> files = new ArrayList<>();
        for (int cut = 1; cut < good.length; cut += 97) {
            files.add(Arrays.copyOf(good, cut));
            byte[] flipped = good.clone();
            flipped[cut] ^= (byte) 0x55;
            files.add(flipped);
        }
        int faults = 0;
        for (byte[] bytes : files) {
            Path file = folder.resolve("x");
            Files.write(file, bytes);
            ShardObject object = new ShardObject("shard-0.parquet", bytes.length, Digests.sha256(file), 3);
            faults += judge(object, bytes).isEmpty() ? 0 : 1;
        }
        assertTrue(faults > files.size() / 2, faults + " of " + files.size());
    }

    @Test
    void anObjectThatWasNeverUploadedIsAFaultButAStoreThatIsAwayIsNot() throws IOException {
        ShardObject object = new ShardObject("shard-0.parquet", 10, "d".repeat(64), 1);
        Counts counts = new Counts(1, 0, 1, 0, 1, 1, 1, Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(BUNDLE, "fp32", 10, "0".repeat(32), counts, List.of(object), 1);
        assertTrue(fault(manifest).contains("was not uploaded"));
        Files.move(folder.resolve("objects"), folder.resolve("away"));
        assertThrows(IOException.class, () -> look(JOB, manifest));
    }
}
