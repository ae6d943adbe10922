package dev.gleaner.protocol.shard;

import java.util.Arrays;
import java.util.List;

/** A column of a Parquet file that workers hand in. */
public interface Column {
    /** Name in the file. */
    String column();

    Kind kind();

    /** Whether every row has a value. */
    boolean required();

    /** The schema version that brought it: files of earlier ones lack it. */
    int since();

    /** Those of the columns that files of a schema version have, in order. */
    static <C extends Column> List<C> of(int version, C[] columns) {
        return Arrays.stream(columns)
                .filter(column -> column.since() <= version)
                .toList();
    }

    /** What a column holds; the writer and the verifier map it to Parquet. */
    enum Kind {
        INT32,
        INT64,
        FLOAT,
        TEXT,
        TIMESTAMP_MILLIS,
        HALF_LIST,
        BYTES
    }
}
