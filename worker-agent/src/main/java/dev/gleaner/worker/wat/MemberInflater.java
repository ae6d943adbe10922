package dev.gleaner.worker.wat;

import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Finds gzip members (RFC 1952) and inflates them one at a time.
 *
 * <p>Small members are inflated whole and handed on only when CRC and length hold; larger ones are handed on as they
 * come. One thread; holds a native inflater until closed.
 */
final class MemberInflater implements AutoCloseable {
    private static final int HEADER = 10;
    private static final int FHCRC = 2;
    private static final int FEXTRA = 4;
    private static final int FNAME = 8;
    private static final int FCOMMENT = 16;

    private final CompressedWindow window;
    private final RecordSplitter splitter;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 crc = new CRC32();
    private byte[] out = new byte[256 << 10];
    private long position;

    MemberInflater(CompressedWindow window, RecordSplitter splitter) {
        this.window = window;
        this.splitter = splitter;
    }

    /** Where the last member ended: the first byte after its trailer. */
    long end() {
        return position;
    }

    /** The first position from {@code from} on, before {@code limit}, where a member starts; -1 when there is none. */
    long findMember(long from, long limit) throws IOException {
        for (long at = from; at < limit; at++) {
            if (!has(at, HEADER, at)) {
                return -1;
            }
            byte[] b = window.bytes();
            int i = window.indexOf(at);
            int stop =
                    Math.min(window.indexOf(window.end()) - HEADER, window.indexOf(Math.min(limit, window.end())) - 1);
            while (i < stop && b[i] != 0x1f) {
                i++;
            }
            at = window.positionOf(i);
            if (looksLikeHeader(b, i)) {
                window.dropBefore(at);
                return at;
            }
        }
        return -1;
    }

    private static boolean looksLikeHeader(byte[] b, int i) {
        int xfl = b[i + 8] & 255;
        int os = b[i + 9] & 255;
        return b[i] == 0x1f
                && b[i + 1] == (byte) 0x8b
                && b[i + 2] == 8
                && (b[i + 3] & 0xe0) == 0
                && (xfl == 0 || xfl == 2 || xfl == 4)
                && (os <= 13 || os == 255);
    }

    /**
     * Inflates the member at {@code start} and gives its records to the splitter.
     *
     * @return false when it is broken
     */
    boolean inflate(long start) throws IOException {
        position = start;
        if (!skipHeader()) {
            return false;
        }
        inflater.reset();
        crc.reset();
        int held = 0;
        long total = 0;
        boolean streaming = false;
        try {
            while (!inflater.finished()) {
                if (inflater.needsInput()) {
                    if (position == window.end()
                            && !window.more(
                                    window.end() - start < CompressedWindow.LIMIT
                                            ? Math.max(start, window.start())
                                            : position)) {
                        return false;
                    }
                    int from = window.indexOf(position);
                    int count = window.indexOf(window.end()) - from;
                    inflater.setInput(window.bytes(), from, count);
                    position += count;
                }
                if (held == out.length) {
                    out = Arrays.copyOf(out, Math.min(WatReader.MEMBER_LIMIT, out.length * 2));
                }
                int got = inflater.inflate(out, held, out.length - held);
                if (got == 0 && (inflater.needsDictionary() || (!inflater.needsInput() && !inflater.finished()))) {
                    return false;
                }
                crc.update(out, held, got);
                held += got;
                total += got;
                if (total > WatReader.INFLATE_LIMIT) {
                    return false;
                }
                if (held == WatReader.MEMBER_LIMIT) {
                    streaming = true;
                    splitter.feed(out, held);
                    held = 0;
                }
            }
        } catch (DataFormatException e) {
            return false;
        }
        position -= inflater.getRemaining();
        if (!has(position, 8, position)) {
            return false;
        }
        long wantCrc = int32(position);
        long wantLength = int32(position + 4);
        position += 8;
        if (wantCrc != crc.getValue() || wantLength != (total & 0xffffffffL)) {
            return false;
        }
        if (streaming) {
            splitter.feed(out, held);
            splitter.end();
        } else {
            splitter.whole(out, held);
        }
        return true;
    }

    private boolean skipHeader() throws IOException {
        if (!has(position, HEADER, position)) {
            return false;
        }
        int flags = window.bytes()[window.indexOf(position) + 3];
        long start = position;
        position += HEADER;
        if ((flags & FEXTRA) != 0) {
            if (!has(position, 2, start)) {
                return false;
            }
            int i = window.indexOf(position);
            position += 2 + ((window.bytes()[i] & 255) | (window.bytes()[i + 1] & 255) << 8);
        }
        for (int flag : new int[] {FNAME, FCOMMENT}) {
            if ((flags & flag) != 0) {
                do {
                    if (!has(position, 1, start) || position - start > 1 << 16) {
                        return false;
                    }
                } while (window.bytes()[window.indexOf(position++)] != 0);
            }
        }
        if ((flags & FHCRC) != 0) {
            position += 2;
        }
        return has(position, 1, start);
    }

    private boolean has(long at, int count, long needed) throws IOException {
        while (window.end() < at + count) {
            if (!window.more(Math.max(needed, window.start()))) {
                return false;
            }
        }
        return true;
    }

    private long int32(long at) {
        byte[] b = window.bytes();
        int i = window.indexOf(at);
        return (b[i] & 255) | (b[i + 1] & 255) << 8 | (b[i + 2] & 255) << 16 | (b[i + 3] & 255L) << 24;
    }

    @Override
    public void close() {
        inflater.end();
    }
}
