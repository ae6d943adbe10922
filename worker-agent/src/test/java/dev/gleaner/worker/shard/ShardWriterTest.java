package dev.gleaner.worker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.HalfFloat;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.protocol.shard.ShardColumn;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Read back by DuckDB, which shares no code with the writer. */
class ShardWriterTest {
    @TempDir
    Path folder;

    private static KeptPair pair(int n) {
        return new KeptPair(
                n,
                "https://example.org/" + n + ".jpg",
                "text " + n,
                640,
                480,
                n % 2 == 0 ? "by" : null,
                new PictureMarks("UNLIKELY", null, null),
                0.3f + n / 1000f,
                "https://example.org/",
                "crawl/x.wat.gz",
                1_000_000 - n,
                0,
                new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                12_345,
                "JPEG",
                null,
                null,
                Instant.parse("2026-11-20T10:11:12.345Z"),
                200,
                "c".repeat(64),
                new float[] {0.5f, -0.25f, 0.1f});
    }

    @Test
    void duckDbReadsEveryColumnAndWidthIsNotHeight() throws Exception {
        ShardWriter writer = new ShardWriter(folder, 3, Map.of("gleaner.job", "17"));
        for (int n = 0; n < 5; n++) {
            writer.add(pair(n));
        }
        List<Shard> shards = writer.finish();
        assertEquals(
                List.of(3L, 2L), shards.stream().map(s -> s.object().rows()).toList());
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            try (ResultSet row =
                    statement.executeQuery("SELECT * FROM '" + folder + "/*.parquet' ORDER BY SAMPLE_ID")) {
                for (int i = 0; i < ShardColumn.values().length; i++) {
                    assertEquals(
                            ShardColumn.values()[i].column(), row.getMetaData().getColumnName(i + 1));
                }
                assertTrue(row.next());
                assertEquals(640, row.getInt("WIDTH"));
                assertEquals(480, row.getInt("HEIGHT"));
                assertEquals("by", row.getString("LICENSE"));
                assertNull(row.getString("language"));
                assertEquals(0.3f, row.getFloat("similarity"));
                assertEquals("text 0", row.getString("TEXT"));
                assertEquals(1_000_000, row.getLong("wat_offset"));
                assertEquals(
                        Instant.parse("2026-11-20T10:11:12.345Z"),
                        row.getObject("fetched_at", OffsetDateTime.class).toInstant());
                Object[] embedding = (Object[]) row.getArray("embedding").getArray();
                assertEquals(0.5f, ((Number) embedding[0]).floatValue());
                assertEquals(-0.25f, ((Number) embedding[1]).floatValue());
                assertEquals(0.1f, ((Number) embedding[2]).floatValue(), 0.0001f);
            }
            try (ResultSet row = statement.executeQuery("SELECT decode(value) FROM parquet_kv_metadata('" + folder
                    + "/shard-0.parquet') WHERE decode(key) = 'gleaner.job'")) {
                assertTrue(row.next());
                assertEquals("17", row.getString(1));
            }
        }
    }

    @Test
    void eachValueStandsInItsOwnColumn() throws Exception {
        KeptPair whole = new KeptPair(
                1,
                "the url",
                "the text",
                2,
                3,
                "the licence",
                new PictureMarks("NSFW", 4.5f, 0.5f),
                0.25f,
                "the page",
                "the wat",
                6,
                7,
                new ImageHashes("the sha256", "the md5", "the sha1", 8L),
                9,
                "PNG",
                "da",
                "en",
                Instant.parse("2026-11-20T10:11:12.345Z"),
                203,
                "the model",
                new float[] {0.5f, -0.25f});
        ShardWriter writer = new ShardWriter(folder, 3, Map.of());
        writer.add(whole);
        writer.finish();
        Map<ShardColumn, Object> expected = new EnumMap<>(ShardColumn.class);
        expected.put(ShardColumn.SAMPLE_ID, 1L);
        expected.put(ShardColumn.URL, "the url");
        expected.put(ShardColumn.TEXT, "the text");
        expected.put(ShardColumn.WIDTH, 2);
        expected.put(ShardColumn.HEIGHT, 3);
        expected.put(ShardColumn.LICENSE, "the licence");
        expected.put(ShardColumn.NSFW, "NSFW");
        expected.put(ShardColumn.SIMILARITY, 0.25f);
        expected.put(ShardColumn.AESTHETIC, 4.5f);
        expected.put(ShardColumn.PWATERMARK, 0.5f);
        expected.put(ShardColumn.PAGE_URL, "the page");
        expected.put(ShardColumn.WAT_PATH, "the wat");
        expected.put(ShardColumn.WAT_OFFSET, 6L);
        expected.put(ShardColumn.IMAGE_SHA256, "the sha256");
        expected.put(ShardColumn.IMAGE_MD5, "the md5");
        expected.put(ShardColumn.IMAGE_SHA1, "the sha1");
        expected.put(ShardColumn.IMAGE_PHASH, 8L);
        expected.put(ShardColumn.IMAGE_BYTES, 9);
        expected.put(ShardColumn.FORMAT, "PNG");
        expected.put(ShardColumn.LANGUAGE, "da");
        expected.put(ShardColumn.TEXT_LANGUAGE, "en");
        expected.put(ShardColumn.HTTP_STATUS, 203);
        expected.put(ShardColumn.MODEL_ID, "the model");
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement();
                ResultSet row = statement.executeQuery("SELECT * FROM '" + folder + "/*.parquet'")) {
            assertTrue(row.next());
            for (Map.Entry<ShardColumn, Object> column : expected.entrySet()) {
                assertEquals(
                        column.getValue(),
                        row.getObject(column.getKey().column()),
                        column.getKey().name());
            }
            // The two others have types of their own.
            assertEquals(ShardColumn.values().length, expected.size() + 2);
            assertEquals(
                    Instant.parse("2026-11-20T10:11:12.345Z"),
                    row.getObject("fetched_at", OffsetDateTime.class).toInstant());
            assertEquals(2, ((Object[]) row.getArray("embedding").getArray()).length);
        }
    }

    @Test
    void rowsAreSortedByTheirPlaceInTheWat() throws Exception {
        ShardWriter writer = new ShardWriter(folder, 100, Map.of());
        for (int n : new int[] {3, 1, 2}) {
            writer.add(pair(n));
        }
        writer.finish();
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT string_agg(SAMPLE_ID, ',') FROM '" + folder + "/*.parquet'")) {
            row.next();
            assertEquals("3,2,1", row.getString(1));
        }
    }

    @Test
    void nothingKeptWritesNothing() throws Exception {
        assertEquals(List.of(), new ShardWriter(folder, 3, Map.of()).finish());
    }

    @Test
    void halvesAreTheNearestOnes() {
        assertEquals((short) 0x3C00, HalfFloat.of(1f));
        assertEquals((short) 0xC000, HalfFloat.of(-2f));
        assertEquals((short) 0x7BFF, HalfFloat.of(65_504f));
        assertEquals((short) 0x7C00, HalfFloat.of(65_520f));
        assertEquals((short) 0x0001, HalfFloat.of(0x1p-24f));
        assertEquals((short) 0x0000, HalfFloat.of(0x1p-25f));
        assertEquals((short) 0x0002, HalfFloat.of(0x1.8p-24f));
        assertEquals((short) 0x0400, HalfFloat.of(0x1p-14f));
        assertEquals((short) 0x2E66, HalfFloat.of(0.1f));
        assertEquals((short) 0x7E00, HalfFloat.of(Float.NaN));
        for (int bits = Short.MIN_VALUE; bits <= Short.MAX_VALUE; bits++) {
            float back = HalfFloat.toFloat((short) bits);
            assertTrue(Float.isNaN(back) || HalfFloat.of(back) == (short) bits, "there and back: " + bits);
        }
    }
}
