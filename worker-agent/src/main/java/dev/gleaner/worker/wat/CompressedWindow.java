package dev.gleaner.worker.wat;

import java.io.IOException;
import java.io.InputStream;

/**
 * The compressed bytes around the current member: kept from the member's first byte on, so that the search for the next
 * member can go back to the second byte of one that turned out broken. Bounded; one thread.
 */
final class CompressedWindow {
    /** A member longer than this is not kept whole; the search then goes on where it broke. */
    static final int LIMIT = 16 << 20;

    private static final int CHUNK = 64 << 10;
    private final InputStream in;
    private byte[] bytes = new byte[4 * CHUNK];
    /** Where in the array the first byte still held lies: moving it there costs more than inflating a small member. */
    private int first;

    private long start;
    private int length;

    CompressedWindow(InputStream in, long start) {
        this.in = in;
        this.start = start;
    }

    /** Offset in the file of the first byte still held. */
    long start() {
        return start;
    }

    /** One past the last byte held. */
    long end() {
        return start + length;
    }

    byte[] bytes() {
        return bytes;
    }

    int indexOf(long position) {
        return first + (int) (position - start);
    }

    long positionOf(int index) {
        return start + index - first;
    }

    /** Forgets what lies before {@code position}. */
    void dropBefore(long position) {
        int drop = (int) (position - start);
        first += drop;
        start = position;
        length -= drop;
    }

    /**
     * Reads on, forgetting bytes before {@code needed} only when the window is full.
     *
     * @return false at the end of the file
     */
    boolean more(long needed) throws IOException {
        if (first + length == bytes.length) {
            if (needed - start >= length / 2 || length >= LIMIT) {
                dropBefore(needed);
            }
            makeRoom();
        }
        int got = in.read(bytes, first + length, bytes.length - first - length);
        if (got < 0) {
            return false;
        }
        length += got;
        return true;
    }

    private void makeRoom() {
        byte[] roomy =
                length <= bytes.length / 2 ? bytes : new byte[(int) Math.min(2L * bytes.length, Integer.MAX_VALUE - 8)];
        System.arraycopy(bytes, first, roomy, 0, length);
        bytes = roomy;
        first = 0;
    }
}
