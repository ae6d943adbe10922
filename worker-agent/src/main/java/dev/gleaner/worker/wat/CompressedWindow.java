package dev.gleaner.worker.wat;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

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
        return (int) (position - start);
    }

    /** Forgets what lies before {@code position}. */
    void dropBefore(long position) {
        int drop = indexOf(position);
        System.arraycopy(bytes, drop, bytes, 0, length - drop);
        start = position;
        length -= drop;
    }

    /**
     * Reads on, forgetting bytes before {@code needed} only when the window is full.
     *
     * @return false at the end of the file
     */
    boolean more(long needed) throws IOException {
        if (length == bytes.length) {
            if (indexOf(needed) >= length / 2 || length >= LIMIT) {
                dropBefore(needed);
            }
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(2L * bytes.length, Integer.MAX_VALUE - 8));
            }
        }
        int got = in.read(bytes, length, bytes.length - length);
        if (got < 0) {
            return false;
        }
        length += got;
        return true;
    }
}
