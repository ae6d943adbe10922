package dev.gleaner.tracker.intake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.ShardFiles;
import dev.gleaner.tracker.ledger.Ledger.ReadyJob;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ForwardingStore;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A result is judged by what the store holds of it, and its objects lie where its state says. */
class IntakeTest {
    private static final FencingToken TOKEN = new FencingToken("0123456789abcdef", 1);
    private static final ReadyJob JOB = job(Stage.WHOLE);

    @TempDir
    Path folder;

    private final List<SeenPair> seen = new ArrayList<>();
    private FileObjectStore store;
    private Intake intake;

    @BeforeEach
    void open() throws Exception {
        store = new FileObjectStore(folder.resolve("objects"), new byte[32], new ManualClock());
        intake = new Intake(store);
    }

    private static ReadyJob job(Stage stage) {
        return new ReadyJob(
                7, "c", "https://x/", ShardFiles.WAT, 0, 1, ShardFiles.BUNDLE, Policy.laion400m(), 1, stage, null);
    }

    private ShardObject upload() throws IOException {
        return ShardFiles.upload(store, folder, JOB, TOKEN, "ada", List.of(ShardFiles.pair(1), ShardFiles.pair(2)));
    }

    private Intake.Looked look(Manifest manifest) throws IOException {
        return intake.look(JOB, TOKEN, "ada", manifest, null, seen::add);
    }

    private void assertFault(Fault.Kind kind, String detail, Manifest manifest) throws IOException {
        Intake.Looked looked = look(manifest);
        assertNotNull(looked.fault());
        assertEquals(kind, looked.fault().kind(), looked.fault().detail());
        assertTrue(looked.fault().detail().contains(detail), looked.fault().detail());
        assertEquals(Map.of(), looked.good(), "nothing of it may be moved");
    }

    private static String incoming(ShardObject object) {
        return ObjectKeys.incoming("c", 7, TOKEN, object.sha256());
    }

    private static String accepted(ShardObject object) {
        return ObjectKeys.accepted("c", 7, TOKEN, object.sha256());
    }

    private static String retracted(ShardObject object) {
        return ObjectKeys.retracted("c", 7, TOKEN, object.sha256());
    }

    private Set<String> keys() throws IOException {
        Set<String> keys = new TreeSet<>();
        for (String prefix : List.of("incoming/", "accepted/", "retracted/")) {
            if (Files.exists(folder.resolve("objects").resolve(prefix))) {
                store.each(prefix, object -> keys.add(object.key()));
            }
        }
        return keys;
    }

    /** Brings other bytes under the key of an object. */
    private void replace(ShardObject object, byte[] bytes) throws IOException {
        store.put(incoming(object), Files.write(folder.resolve("other"), bytes));
    }

    @Test
    void aGoodResultsPairsAreToldAndItsObjectsMoveOutOfReach() throws Exception {
        ShardObject object = upload();
        Intake.Looked looked = look(ShardFiles.manifest(object));
        assertNull(looked.fault());
        assertEquals(List.of(1L, 2L), seen.stream().map(SeenPair::sampleId).toList());
        assertEquals(Set.of(incoming(object)), keys(), "looking moves nothing");
        intake.promote(looked);
        assertEquals(Set.of(accepted(object)), keys());
        Intake.Looked again = look(ShardFiles.manifest(object));
        assertNull(again.fault(), "after a crash it is found where it belongs");
        intake.promote(again);
        assertEquals(Set.of(accepted(object)), keys());
    }

    @Test
    void aManifestOfAnotherModelBundleIsRefused() throws Exception {
        Manifest good = ShardFiles.manifest(upload());
        assertFault(
                Fault.Kind.BUNDLE,
                "another model bundle",
                new Manifest(
                        "c".repeat(64),
                        good.precision(),
                        good.watBytes(),
                        good.candidateDigest(),
                        good.counts(),
                        good.objects(),
                        good.seconds()));
        assertEquals(List.of(), seen);
    }

    private static Manifest with(Manifest manifest, Counts counts) {
        return new Manifest(
                manifest.bundle(),
                manifest.precision(),
                manifest.watBytes(),
                manifest.candidateDigest(),
                counts,
                manifest.objects(),
                manifest.seconds());
    }

    @Test
    void aManifestWhoseSumsDoNotAddUpIsRefused() throws Exception {
        Manifest good = ShardFiles.manifest(upload());
        assertFault(
                Fault.Kind.SUMS,
                "objects hold 2 rows",
                with(good, new Counts(1, 0, 1, 0, 5, 3, 3, Map.of("no_text", 2L), Map.of(), 7)));
        assertFault(
                Fault.Kind.SUMS,
                "images 5 is not",
                with(good, new Counts(1, 0, 1, 0, 5, 2, 2, Map.of("no_text", 2L), Map.of(), 7)));
    }

    @Test
    void aScoringJobsManifestMustFitItsFetchJobs() throws Exception {
        Manifest good = ShardFiles.manifest(upload());
        assertNull(intake.look(JOB, TOKEN, "ada", good, good, seen::add).fault());
        Manifest fetched = with(good, new Counts(2, 0, 1, 0, 4, 2, 2, Map.of("no_text", 2L), Map.of(), 7));
        Fault fault = intake.look(JOB, TOKEN, "ada", good, fetched, seen::add).fault();
        assertNotNull(fault);
        assertEquals(Fault.Kind.SUMS, fault.kind());
        assertEquals("the counts of links are not those of the fetch job", fault.detail());
    }

    @Test
    void anObjectThatWasNotUploadedIsMissed() throws Exception {
        ShardObject object = upload();
        store.delete(incoming(object));
        assertFault(Fault.Kind.MISSING, "was not uploaded", ShardFiles.manifest(object));
    }

    @Test
    void anObjectOfAnotherLengthIsRefused() throws Exception {
        ShardObject object = upload();
        byte[] bytes = Files.readAllBytes(folder.resolve("objects").resolve(incoming(object)));
        replace(object, Arrays.copyOf(bytes, bytes.length - 1));
        assertFault(Fault.Kind.SIZE, "instead of " + object.bytes(), ShardFiles.manifest(object));
        replace(object, Arrays.copyOf(bytes, bytes.length + 1));
        assertFault(Fault.Kind.SIZE, "instead of " + object.bytes(), ShardFiles.manifest(object));
    }

    /** A shard that would be good had it been declared. */
    @Test
    void anObjectWithOtherBytesThanDeclaredIsRefused() throws Exception {
        ShardObject object = upload();
        Path key = folder.resolve("objects").resolve(incoming(object));
        byte[] bytes = Files.readAllBytes(key);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("text 1");
        bytes[at + 5] = '9';
        replace(object, bytes);
        assertFault(Fault.Kind.DIGEST, "has other bytes than declared", ShardFiles.manifest(object));
        assertEquals(List.of(), seen);
    }

    @Test
    void aShardOfAnotherAttemptOrWorkerIsRefused() throws Exception {
        ShardObject object = upload();
        Fault fault = intake.look(JOB, TOKEN, "bela", ShardFiles.manifest(object), null, seen::add)
                .fault();
        assertNotNull(fault);
        assertEquals(Fault.Kind.CONTENTS, fault.kind());
        assertTrue(fault.detail().contains("gleaner.worker"), fault.detail());
    }

    @Test
    void oneBadObjectAmongGoodOnesSpoilsTheResult() throws Exception {
        ShardObject good = upload();
        Map<String, Object> unsafe = ShardFiles.pair(3);
        unsafe.put("similarity", 0.1f);
        ShardObject bad = ShardFiles.upload(store, folder, JOB, TOKEN, "ada", List.of(unsafe));
        Manifest manifest = new Manifest(
                ShardFiles.BUNDLE,
                "fp32",
                10,
                "0".repeat(32),
                new Counts(1, 0, 1, 0, 3, 3, 3, Map.of(), Map.of(), 7),
                List.of(good, new ShardObject("shard-1.parquet", bad.bytes(), bad.sha256(), 1)),
                1);
        assertFault(Fault.Kind.CONTENTS, "object shard-1.parquet: a similarity of 0.1", manifest);
    }

    @Test
    void whatAFetchJobHandsInMustBeBatches() throws Exception {
        Manifest shard = ShardFiles.manifest(upload());
        Fault fault = intake.look(job(Stage.FETCH), TOKEN, "ada", shard, null, seen::add)
                .fault();
        assertNotNull(fault);
        assertTrue(fault.detail().contains("columns instead of"), fault.detail());
        Path file = ShardFiles.write(
                folder.resolve("batch"),
                ShardFiles.schema(List.of(BatchColumn.values())),
                ShardFiles.metadata("c", 7, TOKEN.toString(), "ada"),
                List.of(ShardFiles.picture(1, 0)));
        ShardObject batch = new ShardObject("batch-0.parquet", Files.size(file), Digests.sha256(file), 1);
        store.put(incoming(batch), file);
        assertNull(intake.look(job(Stage.FETCH), TOKEN, "ada", ShardFiles.manifest(batch), null, seen::add)
                .fault());
    }

    @Test
    void aStoreThatCannotBeReadGivesNoVerdict() throws Exception {
        Manifest manifest = ShardFiles.manifest(upload());
        Files.delete(folder.resolve("objects/coming"));
        assertThrows(IOException.class, () -> look(manifest));
    }

    @Test
    void theObjectsOfAResultThatCountsNoMoreMoveAwayAndBack() throws Exception {
        ShardObject object = upload();
        Manifest manifest = ShardFiles.manifest(object);
        intake.promote(look(manifest));
        Profile profile = intake.profile(JOB, TOKEN, manifest);
        assertFalse(profile.equals(Profile.none()));
        intake.retire(JOB, TOKEN, manifest);
        assertEquals(Set.of(retracted(object)), keys());
        intake.retire(JOB, TOKEN, manifest);
        assertEquals(Set.of(retracted(object)), keys(), "the second time there is nothing to move");
        assertEquals(profile, intake.profile(JOB, TOKEN, manifest), "which is the same wherever they lie");
        assertTrue(intake.restore(JOB, TOKEN, manifest));
        assertEquals(Set.of(accepted(object)), keys());
        assertTrue(intake.restore(JOB, TOKEN, manifest));
        store.put(retracted(object), folder.resolve("objects").resolve(accepted(object)));
        assertEquals(profile, intake.profile(JOB, TOKEN, manifest), "and counted once if a copy was left behind");
        store.delete(retracted(object));
        store.delete(accepted(object));
        assertFalse(intake.restore(JOB, TOKEN, manifest), "an object is gone");
        assertEquals(Profile.none(), intake.profile(JOB, TOKEN, manifest));
    }

    @Test
    void aResultThatDoesNotCountAfterAllLeavesNothingAmongTheAccepted() throws Exception {
        ShardObject object = upload();
        intake.promote(look(ShardFiles.manifest(object)));
        intake.withdraw(JOB, TOKEN, ShardFiles.manifest(object));
        assertEquals(Set.of(), keys());
    }

    /** Of a store in which uploads come in parts, the last of which may have arrived just now. */
    @Test
    void partsThatAreAllThereAreMadeAnObjectBeforeItIsMissed() throws Exception {
        ShardObject object = upload();
        Path parts = Files.move(folder.resolve("objects").resolve(incoming(object)), folder.resolve("parts"));
        ObjectStore inParts = new ForwardingStore(store) {
            @Override
            public void complete(String key, ShardObject whole) throws IOException {
                assertEquals(object, whole);
                put(key, parts);
            }
        };
        Intake.Looked looked =
                new Intake(inParts).look(JOB, TOKEN, "ada", ShardFiles.manifest(object), null, seen::add);
        assertNull(looked.fault());
        assertEquals(
                Set.of(incoming(object)),
                looked.good().keySet().stream().map(ObjectStore.Known::key).collect(Collectors.toSet()));
    }
}
