package dev.gleaner.worker.shard;

import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.ShardColumn;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
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

/**
 * Collects kept pairs and writes them to Parquet files of a bounded number of rows, zstd, sorted by place in the WAT so
 * that the same pairs give the same order.
 *
 * <p>Holds at most one shard's rows in memory. Safe for any thread.
 */
public final class ShardWriter {
    private static final long ROW_GROUP_BYTES = 16L << 20;
    private static final int PAGE_BYTES = 256 << 10;
    private final Path folder;
    private final int rowsPerShard;
    private final Map<String, String> metadata;
    private final List<KeptPair> rows = new ArrayList<>();
    private final List<Shard> shards = new ArrayList<>();

    /**
     * A file written.
     *
     * @param object what the manifest says of it
     */
    public record Shard(ShardObject object, Path file) {}

    /**
     * @param folder where the files go
     * @param metadata written into each file
     */
    public ShardWriter(Path folder, int rowsPerShard, Map<String, String> metadata) {
        this.folder = folder;
        this.rowsPerShard = rowsPerShard;
        this.metadata = Map.copyOf(metadata);
    }

    /**
     * Takes a row, and writes a file when there are enough.
     *
     * @throws IOException when the disk is full or the folder unwritable
     */
    public synchronized void add(KeptPair pair) throws IOException {
        rows.add(pair);
        if (rows.size() == rowsPerShard) {
            flush();
        }
    }

    /** Writes what is left; gives all files in order. */
    public synchronized List<Shard> finish() throws IOException {
        if (!rows.isEmpty()) {
            flush();
        }
        return List.copyOf(shards);
    }

    private void flush() throws IOException {
        rows.sort(Comparator.comparingLong(KeptPair::watOffset).thenComparingInt(KeptPair::index));
        String name = "shard-" + shards.size() + ".parquet";
        Path file = folder.resolve(name);
        try (ParquetWriter<KeptPair> writer = new Builder(new LocalOutputFile(file), metadata)
                .withConf(new PlainParquetConfiguration())
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .withCompressionCodec(CompressionCodecName.ZSTD)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .withPageSize(PAGE_BYTES)
                .withDictionaryEncoding(true)
                .build()) {
            for (KeptPair row : rows) {
                writer.write(row);
            }
        }
        shards.add(new Shard(new ShardObject(name, Files.size(file), sha256(file), rows.size()), file));
        rows.clear();
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

    private static final class Builder extends ParquetWriter.Builder<KeptPair, Builder> {
        private final Map<String, String> metadata;

        Builder(OutputFile file, Map<String, String> metadata) {
            super(file);
            this.metadata = metadata;
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation") // abstract in the superclass; never called with a plain configuration
        protected WriteSupport<KeptPair> getWriteSupport(org.apache.hadoop.conf.Configuration conf) {
            return new Rows(metadata);
        }

        @Override
        protected WriteSupport<KeptPair> getWriteSupport(ParquetConfiguration conf) {
            return new Rows(metadata);
        }
    }

    /** Writes the columns in the order of {@link ShardColumn}. */
    private static final class Rows extends WriteSupport<KeptPair> {
        private final Map<String, String> metadata;
        private @org.jspecify.annotations.Nullable RecordConsumer consumer;

        Rows(Map<String, String> metadata) {
            this.metadata = metadata;
        }

        @Override
        public WriteContext init(ParquetConfiguration conf) {
            return new WriteContext(ShardSchema.PARQUET, metadata);
        }

        @Override
        @SuppressWarnings("deprecation") // abstract in the superclass; never called with a plain configuration
        public WriteContext init(org.apache.hadoop.conf.Configuration conf) {
            return new WriteContext(ShardSchema.PARQUET, metadata);
        }

        @Override
        public void prepareForWrite(RecordConsumer consumer) {
            this.consumer = consumer;
        }

        @Override
        public void write(KeptPair p) {
            RecordConsumer out = java.util.Objects.requireNonNull(consumer, "prepared before the first row");
            out.startMessage();
            for (ShardColumn column : ShardColumn.values()) {
                Object value = value(column, p);
                if (value != null) {
                    String name = column.column();
                    int at = ShardSchema.PARQUET.getFieldIndex(name);
                    out.startField(name, at);
                    put(out, value);
                    out.endField(name, at);
                }
            }
            out.endMessage();
        }

        private static @org.jspecify.annotations.Nullable Object value(ShardColumn column, KeptPair p) {
            return switch (column) {
                case SAMPLE_ID -> p.sampleId();
                case URL -> p.url();
                case TEXT -> p.text();
                case WIDTH -> p.width();
                case HEIGHT -> p.height();
                case LICENSE -> p.license();
                case NSFW -> p.nsfw();
                case SIMILARITY -> p.similarity();
                case PAGE_URL -> p.pageUrl();
                case WAT_PATH -> p.watPath();
                case WAT_OFFSET -> p.watOffset();
                case IMAGE_SHA256 -> p.imageSha256();
                case IMAGE_MD5 -> p.imageMd5();
                case IMAGE_BYTES -> p.imageBytes();
                case FORMAT -> p.format();
                case LANGUAGE -> p.language();
                case FETCHED_AT -> p.fetchedAt().toEpochMilli();
                case HTTP_STATUS -> p.httpStatus();
                case MODEL_ID -> p.modelId();
                case EMBEDDING -> p.embedding();
            };
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
