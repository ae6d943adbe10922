package dev.gleaner.tracker.release;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Reads a table of a release and the embeddings beside it, pair after pair. One thread; to be closed. */
public final class ReleaseRows implements AutoCloseable {
    private static final Pattern SHAPE = Pattern.compile("'descr': '<f2'.*'shape': \\((\\d+), (\\d+)\\)");

    private final ParquetFileReader reader;
    private final MessageType schema;
    private final InputStream embeddings;
    private final int bytesEach;
    private @Nullable RecordReader<Group> rows;
    private long left;

    public ReleaseRows(Path parquet, Path npy) throws IOException {
        this.reader = ParquetFileReader.open(
                new LocalInputFile(parquet),
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build());
        this.schema = reader.getFileMetaData().getSchema();
        this.embeddings = new BufferedInputStream(Files.newInputStream(npy), 1 << 16);
        byte[] start = embeddings.readNBytes(10);
        int length = start.length < 10 ? 0 : (start[8] & 0xff) | ((start[9] & 0xff) << 8);
        Matcher shape = SHAPE.matcher(new String(embeddings.readNBytes(length), StandardCharsets.ISO_8859_1));
        if (!shape.find()) {
            throw new IOException(npy + " is no .npy of half precision numbers");
        }
        this.bytesEach = 2 * Integer.parseInt(shape.group(2));
    }

    /** The next pair, or null at the end. */
    public @Nullable PairRow next() throws IOException {
        while (left == 0) {
            PageReadStore pages = reader.readNextRowGroup();
            if (pages == null) {
                return null;
            }
            left = pages.getRowCount();
            rows = new ColumnIOFactory().getColumnIO(schema).getRecordReader(pages, new GroupRecordConverter(schema));
        }
        left--;
        Group g = Objects.requireNonNull(rows, "made with the first row group").read();
        return ShardRows.row(
                g,
                ByteBuffer.wrap(embeddings.readNBytes(bytesEach)).order(ByteOrder.LITTLE_ENDIAN),
                g.getLong(ReleaseColumn.JOB.column(), 0),
                g.getString(ReleaseColumn.ATTEMPT.column(), 0),
                g.getString(ReleaseColumn.WORKER.column(), 0));
    }

    @Override
    public void close() throws IOException {
        try (InputStream closing = embeddings) {
            reader.close();
        }
    }
}
