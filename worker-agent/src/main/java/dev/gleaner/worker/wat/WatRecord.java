package dev.gleaner.worker.wat;

/**
 * The block of one {@code metadata} record, as it lies in the reader's buffer: valid only during the call it is given to.
 *
 * @param offset where in the WAT the gzip member starts, in bytes
 * @param first how many metadata records of the same member came before; 0 where each record has its own member
 * @param bytes the buffer
 * @param start first byte of the block
 * @param length of the block, in bytes
 */
public record WatRecord(long offset, int first, byte[] bytes, int start, int length) {
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(offset);
    }

    @Override
    public String toString() {
        return "WatRecord[offset=" + offset + ", length=" + length + "]";
    }
}
