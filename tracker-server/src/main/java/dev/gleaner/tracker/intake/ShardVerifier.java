package dev.gleaner.tracker.intake;

import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.HalfFloat;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.tracker.trust.Findings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/**
 * Reads a shard from end to end and says what is wrong with it, in the order of what is cheapest to find.
 *
 * <p>The file comes from a stranger: row groups are looked at before they are read, and whatever the reader throws is a fault
 * of the file. Stateless; safe for any thread.
 */
final class ShardVerifier {
    private static final long MAX_ROW_GROUP_BYTES = 256L << 20;
    private static final int MAX_TEXT_BYTES = 40_000;
    /** What rounding to half precision makes of a square of 1, generously. */
    private static final double NOT_QUITE_UNIT = 0.01;

    /**
     * What the shard must agree with.
     *
     * @param rows as the manifest says
     * @param metadata keys that must have these values
     * @param batch whether it is a batch of prepared pictures instead of a shard of pairs
     */
    record Expected(
            long rows, double threshold, String watPath, String bundle, Map<String, String> metadata, boolean batch) {
        /** Those of a schema version; none of one that nobody knows. */
        private List<? extends Column> columns(String schema) {
            int version = schema.matches("[1-9]") ? Integer.parseInt(schema) : 0;
            if (version < 1 || version > (batch ? BatchColumn.SCHEMA_VERSION : ShardColumn.SCHEMA_VERSION)) {
                return List.of();
            }
            return batch ? Column.of(version, BatchColumn.values()) : Column.of(version, ShardColumn.values());
        }
    }

    private ShardVerifier() {}

    /**
     * What is wrong, or an empty text.
     *
     * @param each is told of each pair as it is read; batches have none
     */
    static String fault(Path file, Expected expected, Consumer<SeenPair> each) {
        try (ParquetFileReader reader = open(file)) {
            Map<String, String> metadata = reader.getFileMetaData().getKeyValueMetaData();
            String schema = metadata.getOrDefault(ShardMetadata.SCHEMA, "");
            List<Type> fields = reader.getFileMetaData().getSchema().getFields();
            List<? extends Column> columns = expected.columns(schema);
            if (columns.isEmpty()) {
                return "the file metadata's " + ShardMetadata.SCHEMA + " is none that this tracker knows";
            }
            if (fields.size() != columns.size()) {
                return "the shard has " + fields.size() + " columns instead of " + columns.size();
            }
            for (int at = 0; at < columns.size(); at++) {
                Column column = columns.get(at);
                if (!matches(fields.get(at), column)) {
                    return "column " + at + " is not " + column.column() + " of kind " + column.kind();
                }
            }
            if (reader.getRecordCount() != expected.rows()) {
                return "the shard has " + reader.getRecordCount() + " rows, the manifest says " + expected.rows();
            }
            for (Map.Entry<String, String> entry : expected.metadata().entrySet()) {
                if (!entry.getValue().equals(metadata.get(entry.getKey()))) {
                    return "the file metadata's " + entry.getKey() + " is not " + entry.getValue();
                }
            }
            for (BlockMetaData block : reader.getRowGroups()) {
                if (block.getTotalByteSize() > MAX_ROW_GROUP_BYTES) {
                    return "a row group is larger than " + MAX_ROW_GROUP_BYTES + " bytes";
                }
            }
            return rowsFault(reader, expected, each);
        } catch (IOException | RuntimeException e) {
            return "the shard is not readable Parquet: " + e;
        }
    }

    /** Reads the pairs of a shard that was verified before. */
    static void eachPair(Path file, Consumer<SeenPair> each) throws IOException {
        try (ParquetFileReader reader = open(file)) {
            MessageColumnIO columns =
                    new ColumnIOFactory().getColumnIO(reader.getFileMetaData().getSchema());
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> rows = columns.getRecordReader(
                        pages, new GroupRecordConverter(reader.getFileMetaData().getSchema()));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    Group row = rows.read();
                    each.accept(pair(row, embedding(row)));
                }
            }
        }
    }

    private static ParquetFileReader open(Path file) throws IOException {
        return ParquetFileReader.open(
                new LocalInputFile(file),
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build());
    }

    private static String rowsFault(ParquetFileReader reader, Expected expected, Consumer<SeenPair> each)
            throws IOException {
        MessageColumnIO columns =
                new ColumnIOFactory().getColumnIO(reader.getFileMetaData().getSchema());
        Set<Object> ids = new HashSet<>();
        int embedding = -1;
        for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
            RecordReader<Group> rows = columns.getRecordReader(
                    pages, new GroupRecordConverter(reader.getFileMetaData().getSchema()));
            for (long i = 0; i < pages.getRowCount(); i++) {
                Group row = rows.read();
                int length = expected.batch()
                        ? embedding
                        : row.getGroup(ShardColumn.EMBEDDING.column(), 0).getFieldRepetitionCount(0);
                if (embedding >= 0 && length != embedding) {
                    return "embeddings of different lengths";
                }
                embedding = length;
                if (!ids.add(id(row, expected.batch()))) {
                    return expected.batch() ? "a picture stands twice" : "a SAMPLE_ID stands twice";
                }
                String fault = expected.batch() ? pictureFault(row) : pairFault(row, expected);
                fault = fault.isEmpty() ? sharedFault(row, expected) : fault;
                if (!fault.isEmpty()) {
                    return fault;
                }
                if (!expected.batch()) {
                    float[] numbers = embedding(row);
                    if (!isUnit(numbers)) {
                        return "an embedding is not of unit length";
                    }
                    each.accept(pair(row, numbers));
                }
            }
        }
        return "";
    }

    private static SeenPair pair(Group row, float[] embedding) {
        return new SeenPair(
                row.getLong(ShardColumn.SAMPLE_ID.column(), 0),
                new ImageHashes(
                        text(row, ShardColumn.IMAGE_SHA256),
                        text(row, ShardColumn.IMAGE_MD5),
                        textOrNull(row, ShardColumn.IMAGE_SHA1),
                        null),
                Findings.signs(embedding),
                text(row, ShardColumn.URL),
                text(row, ShardColumn.TEXT),
                row.getFloat(ShardColumn.SIMILARITY.column(), 0),
                row.getInteger(ShardColumn.WIDTH.column(), 0),
                row.getInteger(ShardColumn.HEIGHT.column(), 0),
                text(row, ShardColumn.FORMAT),
                textOrNull(row, ShardColumn.LICENSE),
                textOrNull(row, ShardColumn.NSFW),
                textOrNull(row, ShardColumn.LANGUAGE));
    }

    private static float[] embedding(Group row) {
        Group list = row.getGroup(ShardColumn.EMBEDDING.column(), 0);
        float[] numbers = new float[list.getFieldRepetitionCount(0)];
        for (int i = 0; i < numbers.length; i++) {
            ByteBuffer half = list.getGroup(0, i).getBinary(0, 0).toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            numbers[i] = HalfFloat.toFloat(half.getShort(half.position()));
        }
        return numbers;
    }

    private static boolean isUnit(float[] numbers) {
        double square = 0;
        for (float number : numbers) {
            square += (double) number * number;
        }
        return Math.abs(square - 1) <= NOT_QUITE_UNIT;
    }

    private static @Nullable String textOrNull(Group row, Column column) {
        return has(row, column) ? text(row, column) : null;
    }

    private static boolean has(Group row, Column column) {
        return row.getType().containsField(column.column()) && row.getFieldRepetitionCount(column.column()) > 0;
    }

    private static Object id(Group row, boolean batch) {
        return batch
                ? new Place(
                        row.getLong(BatchColumn.WAT_OFFSET.column(), 0),
                        row.getInteger(BatchColumn.LINK_INDEX.column(), 0))
                : (Object) row.getLong(ShardColumn.SAMPLE_ID.column(), 0);
    }

    private record Place(long offset, int index) {}

    private static String pictureFault(Group row) {
        int bytes = row.getBinary(BatchColumn.PIXELS.column(), 0).length();
        return bytes == BatchColumn.PIXEL_BYTES
                ? ""
                : "a prepared picture has " + bytes + " bytes instead of " + BatchColumn.PIXEL_BYTES;
    }

    private static String pairFault(Group row, Expected expected) {
        float similarity = row.getFloat(ShardColumn.SIMILARITY.column(), 0);
        if (!(similarity >= (float) expected.threshold() && similarity <= 1.0001f)) {
            return "a similarity of " + similarity + " is outside " + expected.threshold() + " to 1";
        }
        if (!text(row, ShardColumn.MODEL_ID).equals(expected.bundle())) {
            return "a row is of another model bundle";
        }
        return marksFault(row);
    }

    /** Of what not every row has. */
    private static String marksFault(Group row) {
        if (has(row, ShardColumn.AESTHETIC) && !Float.isFinite(row.getFloat(ShardColumn.AESTHETIC.column(), 0))) {
            return "an aesthetic score is no number";
        }
        if (has(row, ShardColumn.PWATERMARK)) {
            float watermark = row.getFloat(ShardColumn.PWATERMARK.column(), 0);
            if (!(watermark >= 0 && watermark <= 1)) {
                return "a watermark's probability of " + watermark + " is outside 0 to 1";
            }
        }
        String language = textOrNull(row, ShardColumn.TEXT_LANGUAGE);
        return language == null || language.matches("[a-z]{2,3}") ? "" : "a text's language is no code of one";
    }

    /** Of the columns that shards and batches have in common. */
    private static String sharedFault(Group row, Expected expected) {
        boolean batch = expected.batch();
        String url = text(row, batch ? BatchColumn.URL : ShardColumn.URL);
        if (!url.startsWith("http://") && !url.startsWith("https://")) {
            return "an address is neither http nor https";
        }
        if (url.length() > MAX_TEXT_BYTES
                || text(row, batch ? BatchColumn.TEXT : ShardColumn.TEXT).length() > MAX_TEXT_BYTES) {
            return "a text is too long";
        }
        if (!text(row, batch ? BatchColumn.WAT_PATH : ShardColumn.WAT_PATH).equals(expected.watPath())) {
            return "a row is of another WAT";
        }
        if (row.getInteger((batch ? BatchColumn.WIDTH : ShardColumn.WIDTH).column(), 0) < 1
                || row.getInteger((batch ? BatchColumn.HEIGHT : ShardColumn.HEIGHT).column(), 0) < 1) {
            return "a picture without pixels";
        }
        if (!text(row, batch ? BatchColumn.IMAGE_SHA256 : ShardColumn.IMAGE_SHA256)
                        .matches("[0-9a-f]{64}")
                || !text(row, batch ? BatchColumn.IMAGE_MD5 : ShardColumn.IMAGE_MD5)
                        .matches("[0-9a-f]{32}")) {
            return "an image digest is not one";
        }
        String sha1 = textOrNull(row, batch ? BatchColumn.IMAGE_SHA1 : ShardColumn.IMAGE_SHA1);
        return sha1 == null || sha1.matches("[0-9a-f]{40}") ? "" : "an image digest is not one";
    }

    private static String text(Group row, Column column) {
        return row.getString(column.column(), 0);
    }

    private static boolean matches(Type field, Column column) {
        Type.Repetition repetition = column.required() ? Type.Repetition.REQUIRED : Type.Repetition.OPTIONAL;
        if (!field.getName().equals(column.column()) || !field.isRepetition(repetition)) {
            return false;
        }
        return switch (column.kind()) {
            case INT32 -> isPrimitive(field, PrimitiveTypeName.INT32);
            case INT64, TIMESTAMP_MILLIS -> isPrimitive(field, PrimitiveTypeName.INT64);
            case FLOAT -> isPrimitive(field, PrimitiveTypeName.FLOAT);
            case TEXT ->
                isPrimitive(field, PrimitiveTypeName.BINARY)
                        && LogicalTypeAnnotation.stringType().equals(field.getLogicalTypeAnnotation());
            case BYTES -> isPrimitive(field, PrimitiveTypeName.BINARY);
            case HALF_LIST -> !field.isPrimitive() && isHalfList(field.asGroupType());
        };
    }

    private static boolean isPrimitive(Type field, PrimitiveTypeName name) {
        return field.isPrimitive() && field.asPrimitiveType().getPrimitiveTypeName() == name;
    }

    private static boolean isHalfList(GroupType group) {
        if (group.getFieldCount() != 1
                || group.getType(0).isPrimitive()
                || group.getType(0).asGroupType().getFieldCount() != 1) {
            return false;
        }
        Type element = group.getType(0).asGroupType().getType(0);
        return isPrimitive(element, PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY)
                && element.asPrimitiveType().getTypeLength() == 2
                && LogicalTypeAnnotation.float16Type().equals(element.getLogicalTypeAnnotation());
    }

    /** The file metadata that says where a shard comes from. */
    static Map<String, String> metadata(String campaign, long job, String token, String worker) {
        return Map.of(
                ShardMetadata.CAMPAIGN, campaign,
                ShardMetadata.JOB, Long.toString(job),
                ShardMetadata.ATTEMPT, token,
                ShardMetadata.WORKER, worker);
    }
}
