package dev.gleaner.worker.job;

/**
 * How wide the line is.
 *
 * @param fetches requests under way at a time, and pictures held between fetch and decode
 * @param bodyBytes of these pictures together
 * @param decoders threads that decode and resize
 * @param scorers threads that run the encoders
 * @param batch pairs in one call of an encoder
 * @param window decoded pictures, 150 KB each, from which pairs with texts of like length are put together: texts are
 *     padded to the longest of their batch, and short ones are most
 */
public record LineSettings(int fetches, long bodyBytes, int decoders, int scorers, int batch, int window) {
    /** For a machine that may use {@code cpus} processors. */
    public static LineSettings forCpus(int cpus) {
        return new LineSettings(64 * Math.max(1, cpus), 96L << 20, Math.max(1, cpus), Math.max(1, cpus), 8, 256);
    }
}
