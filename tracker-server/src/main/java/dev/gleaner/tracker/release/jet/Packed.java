package dev.gleaner.tracker.release.jet;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** A packed pair on its way to its file. The bytes are nobody else's. */
final class Packed implements Serializable {
    private static final long serialVersionUID = 2L;

    private final int file;
    private final @Nullable Long hash;
    private final float similarity;
    private final byte[] row;

    /** @param hash perceptual; null for pairs that have none, or where nobody compares */
    Packed(int file, @Nullable Long hash, float similarity, byte[] row) {
        this.file = file;
        this.hash = hash;
        this.similarity = similarity;
        this.row = row;
    }

    int file() {
        return file;
    }

    @Nullable
    Long hash() {
        return hash;
    }

    float similarity() {
        return similarity;
    }

    byte[] row() {
        return row;
    }
}
