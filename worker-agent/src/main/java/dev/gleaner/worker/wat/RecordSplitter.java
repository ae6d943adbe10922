package dev.gleaner.worker.wat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Cuts a member's inflated bytes into WARC records (ISO 28500) and hands on the blocks of those of type {@code metadata}.
 *
 * <p>A member is given either whole, or fed in pieces and then ended. Holds at most one record. One thread.
 */
final class RecordSplitter {
    private static final int HEADER_LIMIT = 1 << 20;
    private static final byte[] TYPE = "warc-type".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LENGTH = "content-length".getBytes(StandardCharsets.US_ASCII);

    /** What one step over the bytes found. */
    private enum Step {
        NEXT,
        NEED_MORE,
        GIVE_UP
    }

    private final WatReader.Handler handler;
    private long offset;
    private int records;
    private int badRecords;
    private byte[] held = new byte[0];
    private int length;
    private boolean given;
    private int at;

    RecordSplitter(WatReader.Handler handler) {
        this.handler = handler;
    }

    /** A new member starts at this place in the file. */
    void begin(long memberOffset) {
        offset = memberOffset;
        records = 0;
        badRecords = 0;
        length = 0;
        given = false;
    }

    int records() {
        return records;
    }

    int badRecords() {
        return badRecords;
    }

    /** All of a member. */
    void whole(byte[] bytes, int count) throws IOException {
        run(bytes, count, true);
    }

    /** The next piece of a member. */
    void feed(byte[] bytes, int count) throws IOException {
        if (given) {
            return;
        }
        if (held.length < length + count) {
            held = Arrays.copyOf(held, Math.max(length + count, Math.min(held.length * 2, WatReader.RECORD_LIMIT)));
        }
        System.arraycopy(bytes, 0, held, length, count);
        length += count;
        run(held, length, false);
        System.arraycopy(held, at, held, 0, length - at);
        length -= at;
    }

    /** The member fed in pieces is over. */
    void end() throws IOException {
        if (!given) {
            run(held, length, true);
        }
        held = new byte[0];
    }

    private void run(byte[] b, int count, boolean last) throws IOException {
        at = 0;
        Step step;
        do {
            step = step(b, count, last);
        } while (step == Step.NEXT);
        if (step == Step.GIVE_UP) {
            given = true;
            at = count;
        }
    }

    private Step step(byte[] b, int count, boolean last) throws IOException {
        int p = at;
        while (p < count && (b[p] == '\r' || b[p] == '\n')) {
            p++;
        }
        if (p == count) {
            at = p;
            return Step.NEED_MORE;
        }
        int headerEnd = headerEnd(b, p, count);
        if (headerEnd < 0) {
            boolean tooLong = count - p > HEADER_LIMIT || !startsLikeWarc(b, p, count);
            return last || tooLong ? bad() : Step.NEED_MORE;
        }
        if (!startsLikeWarc(b, p, count)) {
            return bad();
        }
        long size = contentLength(b, p, headerEnd);
        if (size < 0 || size > WatReader.RECORD_LIMIT) {
            return bad();
        }
        if (headerEnd + size > count) {
            return last ? bad() : Step.NEED_MORE;
        }
        if (field(b, p, headerEnd, TYPE).equalsIgnoreCase("metadata")) {
            records++;
            if (!handler.accept(offset, b, headerEnd, (int) size)) {
                badRecords++;
            }
        }
        at = headerEnd + (int) size;
        return Step.NEXT;
    }

    private Step bad() {
        records++;
        badRecords++;
        return Step.GIVE_UP;
    }

    private static boolean startsLikeWarc(byte[] b, int p, int count) {
        byte[] magic = {'W', 'A', 'R', 'C', '/'};
        int n = Math.min(magic.length, count - p);
        return Arrays.equals(b, p, p + n, magic, 0, n);
    }

    /** One past the empty line that ends the header, or -1. */
    private static int headerEnd(byte[] b, int from, int count) {
        for (int i = from; i < count && i - from <= HEADER_LIMIT; i++) {
            if (b[i] == '\n') {
                int next = i + 1;
                if (next < count && b[next] == '\r') {
                    next++;
                }
                if (next < count && b[next] == '\n') {
                    return next + 1;
                }
            }
        }
        return -1;
    }

    private static long contentLength(byte[] b, int from, int to) {
        try {
            return Long.parseLong(field(b, from, to, LENGTH));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /**
     * A field's first value, trimmed; empty when it is not there.
     *
     * @param name in lower case
     */
    private static String field(byte[] b, int from, int to, byte[] name) {
        for (int line = from; line < to; ) {
            int end = line;
            while (end < to && b[end] != '\r' && b[end] != '\n') {
                end++;
            }
            int colon = line;
            while (colon < end && b[colon] != ':') {
                colon++;
            }
            if (colon < end && isNamed(b, line, colon, name)) {
                return new String(b, colon + 1, end - colon - 1, StandardCharsets.UTF_8).trim();
            }
            line = end + 1;
        }
        return "";
    }

    private static boolean isNamed(byte[] b, int from, int to, byte[] name) {
        int start = from;
        int end = to;
        while (start < end && isBlank(b[start])) {
            start++;
        }
        while (start < end && isBlank(b[end - 1])) {
            end--;
        }
        if (end - start != name.length) {
            return false;
        }
        for (int i = 0; i < name.length; i++) {
            byte c = b[start + i];
            if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != name[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isBlank(byte c) {
        return c >= 0 && c <= ' ';
    }
}
