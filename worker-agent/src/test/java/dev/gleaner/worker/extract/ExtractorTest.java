package dev.gleaner.worker.extract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExtractorTest {
    private final List<Candidate> found = new ArrayList<>();

    private static String record(String head, String links) {
        return "{\"Envelope\":{\"Payload-Metadata\":{\"HTTP-Response-Metadata\":{\"HTML-Metadata\":{\"Head\":{" + head
                + "},\"Links\":[" + links
                + "]}}},\"WARC-Header-Metadata\":{\"WARC-Target-URI\":\"http://example.org/dir/page.html\"}}}";
    }

    private static String img(String url, String alt) {
        return "{\"path\":\"IMG@/src\",\"url\":\"" + url + "\",\"alt\":\"" + alt + "\"}";
    }

    private Extractor extract(Policy policy, String... records) {
        Extractor extractor = new Extractor(policy, found::add);
        long offset = 0;
        for (String record : records) {
            byte[] bytes = record.getBytes(StandardCharsets.UTF_8);
            assertTrue(extractor.accept(offset++, bytes, 0, bytes.length));
        }
        long dropped = extractor.counts().dropped().values().stream()
                .mapToLong(Long::longValue)
                .sum();
        assertEquals(extractor.counts().images(), extractor.counts().candidates() + dropped);
        return extractor;
    }

    private Extractor extract(String... links) {
        return extract(Policy.laion400m(), record("", String.join(",", links)));
    }

    @Test
    void aLinkWithATextBecomesACandidateWithItsProvenance() {
        extract(
                Policy.laion400m(),
                record(
                        "\"Metas\":[{\"name\":\"HTML@/lang\",\"content\":\"en\"}]",
                        "{}," + img("a.jpg", "a red apple")));
        assertEquals(
                new Candidate(
                        "http://example.org/dir/a.jpg",
                        "a red apple",
                        "http://example.org/dir/page.html",
                        null,
                        "en",
                        0,
                        0),
                found.get(0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Tom &amp;amp; Jerry | Tom & Jerry",
                "Caf&eacute; au lait | Café au lait",
                "a \\n\\t  b\\u00a0c de | a b c de",
                "Cafe\\u0301 noir | Café noir",
                "&lt;b&gt;bold&lt;/b&gt; | <b>bold</b>",
                "&amp;lt;3 hearts | <3 hearts",
            })
    void textsAreCleanedByTheRule(String alt, String text) {
        extract(img("a.jpg", alt.strip()));
        assertEquals(text.strip(), found.get(0).text());
    }

    @Test
    void textsAreCutAtTheLimitInCodePoints() {
        extract(img("a.jpg", "🙂".repeat(2_500)));
        assertEquals(
                2_000, found.get(0).text().codePointCount(0, found.get(0).text().length()));
    }

    @Test
    void everyDropHasItsReasonAndTheFirstThatAppliesCounts() {
        Policy policy = withBlocks(Set.of("bad.example"), Set.of("http://example.org/dir/optout.jpg"));
        Extractor extractor = extract(
                policy,
                record(
                        "",
                        String.join(
                                ",",
                                img("a.jpg", ""),
                                "{\"path\":\"IMG@/src\",\"url\":\"b.jpg\"}",
                                img("a.svg", "   "),
                                img("a.jpg", "abcd"),
                                img("a.svg", "&amp;&amp;"),
                                img("http://[", "a long text"),
                                img("", "a long text"),
                                img("data:image/png;base64,AA", "a long text"),
                                "{\"path\":\"IMG@/src\",\"alt\":\"no address\"}",
                                img("ftp://example.org/a.jpg", "a long text"),
                                img("x".repeat(2_000) + ".jpg", "a long text"),
                                img("a.SVG", "a long text"),
                                img("b.gif?x", "a long text"),
                                img("http://cdn.bad.example/a.jpg", "a long text"),
                                img("optout.jpg#x", "a long text"),
                                img("a.jpg", "first text"),
                                img("./a.jpg#frag", "second text"))));
        assertEquals(
                Map.of(
                        "no_text",
                        3L,
                        "short_text",
                        2L,
                        "bad_url",
                        4L,
                        "bad_scheme",
                        1L,
                        "long_url",
                        1L,
                        "image_type",
                        2L,
                        "blocked",
                        2L,
                        "duplicate",
                        1L),
                extractor.counts().dropped());
        assertEquals(1, found.size());
        assertEquals("first text", found.get(0).text());
    }

    @Test
    void onlyTheAmpersandEntityIsUndoneInAddresses() {
        extract(img("a.jpg?x=1&amp;y=2&lt;", "a long text"));
        assertEquals("http://example.org/dir/a.jpg?x=1&y=2&lt;", found.get(0).url());
    }

    @Test
    void theBaseElementCountsResolvedAgainstThePage() {
        extract(Policy.laion400m(), record("\"Base\":\"/img/\"", img("a.jpg", "a long text")));
        assertEquals("http://example.org/img/a.jpg", found.get(0).url());
    }

    @Test
    void theLicenceIsTheFirstLinkThatNamesOneWhereverItStands() {
        extract(
                img("a.jpg", "a long text"),
                "{\"path\":\"A@/href\",\"url\":\"https://creativecommons.org/licenses/by/4.0/\"}",
                "{\"path\":\"A@/href\",\"url\":\"https://creativecommons.org/licenses/by-nc/4.0/\"}");
        assertEquals(
                "https://creativecommons.org/licenses/by/4.0/", found.get(0).license());
        found.clear();
        extract(img("a.jpg", "a long text"));
        assertNull(found.get(0).license());
    }

    @Test
    void otherPathsAreNoImages() {
        Extractor extractor = extract(
                "{\"path\":\"IMG@/longdesc\",\"url\":\"a.jpg\",\"alt\":\"a long text\"}",
                "{\"path\":\"img@/src\",\"url\":\"a.jpg\",\"alt\":\"a long text\"}");
        assertEquals(0, extractor.counts().images());
    }

    @Test
    void brokenJsonCountsNothing() {
        Extractor extractor = new Extractor(Policy.laion400m(), found::add);
        for (String json : new String[] {
            record("", img("a.jpg", "a long text")) + "x",
            record("", img("a.jpg", "a long text")).replace("]}}}", "]}}"),
            "",
            "[]",
            "{\"a\":"
        }) {
            byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
            assertFalse(extractor.accept(0, bytes, 0, bytes.length), json);
        }
        assertEquals(List.of(), found);
        assertEquals(0, extractor.counts().images());
    }

    @Test
    void recordsWithoutLinksAreFine() {
        assertEquals(
                0,
                extract(Policy.laion400m(), "{}", "{\"Envelope\":3}", "{\"Envelope\":{\"Payload-Metadata\":[1]}}")
                        .counts()
                        .images());
    }

    private static Policy withBlocks(Set<String> hosts, Set<String> urls) {
        Policy p = Policy.laion400m();
        return new Policy(
                p.linkPaths(),
                p.minTextCodePoints(),
                p.maxTextCodePoints(),
                p.maxUrlLength(),
                p.skippedExtensions(),
                hosts,
                urls,
                p.minImageBytes(),
                p.maxImageBytes(),
                p.maxPixels(),
                p.formats(),
                p.respectedRobotsTags(),
                p.requestTimeoutSeconds(),
                p.maxRedirects(),
                p.threshold(),
                p.rowsPerShard(),
                p.optOuts(),
                null,
                null);
    }
}
