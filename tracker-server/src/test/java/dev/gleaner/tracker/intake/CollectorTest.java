package dev.gleaner.tracker.intake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happened before: what a result names, or may still name, stays. */
class CollectorTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration DELAY = Duration.ofHours(48);
    private static final int JOBS = 30;

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private SqlLedger ledger;
    private FileObjectStore store;

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        store = new FileObjectStore(folder.resolve("objects"), new byte[32], clock);
        List<String> paths = IntStream.range(0, JOBS).mapToObj(i -> "p" + i).toList();
        await(ledger.addCampaign(
                new CampaignSpec("c", "https://x/", 1, "b".repeat(64), Policy.laion400m()), paths, "op"));
        await(Newcomers.enrol(ledger.roster(), "ada", "ada"));
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private void put(String key, Duration age) throws Exception {
        Path file = folder.resolve("objects").resolve(key);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "x");
        Files.setLastModifiedTime(file, FileTime.from(clock.instant().minus(age)));
    }

    private Set<String> keys() throws Exception {
        Set<String> keys = new TreeSet<>();
        store.each("", object -> keys.add(object.key()));
        return keys;
    }

    private static Manifest manifest(List<String> shas) {
        List<ShardObject> objects = shas.stream()
                .map(sha -> new ShardObject("s" + sha.charAt(0), 1, sha, 1))
                .toList();
        return new Manifest(
                "b".repeat(64),
                "fp32",
                1,
                "0".repeat(32),
                new Counts(1, 0, 1, 0, 1, 1, 1, Map.of(), Map.of(), 1),
                objects,
                1);
    }

    private void accept(long job, Manifest manifest) throws Exception {
        await(ledger.apply(job, new LedgerEvent.Grant("ada", "r", Duration.ofHours(6), false), "t"));
        await(ledger.apply(
                job,
                new LedgerEvent.Submit(
                        "ada",
                        new FencingToken(ledger.epoch(), 1),
                        JSON.writeValueAsString(manifest),
                        "print",
                        manifest.candidateDigest()),
                "t"));
        await(ledger.accept(job, 1, manifest, Profile.none()));
    }

    private long ready(Stage stage) {
        return ledger.ready(stage, 1, clock.instant(), Share.ALL).get(0).job();
    }

    @Test
    void aBatchStaysUntilEveryCampaignThatScoresItHasDoneSo() throws Exception {
        Policy policy = Policy.laion400m();
        String bundle = "b".repeat(64);
        await(ledger.addCampaign(
                new CampaignSpec("f", "https://x/", 1, bundle, policy, Stage.FETCH, null), List.of("p"), "op"));
        long fetch = ready(Stage.FETCH);
        String key = ObjectKeys.accepted("f", fetch, new FencingToken(ledger.epoch(), 1), "a".repeat(64));
        put(key, Duration.ofDays(9));
        accept(fetch, manifest(List.of("a".repeat(64))));
        Collector collector = new Collector(ledger, store, clock);
        collector.collect(DELAY, true);
        assertTrue(keys().contains(key), "nobody scores it yet");
        for (String name : List.of("s1", "s2")) {
            await(ledger.addCampaign(
                    new CampaignSpec(name, "https://x/", 1, bundle, policy, Stage.SCORE, "f"), List.of(), "op"));
        }
        accept(ready(Stage.SCORE), manifest(List.of("c".repeat(64))));
        collector.collect(DELAY, true);
        assertTrue(keys().contains(key), "one of two has scored it");
        accept(ready(Stage.SCORE), manifest(List.of("d".repeat(64))));
        collector.collect(DELAY, true);
        assertTrue(!keys().contains(key), "both have");
    }

    /** Random histories with objects before, beside and after what the manifests name. */
    @Test
    void nothingThatAResultNamesOrMayStillNameIsEverCollected() throws Exception {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            Set<String> mustStay = new HashSet<>();
            Set<String> mustGo = new HashSet<>();
            history(random, seed, mustStay, mustGo);
            Collector collector = new Collector(ledger, store, clock);
            Collector.Found dry = collector.collect(DELAY, false);
            assertTrue(keys().containsAll(mustGo), "a dry run deletes nothing; seed " + seed);
            Collector.Found real = collector.collect(DELAY, true);
            assertEquals(dry, real, "the dry run tells what will go; seed " + seed);
            Set<String> left = keys();
            for (String key : mustStay) {
                assertTrue(left.contains(key), key + " was collected; seed " + seed);
            }
            for (String key : mustGo) {
                assertTrue(!left.contains(key), key + " was left; seed " + seed);
            }
        }
    }

    private void history(Random random, int seed, Set<String> mustStay, Set<String> mustGo) throws Exception {
        for (long job = 1; job <= JOBS; job++) {
            if (!(await(ledger.apply(job, new LedgerEvent.Grant("ada", "r" + seed, Duration.ofHours(6), false), "t"))
                            .orElseThrow()
                    instanceof Decision.Applied granted)) {
                continue;
            }
            int number = granted.attempts().get(0).number();
            FencingToken token = new FencingToken(ledger.epoch(), number);
            String named = Tokens.hash("named" + seed + job);
            String other = Tokens.hash("other" + seed + job);
            boolean young = random.nextInt(4) == 0;
            Duration age = young ? DELAY.minusHours(1) : DELAY.plusHours(1);
            for (String sha : List.of(named, other)) {
                put(ObjectKeys.incoming("c", job, token, sha), age);
                put(ObjectKeys.accepted("c", job, token, sha), age);
            }
            Manifest manifest = manifest(List.of(named));
            LedgerEvent.Submit submit = new LedgerEvent.Submit(
                    "ada", token, JSON.writeValueAsString(manifest), "print", manifest.candidateDigest());
            int end = random.nextInt(6);
            switch (end) {
                case 0 -> {}
                case 1 -> await(ledger.apply(job, submit, "ada"));
                case 2 -> {
                    await(ledger.apply(job, submit, "ada"));
                    await(ledger.accept(job, number, manifest, Profile.none()));
                }
                case 3 -> {
                    await(ledger.apply(job, submit, "ada"));
                    await(ledger.apply(job, new LedgerEvent.Reject(number, "no"), "t"));
                }
                case 4 -> await(ledger.apply(job, new LedgerEvent.Expire(number, "late", true), "t"));
                default ->
                    await(ledger.apply(job, new LedgerEvent.Fail("ada", token, FailureClass.NETWORK, "net"), "t"));
            }
            for (String sha : List.of(named, other)) {
                for (boolean accepted : new boolean[] {false, true}) {
                    String key = accepted
                            ? ObjectKeys.accepted("c", job, token, sha)
                            : ObjectKeys.incoming("c", job, token, sha);
                    boolean needed = end <= 1 || (end == 2 && accepted && sha.equals(named));
                    (young || needed ? mustStay : mustGo).add(key);
                }
            }
        }
        String stranger = "accepted/other/" + "f".repeat(16) + "/1/1/" + Tokens.hash("s" + seed) + ".parquet";
        put(stranger, DELAY.plusHours(1));
        mustGo.add(stranger);
        for (String foreign : List.of("accepted/readme.txt", "bundles/x/y", "incoming/c/strange")) {
            put(foreign, DELAY.plusHours(1));
            mustStay.add(foreign);
        }
    }

    @Test
    void aHeldSecondOpinionKeepsItsObjects() throws Exception {
        await(ledger.apply(1, new LedgerEvent.Grant("ada", "r", Duration.ofHours(6), false), "t"));
        await(ledger.apply(1, new LedgerEvent.Expire(1, "late", true), "t"));
        await(ledger.apply(1, new LedgerEvent.Grant("ada", "r2", Duration.ofHours(6), false), "t"));
        FencingToken token = new FencingToken(ledger.epoch(), 1);
        Manifest manifest = manifest(List.of("a".repeat(64)));
        await(ledger.apply(
                1,
                new LedgerEvent.Submit(
                        "ada", token, JSON.writeValueAsString(manifest), "print", manifest.candidateDigest()),
                "ada"));
        String key = ObjectKeys.incoming("c", 1, token, "a".repeat(64));
        put(key, DELAY.plusHours(1));
        assertEquals(0, new Collector(ledger, store, clock).collect(DELAY, true).objects());
        assertTrue(keys().contains(key));
    }

    @Test
    void aDelayThatUploadsUnderWayWouldNotSurviveIsRefused() {
        Collector collector = new Collector(ledger, store, clock);
        assertThrows(IllegalArgumentException.class, () -> collector.collect(Duration.ofMinutes(59), false));
    }

    @Test
    void whatALedgerThatWasRestoredNoLongerKnowsIsCollectedAfterTheDelay() throws Exception {
        FencingToken lost = new FencingToken("ffffffffffffffff", 1);
        String key = ObjectKeys.accepted("c", 2, lost, "a".repeat(64));
        put(key, Duration.ofHours(47));
        Collector collector = new Collector(ledger, store, clock);
        assertEquals(0, collector.collect(DELAY, true).objects());
        clock.advance(Duration.ofHours(2));
        assertEquals(List.of(key), collector.collect(DELAY, true).sample());
    }
}
