package dev.gleaner.worker.image;

/** A decoded picture as rows of 8-bit colours, made row by row so that no second copy of the whole is needed. One thread. */
interface Picture extends AutoCloseable {
    int width();

    int height();

    /** Writes row {@code y} as {@code width·3} bytes; what follows them in the array may be overwritten. */
    void row(int y, byte[] colours);

    /** Whether blue comes first in each pixel, and not red. */
    default boolean blueFirst() {
        return false;
    }

    /** Gives back memory that is not Java's own. */
    @Override
    default void close() {}
}
