package dev.gleaner.protocol.shard;

import java.util.Locale;

/** The columns of a batch of prepared pictures, in order: what a scoring job needs to make a {@linkplain ShardColumn shard}. */
public enum BatchColumn implements Column {
    URL(Kind.TEXT, true),
    TEXT(Kind.TEXT, true),
    WIDTH(Kind.INT32, true),
    HEIGHT(Kind.INT32, true),
    LICENSE(Kind.TEXT, false),
    PAGE_URL(Kind.TEXT, true),
    WAT_PATH(Kind.TEXT, true),
    WAT_OFFSET(Kind.INT64, true),
    /** Which of the image links of its gzip member, from 0. */
    LINK_INDEX(Kind.INT32, true),
    IMAGE_SHA256(Kind.TEXT, true),
    IMAGE_MD5(Kind.TEXT, true),
    IMAGE_SHA1(Kind.TEXT, 2),
    IMAGE_BYTES(Kind.INT32, true),
    FORMAT(Kind.TEXT, true),
    LANGUAGE(Kind.TEXT, false),
    FETCHED_AT(Kind.TIMESTAMP_MILLIS, true),
    HTTP_STATUS(Kind.INT32, true),
    /** {@value #PIXEL_BYTES} bytes: rows from the top, pixels from the left, red, green, blue. */
    PIXELS(Kind.BYTES, true);

    /** Width and height of a prepared picture, in pixels. */
    public static final int SIDE = 224;

    /** Size of a prepared picture. */
    public static final int PIXEL_BYTES = SIDE * SIDE * 3;

    /** Version of this list, in each file's metadata. */
    public static final int SCHEMA_VERSION = 2;

    private final Kind kind;
    private final boolean required;
    private final int since;

    BatchColumn(Kind kind, boolean required) {
        this.kind = kind;
        this.required = required;
        this.since = 1;
    }

    /** One that came later, and that not every row has. */
    BatchColumn(Kind kind, int since) {
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

    @Override
    public String column() {
        return name().toLowerCase(Locale.ROOT);
    }
}
