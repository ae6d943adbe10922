package dev.gleaner.protocol.result;

import java.util.Locale;

/** Why a link that looked like an image did not become a candidate; the extraction rules give the order. */
public enum ExtractDrop {
    NO_TEXT,
    SHORT_TEXT,
    BAD_URL,
    BAD_SCHEME,
    LONG_URL,
    IMAGE_TYPE,
    BLOCKED,
    DUPLICATE;

    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }
}
