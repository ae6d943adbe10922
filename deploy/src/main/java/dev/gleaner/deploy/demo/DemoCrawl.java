package dev.gleaner.deploy.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.archive.extract.ResourceExtractor;
import org.archive.resource.ResourceParseException;
import org.netpreserve.jwarc.HttpResponse;
import org.netpreserve.jwarc.MediaType;
import org.netpreserve.jwarc.WarcCompression;
import org.netpreserve.jwarc.WarcResponse;
import org.netpreserve.jwarc.WarcWriter;

/** Crawls the demo's pages into WARCs (jwarc) and turns those into WATs with the Internet Archive's own extractor. */
public final class DemoCrawl {
    private static final Instant CRAWLED = Instant.parse("2026-01-01T00:00:00Z");

    private DemoCrawl() {}

    /**
     * Writes {@code files} WATs.
     *
     * @return their names
     */
    public static List<String> write(Path folder, DemoPages pages, int files, int pagesPerFile, int picturesPerPage)
            throws IOException {
        List<String> names = new ArrayList<>();
        for (int file = 0; file < files; file++) {
            Path warc = folder.resolve("demo-" + file + ".warc.gz");
            try (WarcWriter writer = new WarcWriter(
                    Files.newByteChannel(
                            warc,
                            java.nio.file.StandardOpenOption.CREATE,
                            java.nio.file.StandardOpenOption.WRITE,
                            java.nio.file.StandardOpenOption.TRUNCATE_EXISTING),
                    WarcCompression.GZIP)) {
                for (int page = 0; page < pagesPerFile; page++) {
                    String url = pages.url(file, page);
                    byte[] html = pages.html(file, page, picturesPerPage).getBytes(StandardCharsets.UTF_8);
                    HttpResponse response = new HttpResponse.Builder(200, "OK")
                            .body(MediaType.HTML_UTF8, html)
                            .build();
                    writer.write(new WarcResponse.Builder(URI.create(url))
                            .date(CRAWLED)
                            .recordId(UUID.nameUUIDFromBytes(url.getBytes(StandardCharsets.UTF_8)))
                            .body(response)
                            .build());
                }
            }
            String name = "demo-" + file + ".warc.wat.gz";
            extract(warc, folder.resolve(name));
            names.add(name);
        }
        return names;
    }

    private static void extract(Path warc, Path wat) throws IOException {
        try (OutputStream out = Files.newOutputStream(wat)) {
            ResourceExtractor extractor = new ResourceExtractor();
            extractor.setOut(out);
            extractor.run(new String[] {"-wat", warc.toString()});
        } catch (ResourceParseException | URISyntaxException e) {
            throw new IOException("the WAT extractor failed on " + warc, e);
        }
    }
}
