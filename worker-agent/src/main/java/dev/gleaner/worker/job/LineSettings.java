package dev.gleaner.worker.job;

import dev.gleaner.worker.image.Preprocessor;

/**
 * How wide the line is.
 *
 * @param fetches most requests under way at a time, and most pictures held between fetch and decode
 * @param firstFetches requests under way at first; equal to {@code fetches}: always so many
 * @param bodyBytes of these pictures together
 * @param decoders threads that decode and resize
 * @param scorers threads that run the encoders
 * @param batch pairs in one call of an encoder
 * @param window decoded pictures, 150 KB each, from which pairs with texts of like length are put together: texts are
 *     padded to the longest of their batch, and short ones are most
 */
public record LineSettings(
        int fetches, int firstFetches, long bodyBytes, int decoders, int scorers, int batch, int window) {
    /** The same with these fixed by the machine's owner; 0 leaves one as it is. */
    public LineSettings with(int fixedFetches, int fixedBatch) {
        return new LineSettings(
                fixedFetches == 0 ? fetches : fixedFetches,
                fixedFetches == 0 ? firstFetches : fixedFetches,
                bodyBytes,
                decoders,
                scorers,
                fixedBatch == 0 ? batch : fixedBatch,
                Math.max(window, fixedBatch));
    }

    /** Learns how many requests do best, from job to job. */
    public FetchWidth newWidth() {
        return new FetchWidth(firstFetches, fetches);
    }

    /** With less of it a worker is not worth its while. */
    static final long LEAST_HEAP_MIB = 128;

    /** What the model that guesses languages keeps of the heap. */
    private static final long LANGUAGE_BYTES = 48L << 20;

    private static final int BATCH = 8;
    private static final int LARGEST_WINDOW = 256;
    private static final int SMALLEST_WINDOW = 4 * BATCH;
    private static final long MOST_BODY_BYTES = 96L << 20;
    private static final long LEAST_BODY_BYTES = 16L << 20;

    /**
     * For a machine that may use {@code cpus} processors.
     *
     * @param heapBytes that Java may take; a fifth goes to bodies, an eighth to decoded pictures
     */
    public static LineSettings forMachine(int cpus, long heapBytes) {
        long room = heapBytes - Math.min(LANGUAGE_BYTES, heapBytes / 3);
        int threads = Math.max(1, cpus);
        return new LineSettings(
                Math.min(1_024, 256 * threads),
                Math.min(1_024, 64 * threads),
                Math.max(LEAST_BODY_BYTES, Math.min(MOST_BODY_BYTES, room / 5)),
                threads,
                threads,
                BATCH,
                (int) Math.max(SMALLEST_WINDOW, Math.min(LARGEST_WINDOW, room / 8 / Preprocessor.BYTES)));
    }
}
