package dev.gleaner.worker.url;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebUrlTest {
    private static final WebUrl BASE = WebUrl.parse("http://example.org/a/b/c.html?q#f", null);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "img/1.jpg | http://example.org/a/b/img/1.jpg",
                "../1.jpg | http://example.org/a/1.jpg",
                "../../../../1.jpg | http://example.org/1.jpg",
                "/1.jpg | http://example.org/1.jpg",
                "//cdn.example.net/1.jpg | http://cdn.example.net/1.jpg",
                "?x=1 | http://example.org/a/b/c.html?x=1",
                "HTTP://EXAMPLE.COM:80/x | http://example.com/x",
                "https://example.com:443 | https://example.com/",
                "http:/host/x | http://example.org/host/x",
                "http:\\\\host\\x | http://host/x",
                "http://bücher.example/ä b | http://xn--bcher-kva.example/%C3%A4%20b",
                "http://0x7f.1/ | http://127.0.0.1/",
                "http://2130706433/ | http://127.0.0.1/",
                "http://[::ffff:127.0.0.1]/ | http://[::ffff:7f00:1]/",
                "http://h/a'b?c'd | http://h/a'b?c%27d",
                "http://h/%2e%2e/x | http://h/x",
            })
    void addressesResolveAsInABrowser(String input, String expected) {
        WebUrl url = WebUrl.parse(input.strip(), BASE);
        assertEquals(
                expected.strip(), url == null ? null : url.withoutFragment().toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://",
                "http://a b/",
                "http://[::1",
                "http://1.2.3.4.5/",
                "http://256.1.1.1/",
                "http://h:99999/",
                "http://ho%00st/",
                "http://a<b"
            })
    void whatABrowserRefusesIsRefused(String input) {
        assertNull(WebUrl.parse(input, null));
    }

    @Test
    void theShortWayLeadsWhereTheLongOneDoes() {
        long seed = Long.getLong("gleaner.seed", 31);
        Random random = new Random(seed);
        String[] parts = {
            "http",
            "https",
            "ftp",
            ":",
            "//",
            "/",
            "/",
            "/",
            "a",
            "b.c",
            "img.example.com",
            "EXAMPLE",
            "xn--bcher-kva",
            "..",
            ".",
            "%2e",
            "%41",
            "?",
            "#",
            "@",
            "\\",
            " ",
            "\t",
            "'",
            "\"",
            "^",
            "|",
            "[",
            "]",
            "{",
            "1.2.3.4",
            "0x7f",
            "80",
            "-",
            "_",
            "~",
            "ü",
            "x.jpg",
            "q=1&r=2",
            ";",
            "=",
            "+",
            "localhost",
            "a..b",
            "é"
        };
        WebUrl[] bases = {
            null,
            BASE,
            WebUrl.parse("https://user:pw@h.example:8080/x/y", null),
            WebUrl.parse("http://h.example", null),
            WebUrl.parse("ftp://h.example/x", null),
            WebUrl.parse("mailto:a@b", null)
        };
        int plain = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder input = new StringBuilder(random.nextInt(3) == 0 ? "https://h.example/" : "");
            for (int n = random.nextInt(7); n >= 0; n--) {
                input.append(parts[random.nextInt(parts.length)]);
            }
            WebUrl base = bases[random.nextInt(bases.length)];
            WebUrl quick = PlainUrl.parse(input.toString(), base);
            if (quick != null) {
                plain++;
                assertEquals(
                        new UrlParser(input.toString(), base).parse(), quick, input + " on " + base + ", seed " + seed);
            }
        }
        assertTrue(plain > 20_000, "only " + plain + " went the short way");
    }

    @Test
    void theExtensionIsThatOfTheLastSegment() {
        assertEquals("jpg", WebUrl.parse("http://h/a.b/c.JPG?x=.png", null).extension());
        assertEquals("", WebUrl.parse("http://h/a.svg/c", null).extension());
    }

    @Test
    void thePublicTestSuiteOfTheStandardHolds() throws Exception {
        String shared = System.getProperty("gleaner.shared", "");
        assumeTrue(!shared.isEmpty(), "skipped: no shared test material beside the checkout");
        JsonNode cases =
                new ObjectMapper().readTree(Files.readAllBytes(Path.of(shared, "data/more/url/urltestdata.json")));
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (JsonNode c : cases) {
            if (!c.isObject()) {
                continue;
            }
            checked++;
            JsonNode baseNode = c.path("base");
            WebUrl base = baseNode.isTextual() ? WebUrl.parse(baseNode.textValue(), null) : null;
            boolean baseFails = baseNode.isTextual() && base == null;
            WebUrl url = baseFails ? null : WebUrl.parse(c.path("input").textValue(), base);
            String got = url == null ? "failure" : url.toString();
            String want =
                    c.path("failure").asBoolean() ? "failure" : c.path("href").textValue();
            if (!got.equals(want)) {
                wrong.add(c.path("input") + " on " + baseNode + ": want " + want + " got " + got);
            }
        }
        assertTrue(checked > 400, "only " + checked + " cases");
        assertEquals(List.of(), wrong);
    }
}
