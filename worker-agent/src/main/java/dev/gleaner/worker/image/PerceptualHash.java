package dev.gleaner.worker.image;

import java.util.Arrays;

/**
 * A hash of what a picture looks like: copies in another size, format or quality differ in few of its 64 bits (Zauner, «Implementation
 * and Benchmarking of Perceptual Image Hash Functions», 2010, the hash by cosine transform).
 *
 * <p>Of a picture as {@link Preprocessor#prepare} makes it: brightness in 32 rows of 32 means, the cosine transform's coefficients of
 * the first eight frequencies above the constant in both directions, a bit for each that is above their median, the lowest
 * frequencies first. All in whole numbers, so that every machine gives the same.
 */
public final class PerceptualHash {
    private static final int SIDE = 32;
    private static final int BLOCK = Preprocessor.SIZE / SIDE;
    private static final int FREQUENCIES = 8;
    private static final int SCALE = 1 << 14;
    private static final int[][] COSINES = cosines();

    private PerceptualHash() {}

    private static int[][] cosines() {
        int[][] table = new int[FREQUENCIES][SIDE];
        for (int u = 0; u < FREQUENCIES; u++) {
            for (int x = 0; x < SIDE; x++) {
                table[u][x] =
                        (int) StrictMath.rint(SCALE * StrictMath.cos((2 * x + 1) * (u + 1) * Math.PI / (2 * SIDE)));
            }
        }
        return table;
    }

    /** @param rgb as {@link Preprocessor#prepare} gives it */
    public static long of(byte[] rgb) {
        if (rgb.length != Preprocessor.BYTES) {
            throw new IllegalArgumentException("a prepared picture has " + Preprocessor.BYTES + " bytes");
        }
        long[][] brightness = brightness(rgb);
        long[][] rows = new long[SIDE][FREQUENCIES];
        for (int y = 0; y < SIDE; y++) {
            for (int u = 0; u < FREQUENCIES; u++) {
                for (int x = 0; x < SIDE; x++) {
                    rows[y][u] += brightness[y][x] * COSINES[u][x];
                }
            }
        }
        long[] coefficients = new long[FREQUENCIES * FREQUENCIES];
        for (int v = 0; v < FREQUENCIES; v++) {
            for (int u = 0; u < FREQUENCIES; u++) {
                for (int y = 0; y < SIDE; y++) {
                    coefficients[v * FREQUENCIES + u] += rows[y][u] * COSINES[v][y];
                }
            }
        }
        return bits(coefficients);
    }

    /** Sums of blocks, by ITU-R BT.601's weights in thousandths. */
    private static long[][] brightness(byte[] rgb) {
        long[][] sums = new long[SIDE][SIDE];
        int at = 0;
        for (int y = 0; y < Preprocessor.SIZE; y++) {
            long[] row = sums[y / BLOCK];
            for (int x = 0; x < Preprocessor.SIZE; x++) {
                row[x / BLOCK] += 299L * (rgb[at] & 255) + 587L * (rgb[at + 1] & 255) + 114L * (rgb[at + 2] & 255);
                at += 3;
            }
        }
        return sums;
    }

    private static long bits(long[] coefficients) {
        long[] sorted = coefficients.clone();
        Arrays.sort(sorted);
        long median = sorted[sorted.length / 2 - 1];
        long hash = 0;
        for (long coefficient : coefficients) {
            hash = (hash << 1) | (coefficient > median ? 1 : 0);
        }
        return hash;
    }
}
