package dev.gleaner.worker.shard;

import dev.gleaner.protocol.shard.ShardColumn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Collects kept pairs and writes them to Parquet files of a bounded number of rows, sorted by place in the WAT so that the same
 * pairs give the same order.
 *
 * <p>Holds at most one shard's rows in memory. Safe for any thread.
 */
public final class ShardWriter {
    private final Path folder;
    private final int rowsPerShard;
    private final Map<String, String> metadata;
    private final List<KeptPair> rows = new ArrayList<>();
    private final List<Shard> shards = new ArrayList<>();

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
        Path file = folder.resolve("shard-" + shards.size() + ".parquet");
        try (RowFile<ShardColumn, KeptPair> out =
                new RowFile<>(file, metadata, List.of(ShardColumn.values()), ShardWriter::value)) {
            for (KeptPair row : rows) {
                out.write(row);
            }
            shards.add(out.finish());
        }
        rows.clear();
    }

    private static @Nullable Object value(ShardColumn column, KeptPair p) {
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
            case FETCHED_AT -> p.fetchedAt().toEpochMilli();
            case HTTP_STATUS -> p.httpStatus();
            case MODEL_ID -> p.modelId();
            case EMBEDDING -> p.embedding();
        };
    }
}
