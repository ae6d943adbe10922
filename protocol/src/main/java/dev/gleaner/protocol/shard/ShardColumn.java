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
    /** How pleasing the bundle's aesthetic head finds the picture, 1 to 10 for LAION's; null when the bundle has no such head. */
    AESTHETIC(Kind.FLOAT, 2),
    /** Probability of a watermark, 0 to 1, by the bundle's watermark head; null when it has none. */
    PWATERMARK(Kind.FLOAT, 2),
    PAGE_URL(Kind.TEXT, true),
    WAT_PATH(Kind.TEXT, true),
    /** Offset in the WAT of the gzip member the link was read from, in bytes. */
    WAT_OFFSET(Kind.INT64, true),
    /** Of the bytes as fetched, 64 hexadecimal digits. */
    IMAGE_SHA256(Kind.TEXT, true),
    /** Of the bytes as fetched, 32 hexadecimal digits: lists of known-bad images are MD5 lists. */
    IMAGE_MD5(Kind.TEXT, true),
    /** Of the bytes as fetched, 40 hexadecimal digits. */
    IMAGE_SHA1(Kind.TEXT, 2),
    /** Perceptual hash, 64 bits; pictures that look alike differ in few of them. See {@code docs/dataset.md}. */
    IMAGE_PHASH(Kind.INT64, 2),
    /** Size of the file as fetched. */
    IMAGE_BYTES(Kind.INT32, true),
    /** {@code JPEG}, {@code PNG}, {@code WEBP} or {@code GIF}, by content. */
    FORMAT(Kind.TEXT, true),
    /** The page's {@code lang} attribute where the WAT carries it. */
    LANGUAGE(Kind.TEXT, false),
    /** Language of the text, ISO 639-1, as guessed from the text alone; {@code und} when that is not sure. */
    TEXT_LANGUAGE(Kind.TEXT, 2),
    /** When the picture was fetched, by the worker's clock, UTC milliseconds. */
    FETCHED_AT(Kind.TIMESTAMP_MILLIS, true),
    HTTP_STATUS(Kind.INT32, true),
    /** Id of the model bundle. */
    MODEL_ID(Kind.TEXT, true),
    /** Image embedding of unit length, IEEE 754 half precision. */
    EMBEDDING(Kind.HALF_LIST, true);

    /** Version of this list, in each file's metadata. */
    public static final int SCHEMA_VERSION = 2;

    private final Kind kind;
    private final boolean required;
    private final int since;

    ShardColumn(Kind kind, boolean required) {
        this.kind = kind;
        this.required = required;
        this.since = 1;
    }

    /** One that came later, and that not every row has. */
    ShardColumn(Kind kind, int since) {
        this.kind = kind;
        this.required = false;
        this.since = since;
    }

    @Override
    public int since() {
        return since;
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
