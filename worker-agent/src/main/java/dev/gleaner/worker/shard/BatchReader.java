package dev.gleaner.worker.shard;

import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.ImageHashes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.IntStream;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Reads batches as {@link BatchWriter} makes them. The tracker has looked at them, but they are a stranger's all the same. */
public final class BatchReader {
    private static final long MAX_ROW_GROUP_BYTES = 256L << 20;

    private BatchReader() {}

    /** Takes each picture, in the order of the file. */
    @FunctionalInterface
    public interface Taker {
        void take(PreparedPicture picture) throws IOException, InterruptedException;
    }

    /** @throws IOException when the file is no batch */
    public static void read(Path file, Taker taker) throws IOException, InterruptedException {
        try (ParquetFileReader reader = ParquetFileReader.open(
                new LocalInputFile(file),
                ParquetReadOptions.builder(new PlainParquetConfiguration())
                        .usePageChecksumVerification()
                        .build())) {
            MessageType schema = reader.getFileMetaData().getSchema();
            if (!isKnown(schema)) {
                throw new IOException("a batch has other columns than this worker knows");
            }
            for (BlockMetaData block : reader.getRowGroups()) {
                if (block.getTotalByteSize() > MAX_ROW_GROUP_BYTES) {
                    throw new IOException("a batch's row group is too large");
                }
            }
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> rows = new ColumnIOFactory()
                        .getColumnIO(schema)
                        .getRecordReader(pages, new GroupRecordConverter(schema));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    taker.take(picture(rows.read()));
                }
            }
        } catch (RuntimeException e) {
            throw new IOException("a batch is not readable: " + e, e);
        }
    }

    /** Batches of earlier versions may wait to be scored for weeks. */
    private static boolean isKnown(MessageType schema) {
        return IntStream.rangeClosed(1, BatchColumn.SCHEMA_VERSION)
                .mapToObj(version -> ShardSchema.of(Column.of(version, BatchColumn.values())))
                .anyMatch(known -> known.getFields().equals(schema.getFields()));
    }

    private static PreparedPicture picture(Group row) throws IOException {
        byte[] pixels = row.getBinary(BatchColumn.PIXELS.column(), 0).getBytes();
        if (pixels.length != BatchColumn.PIXEL_BYTES) {
            throw new IOException("a prepared picture has " + pixels.length + " bytes");
        }
        return new PreparedPicture(
                text(row, BatchColumn.URL),
                text(row, BatchColumn.TEXT),
                row.getInteger(BatchColumn.WIDTH.column(), 0),
                row.getInteger(BatchColumn.HEIGHT.column(), 0),
                optional(row, BatchColumn.LICENSE),
                text(row, BatchColumn.PAGE_URL),
                text(row, BatchColumn.WAT_PATH),
                row.getLong(BatchColumn.WAT_OFFSET.column(), 0),
                row.getInteger(BatchColumn.LINK_INDEX.column(), 0),
                new ImageHashes(
                        text(row, BatchColumn.IMAGE_SHA256),
                        text(row, BatchColumn.IMAGE_MD5),
                        optional(row, BatchColumn.IMAGE_SHA1),
                        null),
                row.getInteger(BatchColumn.IMAGE_BYTES.column(), 0),
                text(row, BatchColumn.FORMAT),
                optional(row, BatchColumn.LANGUAGE),
                Instant.ofEpochMilli(row.getLong(BatchColumn.FETCHED_AT.column(), 0)),
                row.getInteger(BatchColumn.HTTP_STATUS.column(), 0),
                pixels);
    }

    private static String text(Group row, BatchColumn column) {
        return row.getString(column.column(), 0);
    }

    private static @Nullable String optional(Group row, BatchColumn column) {
        return !row.getType().containsField(column.column()) || row.getFieldRepetitionCount(column.column()) == 0
                ? null
                : text(row, column);
    }
}
