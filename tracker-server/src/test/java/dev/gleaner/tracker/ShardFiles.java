package dev.gleaner.tracker;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.HalfFloat;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Makes the Parquet files that workers hand in. A row is a map from column name to value, good as it comes, so that a test changes
 * the one cell that it is about.
 */
public final class ShardFiles {
    public static final String BUNDLE = "b".repeat(64);
    public static final String WAT = "crawl/a.wat.gz";

    private ShardFiles() {}

    /** A pair of a shard; all of its cells depend on the id. */
    public static Map<String, Object> pair(long id) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("SAMPLE_ID", id);
        row.put("URL", "https://img.example.org/" + id + ".jpg");
        row.put("TEXT", "text " + id);
        row.put("WIDTH", 640);
        row.put("HEIGHT", 480);
        row.put("LICENSE", "https://creativecommons.org/licenses/by/4.0/");
        row.put("NSFW", "UNLIKELY");
        row.put("similarity", 0.4f);
        row.put("aesthetic", 5.5f);
        row.put("pwatermark", 0.25f);
        row.put("page_url", "https://page.example.org/" + id);
        row.put("wat_path", WAT);
        row.put("wat_offset", 1_000 + id);
        row.put("image_sha256", String.format("%064x", id));
        row.put("image_md5", String.format("%032x", id));
        row.put("image_sha1", String.format("%040x", id));
        row.put("image_phash", id);
        row.put("image_bytes", 9_000);
        row.put("format", "JPEG");
        row.put("language", "en-GB");
        row.put("text_language", "en");
        row.put("fetched_at", 1_700_000_000_000L);
        row.put("http_status", 200);
        row.put("model_id", BUNDLE);
        row.put("embedding", new float[] {0.6f, -0.8f, 0, 0});
        return row;
    }

    /** A prepared picture of a batch. */
    public static Map<String, Object> picture(long watOffset, int index) {
        Map<String, Object> row = new LinkedHashMap<>();
        Map<String, Object> pair = pair(watOffset);
        for (BatchColumn column : BatchColumn.values()) {
            Object value = pair.get(column.column());
            row.put(column.column(), value == null ? pair.get(column.name()) : value);
        }
        row.put("wat_offset", watOffset);
        row.put("link_index", index);
        row.put("pixels", new byte[BatchColumn.PIXEL_BYTES]);
        return row;
    }

    public static MessageType schema(List<? extends Column> columns) {
        Types.MessageTypeBuilder message = Types.buildMessage();
        columns.forEach(column -> message.addField(field(column)));
        return message.named("row");
    }

    /** The form of a column that the tracker asks for. */
    public static Type field(Column column) {
        Type.Repetition repetition = column.required() ? Type.Repetition.REQUIRED : Type.Repetition.OPTIONAL;
        String name = column.column();
        return switch (column.kind()) {
            case INT32 -> Types.primitive(PrimitiveTypeName.INT32, repetition).named(name);
            case INT64 -> Types.primitive(PrimitiveTypeName.INT64, repetition).named(name);
            case FLOAT -> Types.primitive(PrimitiveTypeName.FLOAT, repetition).named(name);
            case TEXT ->
                Types.primitive(PrimitiveTypeName.BINARY, repetition)
                        .as(LogicalTypeAnnotation.stringType())
                        .named(name);
            case TIMESTAMP_MILLIS ->
                Types.primitive(PrimitiveTypeName.INT64, repetition)
                        .as(LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.MILLIS))
                        .named(name);
            case BYTES -> Types.primitive(PrimitiveTypeName.BINARY, repetition).named(name);
            case HALF_LIST ->
                Types.list(repetition)
                        .element(Types.primitive(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY, Type.Repetition.REQUIRED)
                                .length(2)
                                .as(LogicalTypeAnnotation.float16Type())
                                .named("element"))
                        .named(name);
        };
    }

    /** Cells that a row lacks stay empty. */
    public static Path write(
            Path file, MessageType schema, Map<String, String> metadata, List<Map<String, Object>> rows)
            throws IOException {
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withType(schema)
                .withConf(new PlainParquetConfiguration())
                .withExtraMetaData(metadata)
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .build()) {
            for (Map<String, Object> row : rows) {
                writer.write(group(schema, row));
            }
        }
        return file;
    }

    private static Group group(MessageType schema, Map<String, Object> row) {
        Group group = new SimpleGroup(schema);
        for (Type field : schema.getFields()) {
            String name = field.getName();
            Object value = row.get(name);
            if (value instanceof String text) {
                group.add(name, Binary.fromString(text));
            } else if (value instanceof Long number) {
                group.add(name, number.longValue());
            } else if (value instanceof Integer number) {
                group.add(name, number.intValue());
            } else if (value instanceof Float number) {
                group.add(name, number.floatValue());
            } else if (value instanceof byte[] bytes) {
                group.add(name, Binary.fromConstantByteArray(bytes));
            } else if (value instanceof float[] numbers) {
                Group list = group.addGroup(name);
                for (float number : numbers) {
                    short half = HalfFloat.of(number);
                    list.addGroup(0).add(0, Binary.fromConstantByteArray(new byte[] {(byte) half, (byte) (half >> 8)}));
                }
            } else if (value != null) {
                throw new IllegalArgumentException("no column holds a " + value.getClass());
            }
        }
        return group;
    }

    /** What a shard's metadata must say of the attempt that made it. */
    public static Map<String, String> metadata(String campaign, long job, String token, String worker) {
        return Map.of(
                ShardMetadata.CAMPAIGN, campaign,
                ShardMetadata.JOB, Long.toString(job),
                ShardMetadata.ATTEMPT, token,
                ShardMetadata.WORKER, worker,
                ShardMetadata.SCHEMA, Integer.toString(ShardColumn.SCHEMA_VERSION));
    }

    /**
     * Uploads a shard as an attempt would.
     *
     * @param scratch folder for the file on its way
     */
    public static ShardObject upload(
            ObjectStore store,
            Path scratch,
            Ledger.ReadyJob job,
            FencingToken token,
            String worker,
            List<Map<String, Object>> pairs)
            throws IOException {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Map<String, Object> pair : pairs) {
            Map<String, Object> row = new LinkedHashMap<>(pair);
            row.put("wat_path", job.watPath());
            rows.add(row);
        }
        Path file = write(
                Files.createTempFile(scratch, "shard", ".parquet"),
                schema(List.of(ShardColumn.values())),
                metadata(job.campaign(), job.job(), token.toString(), worker),
                rows);
        String sha256 = Digests.sha256(file);
        store.put(ObjectKeys.incoming(job.campaign(), job.job(), token, sha256), file);
        return new ShardObject("shard-0.parquet", Files.size(file), sha256, rows.size());
    }

    /** An honest manifest for such an object. */
    public static Manifest manifest(ShardObject object) {
        return new Manifest(
                BUNDLE,
                "fp32",
                10,
                "0".repeat(31) + "7",
                new Counts(
                        1,
                        0,
                        1,
                        0,
                        object.rows() + 2,
                        object.rows(),
                        object.rows(),
                        Map.of("no_text", 2L),
                        Map.of(),
                        7),
                List.of(object),
                1);
    }
}
