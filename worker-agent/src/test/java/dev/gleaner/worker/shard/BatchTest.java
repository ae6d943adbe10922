package dev.gleaner.worker.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.worker.image.Preprocessor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchTest {
    private final Random random = new Random(Long.getLong("gleaner.seed", 11));

    @TempDir
    Path folder;

    private PreparedPicture picture(int n) {
        byte[] pixels = new byte[BatchColumn.PIXEL_BYTES];
        random.nextBytes(pixels);
        return new PreparedPicture(
                "https://example.org/" + n + ".jpg",
                "ein Bild \u00fcber \ud83d\ude00",
                640,
                480,
                n % 2 == 0 ? null : "https://creativecommons.org/licenses/by/4.0/",
                "https://example.org/",
                "crawl/x.wat.gz",
                1_000 + n,
                n,
                new ImageHashes("a".repeat(64), "b".repeat(32), n % 2 == 0 ? "c".repeat(40) : null, null),
                12_345,
                "JPEG",
                n % 2 == 0 ? "de" : null,
                Instant.parse("2026-11-20T10:11:12.345Z"),
                200,
                pixels);
    }

    private List<PreparedPicture> read(Path file) throws Exception {
        List<PreparedPicture> read = new ArrayList<>();
        BatchReader.read(file, read::add);
        return read;
    }

    @Test
    void aPreparedPictureHasTheSizeThatThePreprocessorMakes() {
        assertEquals(Preprocessor.SIZE, BatchColumn.SIDE);
        assertEquals(Preprocessor.BYTES, BatchColumn.PIXEL_BYTES);
    }

    @Test
    void picturesComeBackAsTheyWent() throws Exception {
        List<PreparedPicture> given = new ArrayList<>();
        List<Shard> files;
        try (BatchWriter writer = new BatchWriter(folder, Map.of("gleaner.job", "7"))) {
            for (int n = 0; n < 300; n++) {
                given.add(picture(n));
                writer.add(given.get(n));
            }
            files = writer.finish();
        }
        assertEquals(1, files.size());
        assertEquals(300, files.get(0).object().rows());
        List<PreparedPicture> read = read(files.get(0).file());
        assertEquals(300, read.size());
        for (int n = 0; n < 300; n++) {
            PreparedPicture then = given.get(n);
            PreparedPicture now = read.get(n);
            // A record with an array is equal to itself only.
            assertEquals(
                    then.toString().replaceAll("pixels=.*", ""), now.toString().replaceAll("pixels=.*", ""));
            assertArrayEquals(then.pixels(), now.pixels());
        }
        assertNull(read.get(0).license());
    }

    /** One as it was written before pictures had a SHA-1. */
    @Test
    void aBatchOfTheFirstVersionIsStillRead() throws Exception {
        Path old = folder.resolve("old.parquet");
        try (InputStream in = BatchTest.class.getResourceAsStream("batch-schema-1.parquet")) {
            Files.copy(Objects.requireNonNull(in), old);
        }
        List<PreparedPicture> read = read(old);
        assertEquals(1, read.size());
        assertEquals(
                new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                read.get(0).hashes());
        assertEquals("https://example.org/0.jpg", read.get(0).url());
    }

    @Test
    void whatIsNoBatchIsRefused() throws Exception {
        Path noise = Files.write(folder.resolve("noise"), new byte[5_000]);
        assertThrows(IOException.class, () -> read(noise));
        ShardWriter pairs = new ShardWriter(folder, 10, Map.of());
        pairs.add(new KeptPair(
                1,
                "u",
                "t",
                1,
                1,
                null,
                PictureMarks.NONE,
                0.5f,
                "p",
                "w",
                1,
                0,
                new ImageHashes("a", "b", null, null),
                1,
                "JPEG",
                null,
                null,
                Instant.EPOCH,
                200,
                "m",
                new float[] {1}));
        Path shard = pairs.finish().get(0).file();
        assertThrows(IOException.class, () -> read(shard));
        Path batch;
        PreparedPicture whole = picture(1);
        PreparedPicture cut = new PreparedPicture(
                whole.url(),
                whole.text(),
                whole.width(),
                whole.height(),
                whole.license(),
                whole.pageUrl(),
                whole.watPath(),
                whole.watOffset(),
                whole.index(),
                whole.hashes(),
                whole.imageBytes(),
                whole.format(),
                whole.language(),
                whole.fetchedAt(),
                whole.httpStatus(),
                new byte[BatchColumn.PIXEL_BYTES - 1]);
        try (BatchWriter writer = new BatchWriter(Files.createDirectory(folder.resolve("cut")), Map.of())) {
            writer.add(cut);
            Path file = writer.finish().get(0).file();
            assertThrows(IOException.class, () -> read(file));
        }
        try (BatchWriter writer = new BatchWriter(folder, Map.of())) {
            writer.add(whole);
            batch = writer.finish().get(0).file();
        }
        byte[] good = Files.readAllBytes(batch);
        int refused = 0;
        for (int i = 0; i < 200; i++) {
            byte[] bad = good.clone();
            bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            Path spoilt = Files.write(folder.resolve("spoilt"), bad);
            try {
                PreparedPicture picture = read(spoilt).get(0);
                assertEquals(whole.url(), picture.url());
                assertEquals(whole.text(), picture.text());
                assertArrayEquals(whole.pixels(), picture.pixels(), "a flipped bit changes no picture unseen");
            } catch (IOException e) {
                refused++;
            }
        }
        assertTrue(refused > 150, "only bits that nobody reads may flip: " + refused + " of 200 were refused");
    }
}
