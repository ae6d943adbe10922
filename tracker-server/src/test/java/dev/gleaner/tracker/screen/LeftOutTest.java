package dev.gleaner.tracker.screen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.lease.Marks;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.OptOuts.Kind;
import dev.gleaner.tracker.release.OptOuts.OptOut;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeftOutTest {
    private static final String URL = "https://example.org/a.jpg";

    private static final ImageHashes PICTURE = new ImageHashes("c".repeat(64), "d".repeat(32), "e".repeat(40), null);

    private static LeftOut wish(Kind kind, String value) {
        return new LeftOut(List.of(OptOut.of(kind, value)));
    }

    private static long[] link(String url) {
        return new long[] {Marks.of("MD5", url), Marks.of("SHA-1", url), Marks.of(url)};
    }

    @Test
    void nothingIsLeftOutWhenNobodyAsked() {
        assertTrue(LeftOut.NOTHING.isEmpty());
        assertEquals(List.of(), LeftOut.NOTHING.links(link(URL), 3));
    }

    @Test
    void anAddressIsToldByItselfAndByEachOfItsDigests() {
        assertEquals(List.of(0), wish(Kind.URL, URL).links(link(URL), 3));
        for (String algorithm : List.of("MD5", "SHA-1", "SHA-256")) {
            String hex = hex(algorithm, URL);
            assertEquals(List.of(0), wish(Kind.ADDRESS, hex).links(link(URL), 3), algorithm);
            assertTrue(
                    new OptOuts(List.of(OptOut.of(Kind.ADDRESS, hex))).cover(URL, "https://p/", PICTURE),
                    "and releases know it, too: " + algorithm);
            assertTrue(
                    wish(Kind.ADDRESS, hex).covers(URL, PICTURE), "and so do those who compare results: " + algorithm);
        }
        assertEquals(List.of(), wish(Kind.URL, URL).links(link(URL + "?"), 3));
    }

    @Test
    void placesAreThoseOfTheRequest() {
        LeftOut images =
                new LeftOut(List.of(OptOut.of(Kind.IMAGE, "a".repeat(32)), OptOut.of(Kind.IMAGE, "b".repeat(64))));
        long a = Marks.ofDigest("a".repeat(32));
        long b = Marks.ofDigest("b".repeat(64));
        assertEquals(List.of(1, 3), images.pictures(new long[] {1, 2, a, 3, 4, 5, 6, b}, 2));
        assertEquals(List.of(2), wish(Kind.DOMAIN, "Example.org").sites(new long[] {1, 2, Marks.of("example.org")}));
        assertEquals(List.of(0), wish(Kind.PAGE, "https://p/x").pages(new long[] {Marks.of("https://p/x")}));
        assertEquals(List.of(), wish(Kind.PAGE, URL).links(link(URL), 3), "kinds are kept apart");
    }

    @Test
    void aPairIsCoveredByItsAddressItsSiteOrItsPicture() {
        assertTrue(wish(Kind.URL, URL).covers(URL, PICTURE));
        assertTrue(wish(Kind.DOMAIN, "example.org").covers("https://a.b.Example.org:8443/x", PICTURE));
        for (String digest : List.of(PICTURE.sha256(), PICTURE.md5(), "e".repeat(40))) {
            assertTrue(wish(Kind.IMAGE, digest).covers("https://other.net/x", PICTURE), digest);
        }
        assertFalse(wish(Kind.DOMAIN, "example.org").covers("https://notexample.org/x", PICTURE));
        assertFalse(LeftOut.NOTHING.covers(URL, PICTURE));
    }

    private static String hex(String algorithm, String text) {
        try {
            return java.util.HexFormat.of()
                    .formatHex(java.security.MessageDigest.getInstance(algorithm)
                            .digest(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
