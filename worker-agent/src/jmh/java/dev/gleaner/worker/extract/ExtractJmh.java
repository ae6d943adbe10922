package dev.gleaner.worker.extract;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.worker.url.WebUrl;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What extraction does most: a record's JSON, an address, a text. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ExtractJmh {
    private final byte[] record = record();
    private final Set<String> paths = Set.copyOf(Policy.laion400m().linkPaths());
    private final WebUrl base = WebUrl.parse("https://www.example.org/a/b/c.html", null);

    /** 140 links, 15 of them pictures, as an average page of Common Crawl's has. */
    private static byte[] record() {
        StringBuilder links = new StringBuilder();
        for (int i = 0; i < 155; i++) {
            links.append(i == 0 ? "" : ",")
                    .append(
                            i % 10 == 3
                                    ? "{\"path\":\"IMG@/src\",\"url\":\"/images/some-picture-" + i
                                            + ".jpg\",\"alt\":\"a red house in the garden\"}"
                                    : "{\"path\":\"A@/href\",\"url\":\"/blue-river-mountain/" + i
                                            + "\",\"text\":\"new summer photo\"}");
        }
        return ("{\"Envelope\":{\"WARC-Header-Metadata\":{\"WARC-Target-URI\":\"https://www.example.org/a/b/c.html\"},"
                        + "\"Payload-Metadata\":{\"HTTP-Response-Metadata\":{\"HTML-Metadata\":{\"Links\":[" + links + "]}}}}}")
                .getBytes(StandardCharsets.UTF_8);
    }

    @Benchmark
    public PageLinks recordsLinks() throws IOException {
        return PageLinksParser.parse(record, 0, record.length, paths);
    }

    @Benchmark
    public String relativeAddress() {
        return WebUrl.parse("../images/some-picture-3.jpg?w=300", base).toString();
    }

    @Benchmark
    public String absoluteAddress() {
        return WebUrl.parse("https://cdn.example.com/images/some-picture-3.jpg", base).toString();
    }

    @Benchmark
    public String text() {
        return AltText.clean("  a red house \u00a0 in the garden &amp; a river  ", 2_000);
    }
}
