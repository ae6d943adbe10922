package dev.gleaner.tracker.release;

import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.protocol.shard.ShardColumn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.apache.parquet.example.data.Group;
import org.jspecify.annotations.Nullable;

/** Reads the pairs of an accepted shard, one after the other. One thread; to be closed. */
public final class ShardRows implements AutoCloseable {
    private final ShardRef shard;
    private final boolean embeddings;
    private final Groups groups;

    /** @param embeddings false: they are left out, which makes reading much faster */
    public ShardRows(Path file, ShardRef shard, boolean embeddings) throws IOException {
        this.shard = shard;
        this.embeddings = embeddings;
        this.groups = embeddings ? new Groups(file) : new Groups(file, ShardColumn.EMBEDDING.column());
    }

    /** The next pair, or null at the end. */
    public @Nullable PairRow next() throws IOException {
        Group group = groups.next();
        return group == null
                ? null
                : row(
                        group,
                        embeddings
                                ? embedding(group.getGroup(ShardColumn.EMBEDDING.column(), 0))
                                : ByteBuffer.allocate(0),
                        shard.job(),
                        shard.token(),
                        shard.worker());
    }

    /** A row of a shard, or of a release. */
    static PairRow row(Group g, ByteBuffer embedding, long job, String token, String worker) {
        return new PairRow(
                number(g, ShardColumn.SAMPLE_ID),
                text(g, ShardColumn.URL),
                text(g, ShardColumn.TEXT),
                integer(g, ShardColumn.WIDTH),
                integer(g, ShardColumn.HEIGHT),
                textOrNull(g, ShardColumn.LICENSE),
                new PictureMarks(
                        textOrNull(g, ShardColumn.NSFW),
                        realOrNull(g, ShardColumn.AESTHETIC),
                        realOrNull(g, ShardColumn.PWATERMARK)),
                g.getFloat(ShardColumn.SIMILARITY.column(), 0),
                text(g, ShardColumn.PAGE_URL),
                text(g, ShardColumn.WAT_PATH),
                number(g, ShardColumn.WAT_OFFSET),
                new ImageHashes(
                        text(g, ShardColumn.IMAGE_SHA256),
                        text(g, ShardColumn.IMAGE_MD5),
                        textOrNull(g, ShardColumn.IMAGE_SHA1),
                        has(g, ShardColumn.IMAGE_PHASH) ? (Long) number(g, ShardColumn.IMAGE_PHASH) : null),
                integer(g, ShardColumn.IMAGE_BYTES),
                text(g, ShardColumn.FORMAT),
                textOrNull(g, ShardColumn.LANGUAGE),
                textOrNull(g, ShardColumn.TEXT_LANGUAGE),
                number(g, ShardColumn.FETCHED_AT),
                integer(g, ShardColumn.HTTP_STATUS),
                text(g, ShardColumn.MODEL_ID),
                embedding,
                job,
                token,
                worker);
    }

    private static ByteBuffer embedding(Group list) {
        int length = list.getFieldRepetitionCount(0);
        ByteBuffer halves = ByteBuffer.allocate(2 * length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < length; i++) {
            halves.put(list.getGroup(0, i).getBinary(0, 0).toByteBuffer());
        }
        return halves.flip();
    }

    private static long number(Group g, Column column) {
        return g.getLong(column.column(), 0);
    }

    private static int integer(Group g, Column column) {
        return g.getInteger(column.column(), 0);
    }

    private static String text(Group g, Column column) {
        return g.getString(column.column(), 0);
    }

    private static @Nullable String textOrNull(Group g, Column column) {
        return has(g, column) ? text(g, column) : null;
    }

    private static @Nullable Float realOrNull(Group g, Column column) {
        return has(g, column) ? (Float) g.getFloat(column.column(), 0) : null;
    }

    /** Files of earlier versions lack columns that came later. */
    private static boolean has(Group g, Column column) {
        return g.getType().containsField(column.column()) && g.getFieldRepetitionCount(column.column()) > 0;
    }

    @Override
    public void close() throws IOException {
        groups.close();
    }
}
