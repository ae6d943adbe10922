package dev.gleaner.protocol.shard;

import java.util.Locale;

/**
 * The columns of a shard, in order. The first eight are named as LAION's users know them; the rest is provenance.
 *
 * <p>{@code WIDTH} and {@code HEIGHT} are the original picture's, and not swapped as in LAION's tables.
 */
public enum ShardColumn implements Column {
    /** 63-bit id made from WAT path, record offset and index: the same pair has the same id in every attempt. */
    SAMPLE_ID(Kind.INT64, true),
    URL(Kind.TEXT, true),
    TEXT(Kind.TEXT, true),
    WIDTH(Kind.INT32, true),
    HEIGHT(Kind.INT32, true),
    /** Address of the page's Creative Commons licence, null when the page names none. */
    LICENSE(Kind.TEXT, false),
    /** {@code UNLIKELY}, {@code UNSURE} or {@code NSFW}; null when the bundle has no safety head. */
    NSFW(Kind.TEXT, false),
    /** Cosine similarity of image and text embedding, -1 to 1. */
    SIMILARITY(Kind.FLOAT, true),
    PAGE_URL(Kind.TEXT, true),
    WAT_PATH(Kind.TEXT, true),
    /** Offset in the WAT of the gzip member the link was read from, in bytes. */
    WAT_OFFSET(Kind.INT64, true),
    /** Of the bytes as fetched, 64 hexadecimal digits. */
    IMAGE_SHA256(Kind.TEXT, true),
    /** Of the bytes as fetched, 32 hexadecimal digits: lists of known-bad images are MD5 lists. */
    IMAGE_MD5(Kind.TEXT, true),
    /** Size of the file as fetched. */
    IMAGE_BYTES(Kind.INT32, true),
    /** {@code JPEG}, {@code PNG}, {@code WEBP} or {@code GIF}, by content. */
    FORMAT(Kind.TEXT, true),
    /** The page's {@code lang} attribute where the WAT carries it. */
    LANGUAGE(Kind.TEXT, false),
    /** When the picture was fetched, by the worker's clock, UTC milliseconds. */
    FETCHED_AT(Kind.TIMESTAMP_MILLIS, true),
    HTTP_STATUS(Kind.INT32, true),
    /** Id of the model bundle. */
    MODEL_ID(Kind.TEXT, true),
    /** Image embedding of unit length, IEEE 754 half precision. */
    EMBEDDING(Kind.HALF_LIST, true);

    /** Version of this list, in each file's metadata. */
    public static final int SCHEMA_VERSION = 1;

    private final Kind kind;
    private final boolean required;

    ShardColumn(Kind kind, boolean required) {
        this.kind = kind;
        this.required = required;
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public boolean required() {
        return required;
    }

    /** Name in the file: LAION's upper-case names as they are, {@code similarity} and the provenance in lower case. */
    @Override
    public String column() {
        return compareTo(SIMILARITY) < 0 ? name() : name().toLowerCase(Locale.ROOT);
    }
}
