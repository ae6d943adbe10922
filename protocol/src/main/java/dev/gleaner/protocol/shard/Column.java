package dev.gleaner.protocol.shard;

/** A column of a Parquet file that workers hand in. */
public interface Column {
    /** Name in the file. */
    String column();

    Kind kind();

    /** Whether every row has a value. */
    boolean required();

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
