package dev.gleaner.worker.shard;

import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.HalfFloat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
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
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/**
 * A Parquet file while rows are written to it, zstd. One thread.
 *
 * @param <C> the enumeration of its columns
 * @param <T> a row
 */
final class RowFile<C extends Column, T> implements AutoCloseable {
    private static final long ROW_GROUP_BYTES = 16L << 20;
    private static final int PAGE_BYTES = 256 << 10;

    private final Path file;
    private final ParquetWriter<T> writer;
    private long rows;

    /**
     * @param metadata written into the file
     * @param value of a column in a row; null where the row has none
     */
    RowFile(Path file, Map<String, String> metadata, List<C> columns, BiFunction<C, T, @Nullable Object> value)
            throws IOException {
        this.file = file;
        this.writer = new Builder<>(new LocalOutputFile(file), () -> new Rows<>(metadata, columns, value))
                .withConf(new PlainParquetConfiguration())
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .withCompressionCodec(CompressionCodecName.ZSTD)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .withPageSize(PAGE_BYTES)
                .withDictionaryEncoding(true)
                .build();
    }

    /** @throws IOException when the disk is full or the folder unwritable */
    void write(T row) throws IOException {
        writer.write(row);
        rows++;
    }

    long rows() {
        return rows;
    }

    /** Ends the file, and says what it is. */
    Shard finish() throws IOException {
        writer.close();
        String name = String.valueOf(file.getFileName());
        return new Shard(new ShardObject(name, Files.size(file), sha256(file), rows), file);
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }

    private static String sha256(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                in.transferTo(java.io.OutputStream.nullOutputStream());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static final class Builder<T> extends ParquetWriter.Builder<T, Builder<T>> {
        private final java.util.function.Supplier<WriteSupport<T>> rows;

        Builder(OutputFile file, java.util.function.Supplier<WriteSupport<T>> rows) {
            super(file);
            this.rows = rows;
        }

        @Override
        protected Builder<T> self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation") // abstract in the superclass; never called with a plain configuration
        protected WriteSupport<T> getWriteSupport(org.apache.hadoop.conf.Configuration conf) {
            return rows.get();
        }

        @Override
        protected WriteSupport<T> getWriteSupport(ParquetConfiguration conf) {
            return rows.get();
        }
    }

    /** Writes the columns in their order. */
    private static final class Rows<C extends Column, T> extends WriteSupport<T> {
        private final Map<String, String> metadata;
        private final List<C> columns;
        private final BiFunction<C, T, @Nullable Object> value;
        private final MessageType schema;
        private @Nullable RecordConsumer consumer;

        Rows(Map<String, String> metadata, List<C> columns, BiFunction<C, T, @Nullable Object> value) {
            this.metadata = metadata;
            this.columns = columns;
            this.value = value;
            this.schema = ShardSchema.of(columns);
        }

        @Override
        public WriteContext init(ParquetConfiguration conf) {
            return new WriteContext(schema, metadata);
        }

        @Override
        @SuppressWarnings("deprecation") // abstract in the superclass; never called with a plain configuration
        public WriteContext init(org.apache.hadoop.conf.Configuration conf) {
            return new WriteContext(schema, metadata);
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            this.consumer = consumer;
        }

        @Override
        public void write(T row) {
            RecordConsumer out = Objects.requireNonNull(consumer, "prepared before the first row");
            out.startMessage();
            for (int at = 0; at < columns.size(); at++) {
                Object cell = value.apply(columns.get(at), row);
                if (cell != null) {
                    String name = columns.get(at).column();
                    out.startField(name, at);
                    put(out, cell);
                    out.endField(name, at);
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
            } else if (value instanceof byte[] bytes) {
                out.addBinary(Binary.fromConstantByteArray(bytes));
            } else if (value instanceof float[] vector) {
                out.startGroup();
                out.startField("list", 0);
                for (float v : vector) {
                    short half = HalfFloat.of(v);
                    out.startGroup();
                    out.startField("element", 0);
                    out.addBinary(Binary.fromConstantByteArray(new byte[] {(byte) half, (byte) (half >> 8)}));
                    out.endField("element", 0);
                    out.endGroup();
                }
                out.endField("list", 0);
                out.endGroup();
            } else {
                throw new IllegalStateException("no column holds a " + value.getClass());
            }
        }
    }
}
