package dev.gleaner.tracker.release;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
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

/** The rows of a Parquet file, one after the other. One thread; to be closed. */
final class Groups implements AutoCloseable {
    private final ParquetFileReader reader;
    private final MessageType schema;
    private @Nullable RecordReader<Group> rows;
    private long left;

    Groups(Path file) throws IOException {
        this(file, "");
    }

    /** @param without a column that is not read */
    Groups(Path file, String without) throws IOException {
        this.reader = ParquetFileReader.open(
                new LocalInputFile(file),
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build());
        MessageType whole = reader.getFileMetaData().getSchema();
        this.schema = new MessageType(
                whole.getName(),
                whole.getFields().stream()
                        .filter(field -> !field.getName().equals(without))
                        .toList());
        reader.setRequestedSchema(schema);
    }

    /** The next row, or null at the end. */
    @Nullable
    Group next() throws IOException {
        while (left == 0) {
            PageReadStore pages = reader.readNextRowGroup();
            if (pages == null) {
                return null;
            }
            left = pages.getRowCount();
            rows = new ColumnIOFactory().getColumnIO(schema).getRecordReader(pages, new GroupRecordConverter(schema));
        }
        left--;
        return Objects.requireNonNull(rows, "made with the first row group").read();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
