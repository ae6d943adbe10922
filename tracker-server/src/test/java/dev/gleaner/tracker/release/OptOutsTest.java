package dev.gleaner.tracker.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.release.OptOuts.Kind;
import dev.gleaner.tracker.release.OptOuts.OptOut;
import dev.gleaner.tracker.service.Tokens;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An opt-out covers what it names, by whichever mark it was told, and nothing beside it. */
class OptOutsTest {
    private static PairRow row(String url) {
        return new PairRow(
                1,
                url,
                "a text",
                640,
                480,
                null,
                PictureMarks.NONE,
                0.4f,
                "https://page.example.org/p",
                "a.wat.gz",
                0,
                new ImageHashes("a".repeat(64), "b".repeat(32), "d".repeat(40), null),
                9_000,
                "JPEG",
                null,
                null,
                0,
                200,
                "m",
                ByteBuffer.allocate(0),
                7,
                "t",
                "w");
    }

    private static boolean covers(Kind kind, String value, String url) {
        return new OptOuts(List.of(OptOut.of(kind, value))).cover(row(url));
    }

    @Test
    void aDomainMeansAllNamesBelowItAndNoOthers() {
        assertTrue(covers(Kind.DOMAIN, "Example.org", "https://example.org/a.jpg"));
        assertTrue(covers(Kind.DOMAIN, "example.org", "https://a.img.EXAMPLE.org./a.jpg"));
        assertFalse(covers(Kind.DOMAIN, "example.org", "https://notexample.org/a.jpg"));
        assertFalse(covers(Kind.DOMAIN, "img.example.org", "https://example.org/a.jpg"));
        assertFalse(covers(Kind.DOMAIN, "example.org", "https://example.org.evil.net/a.jpg"));
    }

    /** An address that no parser likes has an owner, too. */
    @ParameterizedTest
    @CsvSource({
        "https://example.org/a b.jpg",
        "https://example.org:8443/{x}.jpg",
        "https://user:pass@example.org?x=|",
        "https://evil.net@example.org/",
        "https://example.org\\a.jpg",
        "https://example.org#x"
    })
    void theHostIsFoundInWhateverIsWrittenAroundIt(String url) {
        assertEquals("example.org", OptOuts.host(url));
    }

    @Test
    void anAddressAPageAndAPictureAreMeantToTheLetter() {
        String url = "https://example.org/A.jpg";
        assertTrue(covers(Kind.URL, url, url));
        assertFalse(covers(Kind.URL, url, "https://example.org/a.jpg"));
        assertTrue(covers(Kind.PAGE, "https://page.example.org/p", url));
        assertTrue(covers(Kind.IMAGE, "A".repeat(64), url));
        assertTrue(covers(Kind.IMAGE, "b".repeat(32), url));
        assertTrue(covers(Kind.IMAGE, "D".repeat(40), url));
        assertFalse(covers(Kind.IMAGE, "c".repeat(32), url));
        assertFalse(new OptOuts(List.of()).cover(row(url)));
    }

    @Test
    void whatIsNoWishIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> OptOut.of(Kind.URL, "ftp://x/"));
        assertThrows(IllegalArgumentException.class, () -> OptOut.of(Kind.DOMAIN, "org"));
        assertThrows(IllegalArgumentException.class, () -> OptOut.of(Kind.DOMAIN, "https://example.org/"));
        assertThrows(IllegalArgumentException.class, () -> OptOut.of(Kind.IMAGE, "abc"));
    }

    /** Of a real ledger: what was decided counts, and sites whose owners stopped them. */
    @Test
    void whatIsHonouredAndStoppedSitesAreCoveredAndWhatWaitsIsNot(@TempDir Path folder) {
        try (SqlLedger ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), new ManualClock(), LedgerMonitor.NONE)) {
            ReleaseBook book = ledger.releaseBook();
            for (ReleaseBook.WishState state : ReleaseBook.WishState.values()) {
                book.optOut(
                                new ReleaseBook.Wish(
                                        "domain",
                                        state.name().toLowerCase(Locale.ROOT) + ".org",
                                        state,
                                        null,
                                        null,
                                        Instant.EPOCH,
                                        "op"),
                                "op")
                        .toCompletableFuture()
                        .join();
            }
            OptOuts optOuts = OptOuts.of(book, List.of("stopped.org"));
            assertTrue(optOuts.cover(row("https://honoured.org/a.jpg")));
            assertTrue(optOuts.cover(row("https://img.stopped.org/a.jpg")));
            assertFalse(optOuts.cover(row("https://asked.org/a.jpg")));
            assertFalse(optOuts.cover(row("https://denied.org/a.jpg")));
            assertEquals(Map.of(Kind.DOMAIN, 2), optOuts.counts());
        }
    }

    @Test
    void anAddressMayBeToldByItsDigest() {
        String url = "https://example.org/A.jpg";
        for (String digest : List.of("0".repeat(32), "0".repeat(40), Tokens.hash("https://example.org/a.jpg"))) {
            assertFalse(covers(Kind.ADDRESS, digest, url), digest);
        }
        assertTrue(covers(Kind.ADDRESS, Tokens.hash(url), url));
    }
}
