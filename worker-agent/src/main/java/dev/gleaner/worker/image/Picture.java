package dev.gleaner.worker.image;

/** A decoded picture as rows of 8-bit RGB, made row by row so that no second copy of the whole is needed. One thread. */
interface Picture {
    int width();

    int height();

    /** Writes row {@code y} as {@code width·3} bytes, red first. */
    void row(int y, byte[] rgb);
}
