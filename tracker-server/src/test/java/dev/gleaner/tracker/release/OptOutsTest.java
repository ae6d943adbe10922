package dev.gleaner.tracker.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.tracker.release.OptOuts.Kind;
import dev.gleaner.tracker.release.OptOuts.OptOut;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
}
