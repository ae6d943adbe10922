package dev.gleaner.tracker.release;

import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * Makes the files of one part of a release of the packed rows that belong there: sorts them by rank, leaves out what stands there
 * already, writes Parquet and, row by row beside it, the embeddings as {@code .npy}. The same rows give the same bytes, in whatever
 * order they came.
 */
public final class PartWriter {
    private static final long ROW_GROUP_BYTES = 64L << 20;
    private static final int PAGE_BYTES = 256 << 10;
    private static final int NPY_ALIGNMENT = 64;

    private final ObjectStore store;
    private final Order order;
    private final Preset preset;

    public PartWriter(ObjectStore store, Order order) {
        this.store = store;
        this.order = order;
        this.preset = Preset.parse(order.preset());
    }

    /**
     * Writes both files and stores them.
     *
     * @param packed rows one after the other, each after its length in four bytes
     * @param scratch folder for files on their way
     */
    public List<PartFile> write(String name, byte[] packed, Path scratch) throws IOException {
        int[] rows = sorted(packed);
        int kept = 0;
        for (int i = 0; i < rows.length; i++) {
            if (i == 0 || !sameRank(packed, rows[kept - 1], rows[i])) {
                rows[kept++] = rows[i];
            }
        }
        Path parquet = scratch.resolve(name + ".parquet");
        Path npy = scratch.resolve(name + ".npy");
        int numbers = kept == 0 ? 0 : row(packed, rows[0]).embedding().remaining() / 2;
        try (ParquetWriter<PairRow> out = writer(parquet);
                OutputStream embeddings = new BufferedOutputStream(Files.newOutputStream(npy), 1 << 16)) {
            embeddings.write(npyHeader(kept, numbers));
            for (int i = 0; i < kept; i++) {
                PairRow row = row(packed, rows[i]);
                ByteBuffer embedding = row.embedding();
                if (embedding.remaining() != 2 * numbers) {
                    throw new IOException("embeddings of different lengths in one release: " + order.id());
                }
                out.write(row);
                embeddings.write(embedding.array(), embedding.arrayOffset() + embedding.position(), 2 * numbers);
            }
        }
        List<PartFile> files = new ArrayList<>();
        for (Path file : List.of(parquet, npy)) {
            String fileName = String.valueOf(file.getFileName());
            store.put(order.folder() + fileName, file);
            files.add(new PartFile(
                    fileName,
                    Files.size(file),
                    Digests.sha256(file),
                    kept,
                    file.equals(parquet) ? rows.length - kept : 0));
            Files.delete(file);
        }
        return files;
    }

    private static PairRow row(byte[] packed, int at) {
        return PairRow.unpack(
                packed, at + Integer.BYTES, ByteBuffer.wrap(packed).getInt(at));
    }

    /** Offsets of the rows by rank, then id, then everything else, so that the order they came in does not count. */
    private static int[] sorted(byte[] packed) {
        List<Integer> offsets = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.wrap(packed);
        for (int at = 0; at < packed.length; at += Integer.BYTES + buffer.getInt(at)) {
            offsets.add(at);
        }
        offsets.sort((a, b) -> Arrays.compareUnsigned(
                packed,
                a + Integer.BYTES,
                a + Integer.BYTES + buffer.getInt(a),
                packed,
                b + Integer.BYTES,
                b + Integer.BYTES + buffer.getInt(b)));
        return offsets.stream().mapToInt(Integer::intValue).toArray();
    }

    private static boolean sameRank(byte[] packed, int a, int b) {
        int from = a + Integer.BYTES;
        int other = b + Integer.BYTES;
        return Arrays.equals(packed, from, from + PairRow.RANK_BYTES, packed, other, other + PairRow.RANK_BYTES);
    }

    /** NumPy's format 1.0: numpy.lib.format. */
    static byte[] npyHeader(int rows, int columns) {
        String dictionary = "{'descr': '<f2', 'fortran_order': False, 'shape': (" + rows + ", " + columns + "), }";
        int prefix = 10;
        int length = prefix + dictionary.length() + 1;
        int padded = (length + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT;
        byte[] header = new byte[padded];
        Arrays.fill(header, (byte) ' ');
        byte[] magic = {
            (byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) (padded - prefix), (byte) ((padded - prefix) >> 8)
        };
        System.arraycopy(magic, 0, header, 0, prefix);
        byte[] text = dictionary.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, header, prefix, text.length);
        header[padded - 1] = '\n';
        return header;
    }

    private ParquetWriter<PairRow> writer(Path file) throws IOException {
        Map<String, String> metadata =
                new TreeMap<>(Map.of("gleaner.campaign", order.campaign(), "gleaner.preset", preset.json()));
        return new Builder(new LocalOutputFile(file), new Rows(metadata, preset.id()))
                .withConf(new PlainParquetConfiguration())
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .withCompressionCodec(CompressionCodecName.ZSTD)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .withPageSize(PAGE_BYTES)
                .withDictionaryEncoding(true)
                .build();
    }

    private static MessageType schema() {
        Types.MessageTypeBuilder message = Types.buildMessage();
        ReleaseColumn.all().forEach(column -> message.addField(field(column)));
        return message.named("pair");
    }

    private static Type field(Column column) {
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
            case BYTES, HALF_LIST -> throw new IllegalStateException("a release has no such column");
        };
    }

    private static final class Builder extends ParquetWriter.Builder<PairRow, Builder> {
        private final Rows rows;

        Builder(OutputFile file, Rows rows) {
            super(file);
            this.rows = rows;
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation") // abstract in the superclass; never called with a plain configuration
        protected WriteSupport<PairRow> getWriteSupport(org.apache.hadoop.conf.Configuration conf) {
            return rows;
        }

        @Override
        protected WriteSupport<PairRow> getWriteSupport(ParquetConfiguration conf) {
            return rows;
        }
    }

    private static final class Rows extends WriteSupport<PairRow> {
        private final List<Column> columns = ReleaseColumn.all();
        private final Map<String, String> metadata;
        private final String presetId;
        private @Nullable RecordConsumer consumer;

        Rows(Map<String, String> metadata, String presetId) {
            this.metadata = metadata;
            this.presetId = presetId;
        }

        @Override
        public WriteContext init(ParquetConfiguration conf) {
            return new WriteContext(schema(), metadata);
        }

        @Override
        @SuppressWarnings("deprecation") // abstract in the superclass; never called with a plain configuration
        public WriteContext init(org.apache.hadoop.conf.Configuration conf) {
            return new WriteContext(schema(), metadata);
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            this.consumer = consumer;
        }

        @Override
        public void write(PairRow row) {
            RecordConsumer out = java.util.Objects.requireNonNull(consumer, "prepared before the first row");
            out.startMessage();
            for (int at = 0; at < columns.size(); at++) {
                Column column = columns.get(at);
                Object cell = column instanceof ShardColumn s ? value(s, row) : value((ReleaseColumn) column, row);
                if (cell != null) {
                    out.startField(column.column(), at);
                    put(out, cell);
                    out.endField(column.column(), at);
                }
            }
            out.endMessage();
        }

        private static void put(RecordConsumer out, Object value) {
            if (value instanceof String text) {
                out.addBinary(Binary.fromString(text));
            } else if (value instanceof Long number) {
                out.addLong(number);
            } else if (value instanceof Integer number) {
                out.addInteger(number);
            } else if (value instanceof Float number) {
                out.addFloat(number);
            } else {
                throw new IllegalStateException("no column holds a " + value.getClass());
            }
        }

        private Object value(ReleaseColumn column, PairRow row) {
            return switch (column) {
                case PRESET -> presetId;
                case JOB -> row.job();
                case ATTEMPT -> row.token();
                case WORKER -> row.worker();
            };
        }

        private static @Nullable Object value(ShardColumn column, PairRow p) {
            return switch (column) {
                case SAMPLE_ID -> p.sampleId();
                case URL -> p.url();
                case TEXT -> p.text();
                case WIDTH -> p.width();
                case HEIGHT -> p.height();
                case LICENSE -> p.license();
                case NSFW -> p.marks().nsfw();
                case SIMILARITY -> p.similarity();
                case AESTHETIC -> p.marks().aesthetic();
                case PWATERMARK -> p.marks().watermark();
                case PAGE_URL -> p.pageUrl();
                case WAT_PATH -> p.watPath();
                case WAT_OFFSET -> p.watOffset();
                case IMAGE_SHA256 -> p.hashes().sha256();
                case IMAGE_MD5 -> p.hashes().md5();
                case IMAGE_SHA1 -> p.hashes().sha1();
                case IMAGE_PHASH -> p.hashes().perceptual();
                case IMAGE_BYTES -> p.imageBytes();
                case FORMAT -> p.format();
                case LANGUAGE -> p.language();
                case TEXT_LANGUAGE -> p.textLanguage();
                case FETCHED_AT -> p.fetchedAt();
                case HTTP_STATUS -> p.httpStatus();
                case MODEL_ID -> p.modelId();
                case EMBEDDING -> throw new IllegalStateException("the embedding lies in a file of its own");
            };
        }
    }
}
