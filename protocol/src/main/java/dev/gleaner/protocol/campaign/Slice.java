package dev.gleaner.protocol.campaign;

/**
 * Slice {@code index} of {@code count} of a WAT: it owns the gzip members whose first byte lies in its byte range.
 *
 * @param index from 0
 * @param count 1 to {@value #MAX_COUNT}
 */
public record Slice(int index, int count) {
    /** More slices than this cannot be useful: a WAT has some 100,000 members. */
    public static final int MAX_COUNT = 10_000;

    public static final Slice WHOLE = new Slice(0, 1);

    public Slice {
        if (count < 1 || count > MAX_COUNT || index < 0 || index >= count) {
            throw new IllegalArgumentException(
                    "a slice is i/n with 0 <= i < n <= " + MAX_COUNT + ", not " + index + "/" + count);
        }
    }

    /**
     * Reads {@code i/n}.
     *
     * @throws IllegalArgumentException when it is not that
     */
    public static Slice parse(String text) {
        String[] parts = text.split("/", -1);
        try {
            if (parts.length == 2) {
                return new Slice(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a slice is i/n, e.g. 0/4, not " + text, e);
        }
        throw new IllegalArgumentException("a slice is i/n, e.g. 0/4, not " + text);
    }

    /** First byte of the range in a file of {@code length} bytes: ⌊index·length/count⌋. */
    public long start(long length) {
        return bound(index, length);
    }

    /** One past the last byte of the range. */
    public long end(long length) {
        return bound(index + 1, length);
    }

    private long bound(int i, long length) {
        long whole = length / count;
        long rest = length % count;
        return i * whole + i * rest / count;
    }

    @Override
    public String toString() {
        return index + "/" + count;
    }
}
