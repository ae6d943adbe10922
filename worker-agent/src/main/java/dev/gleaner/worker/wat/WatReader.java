package dev.gleaner.worker.wat;

import dev.gleaner.protocol.campaign.Slice;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads the metadata records of one slice of a WAT.
 *
 * <p>A slice owns the gzip members whose first byte lies in its byte range, so a reader may start anywhere: it looks for
 * the first member that starts at or after its first byte, and stops at the first that starts at or after its last.
 *
 * <p><b>Malformed input.</b> What can be read is read, what cannot is counted, and nothing is allocated on a file's word:
 *
 * <ul>
 *   <li>A member starts where ten bytes look like a gzip header (RFC 1952): magic, deflate, no reserved flag, a known
 *       extra-flag and system byte. Bytes between members are skipped.
 *   <li>A member that does not inflate, fails its CRC or length, or is cut off is <em>broken</em>: none of its records
 *       count, and the search goes on at its second byte.
 *   <li>Members that inflate to more than {@value #MEMBER_LIMIT} bytes are read record by record as they come, because
 *       they cannot be held until their CRC is known; the records before the damage count. Inflation stops at {@value
 *       #INFLATE_LIMIT} bytes.
 *   <li>A record whose length is missing, negative, above {@value #RECORD_LIMIT} or longer than its member, or whose
 *       header is not WARC, is a <em>bad record</em>, and so is the rest of its member.
 * </ul>
 */
public final class WatReader {
    /** Members up to this size are all or nothing. */
    static final int MEMBER_LIMIT = 16 << 20;

    /** No record is larger. */
    static final int RECORD_LIMIT = 32 << 20;

    /** No member is inflated further: a whole WAT as a single member stays below it. */
    static final long INFLATE_LIMIT = 8L << 30;

    private final WatSource source;
    private long members;
    private long brokenMembers;
    private long records;
    private long badRecords;

    public WatReader(WatSource source) {
        this.source = source;
    }

    /** Takes one record; the buffer is the reader's and is used again afterwards. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Takes the block of one record of type {@code metadata}.
         *
         * @param offset where in the WAT the record's gzip member starts, in bytes
         * @param bytes the reader's buffer, valid only during the call
         * @param start first byte of the block
         * @param length of the block, in bytes
         * @return false when the block is not what it should be, which counts it as a bad record
         */
        boolean accept(long offset, byte[] bytes, int start, int length) throws IOException;
    }

    /**
     * Reads the slice from its first to its last member.
     *
     * @throws InputUnavailableException when the WAT is not there
     * @throws IOException when the source breaks down, or whatever the handler throws
     */
    public void read(Slice slice, Handler handler) throws IOException {
        long length = source.length();
        long start = slice.start(length);
        long end = slice.end(length);
        if (start >= end) {
            return;
        }
        try (InputStream in = source.open(start, end)) {
            CompressedWindow window = new CompressedWindow(in, start);
            RecordSplitter splitter = new RecordSplitter(handler);
            try (MemberInflater inflater = new MemberInflater(window, splitter)) {
                long at = start;
                while ((at = inflater.findMember(at, end)) >= 0) {
                    members++;
                    splitter.begin(at);
                    if (inflater.inflate(at)) {
                        at = inflater.end();
                    } else {
                        brokenMembers++;
                        at = Math.max(at + 1, window.start());
                    }
                    records += splitter.records();
                    badRecords += splitter.badRecords();
                }
            }
        }
    }

    /** Gzip members of the slice seen so far, broken ones included. */
    public long members() {
        return members;
    }

    public long brokenMembers() {
        return brokenMembers;
    }

    /** Metadata records of the slice seen so far, bad ones included. */
    public long records() {
        return records;
    }

    public long badRecords() {
        return badRecords;
    }
}
