package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.explore.Explorer;
import dev.gleaner.tracker.explore.PairIndex;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.release.PairRow;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Searches and subsets show no pair that may be unsafe, or whose opt-out came after the release was made. */
class ExploreCallsTest {
    private static final String RELEASE = "c-all-1";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private final List<String> stopped = new ArrayList<>();
    private SqlLedger ledger;
    private Explorer explorer;
    private ExploreCalls calls;

    private static PairRow row(long id, String host, @Nullable String nsfw) {
        ByteBuffer numbers = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        numbers.putShort((short) 0x3c00).putShort((short) 0).flip();
        return new PairRow(
                id,
                "https://" + host + "/" + id + ".jpg",
                "a red house",
                640,
                480,
                null,
                new PictureMarks(nsfw, null, null),
                0.4f,
                "https://page.example.org/" + id,
                "a.wat.gz",
                0,
                new ImageHashes(String.format("%064x", id), String.format("%032x", id), null, null),
                9_000,
                "JPEG",
                "en",
                null,
                0,
                200,
                "m",
                numbers,
                7,
                "t",
                "w");
    }

    @BeforeEach
    void open() throws Exception {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        FileObjectStore store = new FileObjectStore(folder.resolve("objects"), new byte[32], clock);
        Path indexes = folder.resolve("indexes");
        try (PairIndex.Builder builder = new PairIndex.Builder(indexes.resolve(RELEASE))) {
            builder.add(row(1, "a.org", "UNLIKELY"));
            builder.add(row(2, "a.org", null));
            builder.add(row(3, "a.org", "UNSURE"));
            builder.add(row(4, "a.org", "NSFW"));
            builder.add(row(5, "b.org", "UNLIKELY"));
            builder.add(row(6, "c.org", "UNLIKELY"));
            for (long id = 100; id < 160; id++) {
                builder.add(row(id, "many.org", "UNLIKELY"));
            }
        }
        explorer = new Explorer(store, indexes, 1_000);
        calls = new ExploreCalls(
                ledger.releaseBook(),
                explorer,
                null,
                new BundleShelf(folder.resolve("bundles"), store),
                () -> List.copyOf(stopped));
    }

    @AfterEach
    void close() throws Exception {
        explorer.close();
        ledger.close();
    }

    private List<String> found(String by, String value) throws IOException {
        return calls.search(RELEASE, by, value).hits().stream()
                .map(ExploreCalls.Found::sampleId)
                .sorted()
                .toList();
    }

    private List<Long> exported(String by, String value) throws IOException {
        List<Long> ids = new ArrayList<>();
        for (String line : new String(calls.export(RELEASE, by, value), StandardCharsets.UTF_8)
                .lines()
                .toList()) {
            ids.add(JSON.readTree(line).path("SAMPLE_ID").asLong());
        }
        ids.sort(null);
        return ids;
    }

    private void optOut(String kind, String value) {
        ledger.releaseBook()
                .optOut(
                        new ReleaseBook.Wish(
                                kind, value, ReleaseBook.WishState.HONOURED, null, null, clock.instant(), "op"),
                        "op")
                .toCompletableFuture()
                .join();
    }

    private static void assertRefused(ProblemCode code, Executable call) {
        assertEquals(code, assertThrows(Refusal.class, call).code());
    }

    @Test
    void whatMayBeUnsafeIsCountedAndNotShown() throws Exception {
        ExploreCalls.Answer answer = calls.search(RELEASE, "domain", "a.org");
        assertEquals(2, answer.hidden());
        assertEquals(66, answer.pairs());
        assertEquals(List.of("1", "2"), found("domain", "A.org"));
        assertEquals(List.of(1L, 2L), exported("domain", "a.org"));
        for (ExploreCalls.Found found : answer.hits()) {
            assertEquals(found.sampleId().equals("1"), found.checked(), "whether a safety head has looked is told");
        }
    }

    @Test
    void whatWasOptedOutSinceIsNotShownEither() throws Exception {
        optOut("url", "https://a.org/1.jpg");
        optOut("image", String.format("%032x", 2));
        optOut("page", "https://page.example.org/6");
        stopped.add("b.org");
        assertEquals(List.of(), found("domain", "a.org"));
        assertEquals(List.of(), found("domain", "b.org"));
        assertEquals(List.of(), found("address", "https://c.org/6.jpg"));
        assertEquals(List.of(), exported("domain", "a.org"));
        assertEquals(List.of(), exported("domain", "b.org"));
        assertEquals(List.of(), exported("image", String.format("%064x", 6)));
        assertEquals(1, calls.search(RELEASE, "domain", "b.org").hidden());
    }

    @Test
    void anAnswerShowsAFewAndASubsetHasAll() throws Exception {
        assertEquals(50, found("domain", "many.org").size());
        assertEquals(60, exported("domain", "many.org").size());
        assertEquals(List.of("110"), found("image", String.format("%064X", 110)), "digests in whatever case");
        assertEquals(50, found("like", "1").size());
        assertEquals(50, found("words", "red").size());
    }

    @Test
    void whatCannotBeLookedForIsRefusedInWords() {
        assertRefused(ProblemCode.MALFORMED_REQUEST, () -> calls.search(RELEASE, "words", "  "));
        assertRefused(ProblemCode.MALFORMED_REQUEST, () -> calls.search(RELEASE, "words", "x".repeat(2_001)));
        assertRefused(ProblemCode.MALFORMED_REQUEST, () -> calls.search(RELEASE, "colour", "red"));
        assertRefused(ProblemCode.MALFORMED_REQUEST, () -> calls.search(RELEASE, "like", "one"));
        assertRefused(ProblemCode.MALFORMED_REQUEST, () -> calls.export(RELEASE, "words", ""));
        for (String other : List.of("c-all-2", "..", "../indexes/" + RELEASE, "none")) {
            assertRefused(ProblemCode.NOT_FOUND, () -> calls.search(other, "words", "red"));
            assertRefused(ProblemCode.NOT_FOUND, () -> calls.export(other, "words", "red"));
        }
        assertFalse(calls.hasMeanings());
        assertRefused(ProblemCode.NOT_FOUND, () -> calls.search(RELEASE, "meaning", "red"));
        assertRefused(ProblemCode.NOT_FOUND, () -> calls.searchPicture(RELEASE, new byte[9]));
    }

    @Test
    void indexesOfReleasesThatAreNotTheNewestGo() throws Exception {
        assertNotNull(calls.search(RELEASE, "words", "red"));
        calls.work();
        assertRefused(ProblemCode.NOT_FOUND, () -> calls.search(RELEASE, "words", "red"));
        assertFalse(Files.exists(folder.resolve("indexes").resolve(RELEASE)));
    }
}
