package dev.gleaner.worker.bench;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * A WAT file as Common Crawl writes them: a gzip member a record, three records a page, links in one long line of JSON. Counts
 * are those of the modelled file of {@code docs/performance.md}: 155 links, 15 images and 8 alt texts a page.
 */
final class SyntheticWat {
    private static final int LINKS = 140;
    private static final int IMAGES = 15;
    private static final String[] WORDS = ("the of and to in for with from red blue large small old new house garden"
                    + " bridge river mountain coffee table chair lamp window street market portrait landscape vintage handmade"
                    + " leather cotton silver golden winter summer photo picture image view detail front side product shop sale"
                    + " Größe für naïve café señor 東京 写真 привет")
            .split(" ");

    private final Random random;

    private SyntheticWat(long seed) {
        random = new Random(seed);
    }

    static void write(Path file, int pages, long seed) throws IOException {
        SyntheticWat wat = new SyntheticWat(seed);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            for (int i = 0; i < pages; i++) {
                String page = "https://www." + wat.host() + "/" + wat.slug() + "/" + i + ".html";
                out.write(wat.record(page, wat.request(page)));
                out.write(wat.record(page, wat.response(page)));
                out.write(wat.record(page, wat.metadata()));
            }
        }
    }

    /** A page a picture. */
    static void writePictures(Path file, List<String> addresses, List<String> texts) throws IOException {
        SyntheticWat wat = new SyntheticWat(1);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            for (int i = 0; i < addresses.size(); i++) {
                String page = "https://www.example.org/" + i + ".html";
                String links =
                        "{\"path\":\"IMG@/src\",\"url\":\"" + addresses.get(i) + "\",\"alt\":\"" + texts.get(i) + "\"}";
                out.write(wat.record(
                        page,
                        envelope(
                                page, "{\"HTTP-Response-Metadata\":{\"HTML-Metadata\":{\"Links\":[" + links + "]}}}")));
            }
        }
    }

    private String host() {
        return word() + random.nextInt(5_000) + (random.nextBoolean() ? ".com" : ".example.org");
    }

    private String word() {
        return WORDS[random.nextInt(60) % 52];
    }

    private String slug() {
        StringBuilder slug = new StringBuilder();
        for (int i = 2 + random.nextInt(4); i > 0; i--) {
            slug.append(WORDS[random.nextInt(46)]).append(i == 1 ? "" : "-");
        }
        return slug.toString();
    }

    private String words(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : " ").append(WORDS[random.nextInt(WORDS.length)]);
        }
        if (random.nextInt(20) == 0) {
            text.append(" &amp; ").append(word());
        }
        if (random.nextInt(15) == 0) {
            text.append(" \\u2013 ").append(word());
        }
        return text.toString();
    }

    private static String envelope(String page, String payload) {
        return "{\"Container\":{\"Filename\":\"crawl.warc.gz\",\"Compressed\":true,\"Offset\":\"1234\"},\"Envelope\":{"
                + "\"Payload-Metadata\":" + payload + ",\"Format\":\"WARC\",\"WARC-Header-Length\":\"600\","
                + "\"WARC-Header-Metadata\":{\"WARC-Type\":\"response\",\"WARC-Target-URI\":\"" + page
                + "\",\"WARC-Record-ID\":\"<urn:uuid:0>\",\"Content-Length\":\"54321\"}}}";
    }

    private String request(String page) {
        return envelope(
                page,
                "{\"Actual-Content-Type\":\"application/http; msgtype=request\",\"HTTP-Request-Metadata\":{\"Headers\":{"
                        + "\"User-Agent\":\"CCBot/2.0\",\"Accept-Encoding\":\"br,gzip\",\"Host\":\"" + host()
                        + "\"}}}");
    }

    private String metadata() {
        return envelope(
                "https://example.com/",
                "{\"WARC-Metadata-Metadata\":{\"Metadata-Records\":[{\"Name\":\"fetchTimeMs\",\"Value\":\""
                        + random.nextInt(3000) + "\"}]}}");
    }

    private String response(String page) {
        StringBuilder links = new StringBuilder();
        int images = IMAGES;
        int others = LINKS;
        while (images + others > 0) {
            if (!links.isEmpty()) {
                links.append(',');
            }
            if (random.nextInt(images + others) < images) {
                images--;
                links.append("{\"path\":\"IMG@/src\",\"url\":\"").append(imageAddress());
                if (random.nextInt(100) < 56) {
                    links.append("\",\"alt\":\"").append(words(1 + random.nextInt(12)));
                }
                links.append("\"}");
            } else {
                others--;
                links.append("{\"path\":\"A@/href\",\"url\":\"/").append(slug()).append('/');
                links.append(random.nextInt(100_000)).append("\",\"text\":\"").append(words(1 + random.nextInt(6)));
                links.append("\"}");
            }
        }
        return envelope(
                page,
                "{\"Trailing-Slop-Length\":\"0\",\"Actual-Content-Type\":\"application/http; msgtype=response\","
                        + "\"HTTP-Response-Metadata\":{\"Headers\":{\"Content-Type\":\"text/html; charset=utf-8\",\"Server\":\"nginx\"},"
                        + "\"HTML-Metadata\":{\"Head\":{\"Title\":\"" + words(6)
                        + "\",\"Metas\":[{\"name\":\"description\",\"content\":\"" + words(20) + "\"}]},\"Links\":["
                        + links
                        + "]},\"Entity-Length\":\"40000\"}}");
    }

    private String imageAddress() {
        String name =
                slug() + "-" + Integer.toHexString(random.nextInt()) + (random.nextInt(12) == 0 ? ".svg" : ".jpg");
        return switch (random.nextInt(4)) {
            case 0 -> "/images/" + name;
            case 1 -> "//cdn." + host() + "/i/" + name + "?w=300&amp;h=200";
            default -> "https://img." + host() + "/uploads/2024/" + name;
        };
    }

    private byte[] record(String page, String json) throws IOException {
        byte[] block = json.getBytes(StandardCharsets.UTF_8);
        String header = "WARC/1.0\r\nWARC-Type: metadata\r\nWARC-Target-URI: " + page
                + "\r\nWARC-Date: 2024-12-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:"
                + new java.util.UUID(random.nextLong(), random.nextLong())
                + ">\r\nContent-Type: application/json\r\nContent-Length: " + block.length + "\r\n\r\n";
        ByteArrayOutputStream member = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(member)) {
            gzip.write(header.getBytes(StandardCharsets.UTF_8));
            gzip.write(block);
            gzip.write("\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        }
        return member.toByteArray();
    }
}
