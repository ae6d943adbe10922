package dev.gleaner.tracker.release.jet;

import java.io.Serializable;

/** A packed pair on its way to its file. The bytes are nobody else's. */
final class Packed implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int file;
    private final byte[] row;

    Packed(int file, byte[] row) {
        this.file = file;
        this.row = row;
    }

    int file() {
        return file;
    }

    byte[] row() {
        return row;
    }
}
