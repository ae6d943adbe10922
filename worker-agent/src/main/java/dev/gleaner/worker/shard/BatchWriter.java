package dev.gleaner.worker.shard;

import dev.gleaner.protocol.shard.BatchColumn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes prepared pictures to files of a bounded number of rows, as they come: each has 150 KB, too much to gather and sort. Holds
 * one row group in memory. Safe for any thread.
 */
public final class BatchWriter implements AutoCloseable {
    /** Some 400 MB, as pictures compress. */
    private static final int ROWS = 4_000;

    private final Path folder;
    private final Map<String, String> metadata;
    private final List<Shard> files = new ArrayList<>();
    private @Nullable RowFile<BatchColumn, PreparedPicture> open;

    /**
     * @param folder where the files go
     * @param metadata written into each file
     */
    public BatchWriter(Path folder, Map<String, String> metadata) {
        this.folder = folder;
        this.metadata = Map.copyOf(metadata);
    }

    /** @throws IOException when the disk is full or the folder unwritable */
    public synchronized void add(PreparedPicture picture) throws IOException {
        RowFile<BatchColumn, PreparedPicture> file = open;
        if (file == null) {
            file = new RowFile<>(
                    folder.resolve("batch-" + files.size() + ".parquet"),
                    metadata,
                    List.of(BatchColumn.values()),
                    BatchWriter::value);
            open = file;
        }
        file.write(picture);
        if (file.rows() == ROWS) {
            end(file);
        }
    }

    private void end(RowFile<BatchColumn, PreparedPicture> file) throws IOException {
        files.add(file.finish());
        open = null;
    }

    /** Ends the last file; gives all in order. */
    public synchronized List<Shard> finish() throws IOException {
        RowFile<BatchColumn, PreparedPicture> file = open;
        if (file != null) {
            end(file);
        }
        return List.copyOf(files);
    }

    @Override
    public synchronized void close() throws IOException {
        RowFile<BatchColumn, PreparedPicture> file = open;
        if (file != null) {
            open = null;
            file.close();
        }
    }

    private static @Nullable Object value(BatchColumn column, PreparedPicture p) {
        return switch (column) {
            case URL -> p.url();
            case TEXT -> p.text();
            case WIDTH -> p.width();
            case HEIGHT -> p.height();
            case LICENSE -> p.license();
            case PAGE_URL -> p.pageUrl();
            case WAT_PATH -> p.watPath();
            case WAT_OFFSET -> p.watOffset();
            case LINK_INDEX -> p.index();
            case IMAGE_SHA256 -> p.hashes().sha256();
            case IMAGE_MD5 -> p.hashes().md5();
            case IMAGE_SHA1 -> p.hashes().sha1();
            case IMAGE_BYTES -> p.imageBytes();
            case FORMAT -> p.format();
            case LANGUAGE -> p.language();
            case FETCHED_AT -> p.fetchedAt().toEpochMilli();
            case HTTP_STATUS -> p.httpStatus();
            case PIXELS -> p.pixels();
        };
    }
}
