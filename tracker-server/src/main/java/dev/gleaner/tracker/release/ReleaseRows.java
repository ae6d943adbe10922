package dev.gleaner.tracker.release;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.parquet.example.data.Group;
import org.jspecify.annotations.Nullable;

/** Reads a table of a release and the embeddings beside it, pair after pair. One thread; to be closed. */
public final class ReleaseRows implements AutoCloseable {
    private static final Pattern SHAPE = Pattern.compile("'descr': '<f2'.*'shape': \\((\\d+), (\\d+)\\)");

    private final Groups groups;
    private final InputStream embeddings;
    private final int bytesEach;

    public ReleaseRows(Path parquet, Path npy) throws IOException {
        this.groups = new Groups(parquet);
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
        Group group = groups.next();
        return group == null
                ? null
                : of(group, ByteBuffer.wrap(embeddings.readNBytes(bytesEach)).order(ByteOrder.LITTLE_ENDIAN));
    }

    /** A row of a release's table. */
    static PairRow of(Group row, ByteBuffer embedding) {
        return ShardRows.row(
                row,
                embedding,
                row.getLong(ReleaseColumn.JOB.column(), 0),
                row.getString(ReleaseColumn.ATTEMPT.column(), 0),
                row.getString(ReleaseColumn.WORKER.column(), 0));
    }

    @Override
    public void close() throws IOException {
        try (InputStream closing = embeddings) {
            groups.close();
        }
    }
}
