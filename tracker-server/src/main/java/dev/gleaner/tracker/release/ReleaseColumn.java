package dev.gleaner.tracker.release;

import dev.gleaner.protocol.shard.Column;
import dev.gleaner.protocol.shard.ShardColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Columns that a release has beside those of shards, but for the embedding, which lies in a file of its own. */
enum ReleaseColumn implements Column {
    /** The preset that took the pair, with its version. */
    PRESET(Kind.TEXT),
    JOB(Kind.INT64),
    /** The attempt's fencing token. */
    ATTEMPT(Kind.TEXT),
    /** Id of the worker whose result it was. */
    WORKER(Kind.TEXT);

    private final Kind kind;

    ReleaseColumn(Kind kind) {
        this.kind = kind;
    }

    @Override
    public String column() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public boolean required() {
        return true;
    }

    @Override
    public int since() {
        return 1;
    }

    /** All columns of a release's Parquet files, in order. */
    static List<Column> all() {
        List<Column> all = new ArrayList<>();
        for (ShardColumn column : ShardColumn.values()) {
            if (column != ShardColumn.EMBEDDING) {
                all.add(column);
            }
        }
        all.addAll(List.of(values()));
        return all;
    }
}
