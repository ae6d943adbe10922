package dev.gleaner.tracker.intake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.tracker.ShardFiles;
import dev.gleaner.tracker.trust.Findings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A shard that is good but for one thing is refused for that thing, and one at the edge of what is allowed is taken. */
class ShardVerifierTest {
    private static final double THRESHOLD = 0.3;
    private static final Map<String, String> FROM = ShardFiles.metadata("c", 7, "0123456789abcdef.1", "ada");

    @TempDir
    Path folder;

    private final List<SeenPair> seen = new ArrayList<>();

    private String fault(Path file, long rows, boolean batch) {
        return ShardVerifier.fault(
                file,
                new ShardVerifier.Expected(
                        rows,
                        THRESHOLD,
                        ShardFiles.WAT,
                        ShardFiles.BUNDLE,
                        ShardVerifier.metadata("c", 7, "0123456789abcdef.1", "ada"),
                        batch),
                seen::add);
    }

    private static MessageType shard() {
        return ShardFiles.schema(List.of(ShardColumn.values()));
    }

    private Path write(MessageType schema, Map<String, String> metadata, List<Map<String, Object>> rows)
            throws IOException {
        return ShardFiles.write(folder.resolve("file.parquet"), schema, metadata, rows);
    }

    private String faultOf(List<Map<String, Object>> pairs) throws IOException {
        return fault(write(shard(), FROM, pairs), pairs.size(), false);
    }

    private String faultWith(String column, Object value) throws IOException {
        Map<String, Object> pair = ShardFiles.pair(1);
        pair.put(column, value);
        return faultOf(List.of(ShardFiles.pair(2), pair));
    }

    private String faultOfPictures(List<Map<String, Object>> pictures) throws IOException {
        Path file = write(ShardFiles.schema(List.of(BatchColumn.values())), FROM, pictures);
        return fault(file, pictures.size(), true);
    }

    private static void assertFound(String expected, String fault) {
        assertTrue(fault.contains(expected), "expected: " + expected + ", found: " + fault);
    }

    @Test
    void aGoodShardsPairsAreToldAsTheyAre() throws Exception {
        assertEquals("", faultOf(List.of(ShardFiles.pair(1), ShardFiles.pair(2))));
        assertEquals(
                new SeenPair(
                        2,
                        new ImageHashes(
                                String.format("%064x", 2), String.format("%032x", 2), String.format("%040x", 2), null),
                        Findings.signs(new float[] {0.6f, -0.8f, 0, 0}),
                        "https://img.example.org/2.jpg",
                        "text 2",
                        0.4f,
                        640,
                        480,
                        "JPEG",
                        "https://creativecommons.org/licenses/by/4.0/",
                        "UNLIKELY",
                        "en-GB"),
                seen.get(1));
        List<SeenPair> again = new ArrayList<>();
        ShardVerifier.eachPair(folder.resolve("file.parquet"), again::add);
        assertEquals(seen, again, "and again when it is read for its profile");
    }

    @Test
    void aShardOfTheFirstVersionIsTaken() throws Exception {
        Map<String, String> first = new HashMap<>(FROM);
        first.put(ShardMetadata.SCHEMA, "1");
        Path file = write(ShardFiles.schema(Column.of(1, ShardColumn.values())), first, List.of(ShardFiles.pair(1)));
        assertEquals("", fault(file, 1, false));
    }

    static Stream<Arguments> wrongCells() {
        String longText = "x".repeat(40_001);
        return Stream.of(
                Arguments.of("similarity", 0.2999f, "a similarity of 0.2999 is outside"),
                Arguments.of("similarity", 1.001f, "a similarity of 1.001 is outside"),
                Arguments.of("similarity", Float.NaN, "a similarity of NaN is outside"),
                Arguments.of("model_id", "c".repeat(64), "a row is of another model bundle"),
                Arguments.of("aesthetic", Float.NaN, "an aesthetic score is no number"),
                Arguments.of("aesthetic", Float.POSITIVE_INFINITY, "an aesthetic score is no number"),
                Arguments.of("pwatermark", -0.01f, "a watermark's probability of -0.01"),
                Arguments.of("pwatermark", 1.01f, "a watermark's probability of 1.01"),
                Arguments.of("pwatermark", Float.NaN, "a watermark's probability of NaN"),
                Arguments.of("text_language", "english", "a text's language is no code of one"),
                Arguments.of("text_language", "EN", "a text's language is no code of one"),
                Arguments.of("URL", "ftp://img.example.org/1.jpg", "an address is neither http nor https"),
                Arguments.of("URL", "javascript:alert(1)", "an address is neither http nor https"),
                Arguments.of("URL", "https://x/" + longText, "a text is too long"),
                Arguments.of("TEXT", longText, "a text is too long"),
                Arguments.of("wat_path", "crawl/b.wat.gz", "a row is of another WAT"),
                Arguments.of("WIDTH", 0, "a picture without pixels"),
                Arguments.of("HEIGHT", 0, "a picture without pixels"),
                Arguments.of("image_sha256", "a".repeat(63), "an image digest is not one"),
                Arguments.of("image_sha256", "A".repeat(64), "an image digest is not one"),
                Arguments.of("image_md5", "a".repeat(64), "an image digest is not one"),
                Arguments.of("image_sha1", "g".repeat(40), "an image digest is not one"),
                Arguments.of("embedding", new float[] {0.6f, -0.6f, 0, 0}, "an embedding is not of unit length"),
                Arguments.of("embedding", new float[] {0.8f, -0.8f, 0, 0}, "an embedding is not of unit length"),
                Arguments.of("embedding", new float[] {Float.NaN, 0, 0, 0}, "an embedding is not of unit length"),
                Arguments.of("embedding", new float[] {1, 0, 0}, "embeddings of different lengths"),
                Arguments.of("SAMPLE_ID", 2L, "a SAMPLE_ID stands twice"));
    }

    @ParameterizedTest
    @MethodSource("wrongCells")
    void aWrongCellIsFound(String column, Object value, String fault) throws Exception {
        assertFound(fault, faultWith(column, value));
        assertEquals(1, seen.size(), "only the pair before it was told");
    }

    static Stream<Arguments> cellsAtTheEdge() {
        return Stream.of(
                Arguments.of("similarity", 0.3f),
                Arguments.of("similarity", 1.0001f),
                Arguments.of("aesthetic", null),
                Arguments.of("aesthetic", -3f),
                Arguments.of("pwatermark", null),
                Arguments.of("pwatermark", 0f),
                Arguments.of("pwatermark", 1f),
                Arguments.of("text_language", null),
                Arguments.of("text_language", "und"),
                Arguments.of("URL", "http://img.example.org/"),
                Arguments.of("URL", "https://x/" + "x".repeat(39_990)),
                Arguments.of("TEXT", "x".repeat(40_000)),
                Arguments.of("WIDTH", 1),
                Arguments.of("HEIGHT", 1),
                Arguments.of("image_sha1", null),
                Arguments.of("LICENSE", null),
                Arguments.of("NSFW", null),
                Arguments.of("language", null),
                Arguments.of("embedding", new float[] {1, 0.0625f, 0, 0}));
    }

    @ParameterizedTest
    @MethodSource("cellsAtTheEdge")
    void aCellAtTheEdgeOfWhatIsAllowedIsTaken(String column, Object value) throws Exception {
        assertEquals("", faultWith(column, value));
        assertEquals(2, seen.size());
    }

    static Stream<Arguments> wrongColumns() {
        Type half = Types.primitive(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY, Repetition.REQUIRED)
                .length(2)
                .as(LogicalTypeAnnotation.float16Type())
                .named("element");
        return Stream.of(
                Arguments.of(ShardColumn.URL, text(Repetition.REQUIRED, "url")),
                Arguments.of(ShardColumn.URL, text(Repetition.OPTIONAL, "URL")),
                Arguments.of(ShardColumn.LICENSE, text(Repetition.REQUIRED, "LICENSE")),
                Arguments.of(
                        ShardColumn.TEXT,
                        Types.required(PrimitiveTypeName.BINARY).named("TEXT")),
                Arguments.of(
                        ShardColumn.TEXT,
                        Types.required(PrimitiveTypeName.INT32).named("TEXT")),
                Arguments.of(
                        ShardColumn.WIDTH,
                        Types.required(PrimitiveTypeName.INT64).named("WIDTH")),
                Arguments.of(
                        ShardColumn.WIDTH,
                        Types.requiredGroup()
                                .required(PrimitiveTypeName.INT32)
                                .named("x")
                                .named("WIDTH")),
                Arguments.of(
                        ShardColumn.SAMPLE_ID,
                        Types.required(PrimitiveTypeName.INT32).named("SAMPLE_ID")),
                Arguments.of(
                        ShardColumn.FETCHED_AT,
                        Types.required(PrimitiveTypeName.INT96).named("fetched_at")),
                Arguments.of(
                        ShardColumn.SIMILARITY,
                        Types.required(PrimitiveTypeName.DOUBLE).named("similarity")),
                Arguments.of(
                        ShardColumn.EMBEDDING,
                        Types.required(PrimitiveTypeName.BINARY).named("embedding")),
                Arguments.of(
                        ShardColumn.EMBEDDING,
                        Types.requiredGroup().addField(half).named("embedding")),
                Arguments.of(
                        ShardColumn.EMBEDDING,
                        Types.requiredGroup()
                                .addField(Types.repeatedGroup().addField(half).named("list"))
                                .addField(Types.repeatedGroup().addField(half).named("more"))
                                .named("embedding")),
                Arguments.of(
                        ShardColumn.EMBEDDING,
                        Types.requiredGroup()
                                .addField(Types.repeatedGroup()
                                        .addField(half)
                                        .addField(Types.required(PrimitiveTypeName.INT32)
                                                .named("more"))
                                        .named("list"))
                                .named("embedding")),
                Arguments.of(
                        ShardColumn.EMBEDDING,
                        list(Types.required(PrimitiveTypeName.FLOAT).named("element"))),
                Arguments.of(
                        ShardColumn.EMBEDDING,
                        list(Types.required(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY)
                                .length(2)
                                .named("element"))),
                Arguments.of(
                        ShardColumn.EMBEDDING,
                        list(Types.required(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY)
                                .length(4)
                                .named("element"))));
    }

    private static Type text(Repetition repetition, String name) {
        return Types.primitive(PrimitiveTypeName.BINARY, repetition)
                .as(LogicalTypeAnnotation.stringType())
                .named(name);
    }

    private static Type list(Type element) {
        return Types.requiredGroup()
                .addField(Types.repeatedGroup().addField(element).named("list"))
                .named("embedding");
    }

    @ParameterizedTest
    @MethodSource("wrongColumns")
    void aColumnOfAnotherNameOrKindIsFound(ShardColumn column, Type instead) throws Exception {
        List<Type> fields = new ArrayList<>(shard().getFields());
        fields.set(column.ordinal(), instead);
        Path file = write(new MessageType("row", fields), FROM, List.of());
        assertEquals(
                "column " + column.ordinal() + " is not " + column.column() + " of kind " + column.kind(),
                fault(file, 0, false));
    }

    @Test
    void aBatchWithoutBytesForPicturesIsFound() throws Exception {
        List<Type> fields =
                new ArrayList<>(ShardFiles.schema(List.of(BatchColumn.values())).getFields());
        fields.set(
                BatchColumn.PIXELS.ordinal(),
                Types.required(PrimitiveTypeName.INT64).named("pixels"));
        assertFound(
                "is not pixels of kind BYTES", fault(write(new MessageType("row", fields), FROM, List.of()), 0, true));
    }

    @Test
    void aColumnTooFewOrTooManyIsFound() throws Exception {
        List<Type> fields = new ArrayList<>(shard().getFields());
        Type last = fields.remove(fields.size() - 1);
        assertEquals(
                "the shard has 24 columns instead of 25",
                fault(write(new MessageType("row", fields), FROM, List.of()), 0, false));
        fields.add(last);
        fields.add(Types.optional(PrimitiveTypeName.INT32).named("more"));
        assertEquals(
                "the shard has 26 columns instead of 25",
                fault(write(new MessageType("row", fields), FROM, List.of()), 0, false));
    }

    @Test
    void aSchemaVersionThatTheTrackerDoesNotKnowIsFound() throws Exception {
        for (String schema : List.of("", "0", "3", "-1", "1.0", "99999999999")) {
            Map<String, String> metadata = new HashMap<>(FROM);
            metadata.put(ShardMetadata.SCHEMA, schema);
            assertFound(
                    "the file metadata's gleaner.schema is none that this tracker knows",
                    fault(write(shard(), metadata, List.of(ShardFiles.pair(1))), 1, false));
        }
        Map<String, String> none = new HashMap<>(FROM);
        none.remove(ShardMetadata.SCHEMA);
        assertFound("gleaner.schema is none", fault(write(shard(), none, List.of(ShardFiles.pair(1))), 1, false));
    }

    @Test
    void aFileOfAnotherAttemptIsFound() throws Exception {
        for (String key :
                List.of(ShardMetadata.CAMPAIGN, ShardMetadata.JOB, ShardMetadata.ATTEMPT, ShardMetadata.WORKER)) {
            Map<String, String> metadata = new HashMap<>(FROM);
            metadata.put(key, "other");
            assertFound(
                    "the file metadata's " + key,
                    fault(write(shard(), metadata, List.of(ShardFiles.pair(1))), 1, false));
            metadata.remove(key);
            assertFound(
                    "the file metadata's " + key,
                    fault(write(shard(), metadata, List.of(ShardFiles.pair(1))), 1, false));
        }
        assertEquals(List.of(), seen);
    }

    @Test
    void anotherNumberOfRowsThanTheManifestSaysIsFound() throws Exception {
        Path file = write(shard(), FROM, List.of(ShardFiles.pair(1), ShardFiles.pair(2)));
        assertEquals("the shard has 2 rows, the manifest says 3", fault(file, 3, false));
        assertEquals("the shard has 2 rows, the manifest says 1", fault(file, 1, false));
    }

    @Test
    void whatIsNoParquetIsFound() throws Exception {
        Path file = Files.writeString(folder.resolve("file.parquet"), "PAR1 and so on");
        assertFound("the shard is not readable Parquet", fault(file, 1, false));
        write(shard(), FROM, List.of(ShardFiles.pair(1)));
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertFound("the shard is not readable Parquet", fault(file, 1, false));
        // The pages of the first column, which no footer tells of.
        Arrays.fill(bytes, 4, 40, (byte) 0x7f);
        Files.write(file, bytes);
        assertFound("the shard is not readable Parquet", fault(file, 1, false));
    }

    @Test
    void aRowGroupThatWouldFillTheMemoryIsNotRead() throws Exception {
        Path file = write(shard(), FROM, List.of(ShardFiles.pair(1)));
        long most = 256L << 20;
        sayRowGroupSize(file, most);
        assertEquals("", fault(file, 1, false), "as large as it may be");
        seen.clear();
        sayRowGroupSize(file, most + 1);
        assertEquals("a row group is larger than " + most + " bytes", fault(file, 1, false));
        assertEquals(List.of(), seen);
    }

    /** Writes another size of the first row group into the file's footer, which is Thrift between the pages and its own length. */
    private static void sayRowGroupSize(Path file, long bytes) throws IOException {
        ParquetMetadata footer;
        try (ParquetFileReader reader = ParquetFileReader.open(
                new LocalInputFile(file),
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build())) {
            footer = reader.getFooter();
        }
        footer.getBlocks().get(0).setTotalByteSize(bytes);
        FileMetaData thrift = new ParquetMetadataConverter().toParquetMetadata(1, footer);
        byte[] all = Files.readAllBytes(file);
        int old = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getInt(all.length - 8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(all, 0, all.length - 8 - old);
        int from = out.size();
        Util.writeFileMetaData(thrift, out);
        int length = out.size() - from;
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(length)
                .array());
        out.write(all, all.length - 4, 4);
        Files.write(file, out.toByteArray());
    }

    @Test
    void aGoodBatchIsTakenAndTellsOfNoPairs() throws Exception {
        assertEquals(
                "",
                faultOfPictures(List.of(ShardFiles.picture(5, 0), ShardFiles.picture(5, 1), ShardFiles.picture(6, 0))));
        assertEquals(List.of(), seen);
    }

    static Stream<Arguments> wrongPictureCells() {
        return Stream.of(
                Arguments.of("pixels", new byte[BatchColumn.PIXEL_BYTES - 1], "a prepared picture has"),
                Arguments.of("pixels", new byte[BatchColumn.PIXEL_BYTES + 1], "a prepared picture has"),
                Arguments.of("link_index", 0, "a picture stands twice"),
                Arguments.of("url", "ftp://x/", "an address is neither http nor https"),
                Arguments.of("url", "https://x/" + "x".repeat(40_000), "a text is too long"),
                Arguments.of("text", "x".repeat(40_001), "a text is too long"),
                Arguments.of("wat_path", "crawl/b.wat.gz", "a row is of another WAT"),
                Arguments.of("width", 0, "a picture without pixels"),
                Arguments.of("height", 0, "a picture without pixels"),
                Arguments.of("image_sha256", "x", "an image digest is not one"),
                Arguments.of("image_md5", "x", "an image digest is not one"),
                Arguments.of("image_sha1", "x", "an image digest is not one"));
    }

    @ParameterizedTest
    @MethodSource("wrongPictureCells")
    void aWrongCellOfABatchIsFound(String column, Object value, String fault) throws Exception {
        Map<String, Object> picture = ShardFiles.picture(5, 1);
        picture.put(column, value);
        assertFound(fault, faultOfPictures(List.of(ShardFiles.picture(5, 0), picture)));
    }

    @Test
    void aShardIsNoBatchAndABatchNoShard() throws Exception {
        assertFound("columns instead of", fault(write(shard(), FROM, List.of(ShardFiles.pair(1))), 1, true));
        MessageType batch = ShardFiles.schema(List.of(BatchColumn.values()));
        assertFound("columns instead of", fault(write(batch, FROM, List.of(ShardFiles.picture(1, 1))), 1, false));
    }
}
