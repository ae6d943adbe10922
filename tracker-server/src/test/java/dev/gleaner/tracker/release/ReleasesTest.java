package dev.gleaner.tracker.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ShardFiles;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ForwardingStore;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A release shows what the store really holds of results that count, or nothing; a builder that dies is followed by another. */
class ReleasesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long ROWS = 2;

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private final List<Order> orders = new ArrayList<>();
    private SqlLedger ledger;
    private FileObjectStore store;

    /** Runs whenever a release has been assembled. */
    private Runnable afterAssembly = () -> {};

    private int rests;

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        store = new FileObjectStore(folder.resolve("objects"), new byte[32], clock);
        await(ledger.addCampaign(
                new CampaignSpec("c", "https://x/", 1, ShardFiles.BUNDLE, Policy.laion400m()),
                List.of("p0", "p1", "p2"),
                "op"));
        await(Newcomers.enrol(ledger.roster(), "ada", "ada"));
        for (long job = 1; job <= 2; job++) {
            accept(job);
        }
        // Another campaign's result.
        await(ledger.addCampaign(
                new CampaignSpec("d", "https://x/", 1, ShardFiles.BUNDLE, Policy.laion400m()), List.of("p0"), "op"));
        accept(4);
        for (String prefix : List.of("building", "releases")) {
            Files.createDirectories(folder.resolve("objects").resolve(prefix));
        }
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static Manifest manifest(long job) {
        return ShardFiles.manifest(new ShardObject("s", 9, Tokens.hash("shard " + job), ROWS));
    }

    private void accept(long job) throws Exception {
        await(ledger.apply(job, new LedgerEvent.Grant("ada", "r", Duration.ofHours(6), false), "t"));
        Manifest manifest = manifest(job);
        String json = JSON.writeValueAsString(manifest);
        await(ledger.apply(
                job,
                new LedgerEvent.Submit(
                        "ada",
                        new FencingToken(ledger.epoch(), 1),
                        json,
                        Tokens.hash(json),
                        manifest.candidateDigest()),
                "t"));
        await(ledger.accept(job, 1, manifest, Profile.none()));
    }

    private void retract(long job) {
        await(ledger.retract(job, 1, manifest(job), Profile.none(), "wrong", "op"));
    }

    /** Writes one file; its rows are those of the shards it was given. */
    private final class OneFile implements Assembly {
        @Override
        public Survey survey(Order order, Consumer<Progress> progress) {
            Survey survey = new Survey(Preset.parse(order.preset()).parts().size());
            for (long row = 0; row < order.rows(); row++) {
                survey.in(0, 0.4f);
            }
            progress.accept(new Progress("survey", 1, 1));
            return survey;
        }

        @Override
        public Assembled assemble(Order order, Cut cut, Consumer<Progress> progress) {
            orders.add(order);
            try {
                Path file = Files.writeString(folder.resolve("part"), "rows " + order.rows());
                store.put(order.folder() + "part-0.parquet", file);
                PartFile part = new PartFile("part-0.parquet", Files.size(file), Digests.sha256(file), order.rows(), 0);
                afterAssembly.run();
                return new Assembled(List.of(part), 0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void rest() {
            rests++;
        }
    }

    private Releases releases(String builder, ObjectStore through) {
        return new Releases(
                ledger,
                ledger.releaseBook(),
                ledger.chain(),
                through,
                new OneFile(),
                List::of,
                folder.resolve("scratch"),
                builder,
                clock);
    }

    private ReleaseBook.Version begin() {
        Preset preset = Preset.builtIn(Preset.BUILT_IN.get(0));
        return await(ledger.releaseBook().begin("c", preset.name(), preset.json(), 1_000, "op"));
    }

    private ReleaseBook.Version now(ReleaseBook.Version version) {
        return ledger.releaseBook().release(version.name()).orElseThrow();
    }

    private Set<String> keys(String prefix) throws IOException {
        Set<String> keys = new TreeSet<>();
        store.each(
                prefix, object -> keys.add(object.key().substring(object.key().lastIndexOf('/') + 1)));
        return keys;
    }

    private static ReleaseManifest read(ReleaseBook.Version version) throws IOException {
        return JSON.readValue(version.manifest(), ReleaseManifest.class);
    }

    @Test
    void aReleaseIsThereWithItsFilesAndWhatItWasMadeOf() throws Exception {
        ReleaseBook.Version version = begin();
        store.put("building/" + version.id() + "/left", Files.writeString(folder.resolve("left"), "left by a crash"));
        releases("t1", store).work();
        assertEquals(1, rests);
        assertEquals(
                ReleaseBook.State.PUBLISHED,
                now(version).state(),
                String.valueOf(now(version).progress()));
        ReleaseManifest manifest = read(now(version));
        assertEquals(2, manifest.shards());
        assertEquals(2 * ROWS, manifest.rows());
        assertEquals(2 * ROWS, manifest.read());
        assertEquals(2, manifest.chain().seq(), "both results are in the chain");
        assertEquals(Set.of(), keys("building/"));
        Set<String> files = new TreeSet<>(Set.of(ReleaseManifest.FILE));
        manifest.files().forEach(file -> files.add(file.name()));
        assertEquals(files, keys("releases/"));
        assertTrue(files.contains("part-0.parquet"));
    }

    @Test
    void aResultThatWasTakenBackMeanwhileIsNotInTheRelease() throws Exception {
        ReleaseBook.Version version = begin();
        afterAssembly = () -> {
            if (orders.size() == 1) {
                retract(1);
            }
        };
        releases("t1", store).work();
        assertEquals(2, orders.size(), "it was made anew");
        ReleaseManifest manifest = read(now(version));
        assertEquals(1, manifest.shards());
        assertEquals(ROWS, manifest.rows());
    }

    @Test
    void aResultThatCameMeanwhileIsForTheNextRelease() throws Exception {
        ReleaseBook.Version version = begin();
        afterAssembly = () -> {
            try {
                accept(3);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        };
        releases("t1", store).work();
        assertEquals(1, orders.size());
        assertEquals(2, read(now(version)).shards());
    }

    @Test
    void aReleaseWhoseResultsAreTakenBackAgainAndAgainFails() throws Exception {
        accept(3);
        ReleaseBook.Version version = begin();
        afterAssembly = () -> retract(orders.size());
        releases("t1", store).work();
        assertEquals(3, orders.size());
        assertEquals(ReleaseBook.State.FAILED, now(version).state());
        assertTrue(String.valueOf(now(version).progress()).contains("again and again"));
        assertEquals(Set.of(), keys("building/"));
        assertEquals(Set.of(), keys("releases/"));
    }

    @Test
    void aFileThatTheStoreGivesBackOtherwiseIsNotPublished() throws Exception {
        ReleaseBook.Version version = begin();
        ObjectStore bad = new ForwardingStore(store) {
            @Override
            public LocalCopy open(String key, long maxBytes) throws IOException {
                if (key.endsWith(".parquet")) {
                    Path file = folder.resolve("objects").resolve(key);
                    Files.writeString(file, Files.readString(file).replace("rows", "Rows"));
                }
                return super.open(key, maxBytes);
            }
        };
        releases("t1", bad).work();
        assertEquals(ReleaseBook.State.FAILED, now(version).state());
        assertTrue(
                String.valueOf(now(version).progress()).contains("the store gives other bytes for building/"),
                now(version).progress());
        assertEquals(Set.of(), keys("releases/"));
        assertEquals(Set.of(), keys("building/"), "what was half made is cleared away");
    }

    @Test
    void whatIsBuiltByAnotherIsLeftToItUntilItIsSilent() throws Exception {
        ReleaseBook.Version version = begin();
        assertTrue(await(ledger.releaseBook().claim(version.id(), "t2", clock.instant())));
        releases("t1", store).work();
        assertEquals(0, orders.size());
        clock.advance(Duration.ofSeconds(61));
        releases("t1", store).work();
        assertEquals(ReleaseBook.State.PUBLISHED, now(version).state());
        releases("t1", store).work();
        assertEquals(1, orders.size(), "and once it is there it is not built again");
    }

    @Test
    void aBuilderThatWasThoughtDeadStopsWhenAnotherHasTakenOver() throws Exception {
        ReleaseBook.Version version = begin();
        afterAssembly = () -> {
            clock.advance(Duration.ofSeconds(61));
            assertTrue(await(ledger.releaseBook()
                    .claim(version.id(), "t2", clock.instant().minusSeconds(60))));
        };
        releases("t1", store).work();
        assertEquals(ReleaseBook.State.BUILDING, now(version).state(), "the other builds it");
        assertEquals(Set.of(), keys("releases/"));
    }

    @Test
    void aTrackerThatStopsLeavesTheReleaseToBeBuilt() throws Exception {
        ReleaseBook.Version version = begin();
        afterAssembly = () -> {
            throw new CancellationException("the tracker stops");
        };
        releases("t1", store).work();
        assertEquals(ReleaseBook.State.BUILDING, now(version).state());
        afterAssembly = () -> {};
        releases("t1", store).work();
        assertEquals(ReleaseBook.State.PUBLISHED, now(version).state(), "the same builder may go on at once");
    }
}
