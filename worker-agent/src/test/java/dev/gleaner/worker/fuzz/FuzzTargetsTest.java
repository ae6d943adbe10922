package dev.gleaner.worker.fuzz;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Every target takes seeds and some thousand mutations of them, the same in every build. {@code fuzz/run} searches for more. */
class FuzzTargetsTest {
    private static final long SEED = 20261121;
    /** A lossless WebP of one pixel. */
    private static final String WEBP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";

    private static final String JSON =
            "{\"Envelope\":{\"WARC-Header-Metadata\":{\"WARC-Target-URI\":\"http://a.example/b/\"},"
                    + "\"Payload-Metadata\":{\"HTTP-Response-Metadata\":{\"HTML-Metadata\":{\"Head\":{\"Base\":\"../c/\","
                    + "\"Metas\":[{\"name\":\"x\",\"content\":\"y\"}]},\"Links\":[{\"path\":\"IMG@/src\",\"url\":\"x y.jpg#f\",\"alt\":\"a &amp; \\u00e9 \\ud83d\\ude00\"},"
                    + "{\"path\":\"A@/href\",\"url\":\"https://creativecommons.org/licenses/by/4.0/\"}]}}}}}";

    private static void feed(Target target, List<byte[]> seeds, int count) throws Exception {
        Random random = new Random(SEED);
        for (byte[] seed : seeds) {
            target.take(seed);
        }
        for (int i = 0; i < count; i++) {
            byte[] bytes = mutated(seeds.get(random.nextInt(seeds.size())), random);
            try {
                target.take(bytes);
            } catch (Exception | Error e) {
                throw new AssertionError(
                        "seed " + SEED + ", input " + i + ": "
                                + Base64.getEncoder().encodeToString(bytes),
                        e);
            }
        }
    }

    private static byte[] mutated(byte[] seed, Random random) {
        byte[] bytes = seed.clone();
        for (int changes = 1 + random.nextInt(4); changes > 0 && bytes.length > 1; changes--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes[at] = (byte) (random.nextBoolean() ? 0 : 255);
                case 3 -> bytes = Arrays.copyOf(bytes, at + 1);
                case 4 -> {
                    int to = random.nextInt(bytes.length);
                    int length = Math.min(1 + random.nextInt(16), bytes.length - Math.max(at, to));
                    System.arraycopy(bytes, at, bytes, to, length);
                }
                default -> {
                    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(8));
                    System.arraycopy(bytes, at, longer, longer.length - bytes.length + at, bytes.length - at);
                    bytes = longer;
                }
            }
        }
        return bytes;
    }

    private static byte[] picture(String format, int type) throws IOException {
        BufferedImage image = new BufferedImage(40, 30, type);
        for (int i = 0; i < 40 * 30; i++) {
            image.setRGB(i % 40, i / 40, i * 7919);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, format, out);
        return out.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] wat(int records) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < records; i++) {
            try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
                gzip.write(ascii("WARC/1.0\r\nWARC-Type: metadata\r\nContent-Length: " + ascii(JSON).length + "\r\n\r\n"
                        + JSON + "\r\n\r\n"));
            }
        }
        return out.toByteArray();
    }

    @Test
    void picturesAreRefusedOrDecoded() throws Exception {
        List<byte[]> seeds = new ArrayList<>(List.of(
                picture("png", BufferedImage.TYPE_INT_RGB),
                picture("png", BufferedImage.TYPE_4BYTE_ABGR),
                picture("png", BufferedImage.TYPE_BYTE_INDEXED),
                picture("jpg", BufferedImage.TYPE_INT_RGB),
                picture("jpg", BufferedImage.TYPE_BYTE_GRAY),
                picture("gif", BufferedImage.TYPE_BYTE_INDEXED),
                Base64.getDecoder().decode(WEBP)));
        feed(new ImageTarget(), seeds, 3_000);
    }

    @Test
    void watsAreReadWithCountsThatAddUp() throws Exception {
        feed(new WatTarget(), List.of(wat(1), wat(4)), 3_000);
    }

    @Test
    void recordsGiveCandidatesThatKeepTheRules() throws Exception {
        feed(new LinksTarget(), List.of(ascii(JSON)), 20_000);
    }

    @Test
    void answersEndWhateverTheyAre() throws Exception {
        List<byte[]> seeds = List.of(
                ascii("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
                ascii(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Robots-Tag: other: noai, x\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n"),
                ascii("HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n"),
                ascii("HTTP/1.0 200\r\nContent-Encoding: identity\r\n\r\nhello"),
                ascii(
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntdm-reservation: 0\r\nContent-Length: 1\r\n\r\nx"));
        try (HttpTarget target = new HttpTarget()) {
            feed(target, seeds, 30);
        }
    }
}
