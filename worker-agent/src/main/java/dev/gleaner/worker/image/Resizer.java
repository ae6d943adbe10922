package dev.gleaner.worker.image;

/**
 * Pillow's 8-bit bicubic resize with antialias ({@code Resample.c}), bit for bit, computing only the part that is kept.
 *
 * <p>Separable convolution: horizontal first, rounded to bytes, then vertical. Weights are normalised in double and then
 * fixed to 22 fractional bits. Cost: input rows × kept columns × taps, then kept rows × kept columns × taps.
 */
final class Resizer {
    private static final int PRECISION = 32 - 8 - 2;
    private static final double SUPPORT = 2.0;

    private Resizer() {}

    /**
     * Resizes so that the shorter side is {@code size} and cuts {@code size × size} from the middle.
     *
     * @return {@code size·size·3} bytes, RGB rows
     */
    static byte[] shorterSideThenCentre(Picture picture, int size) {
        int w = picture.width();
        int h = picture.height();
        long outWidth = w <= h ? size : (long) size * w / h;
        long outHeight = w <= h ? (long) size * h / w : size;
        Axis across = Axis.of(w, outWidth, middle(outWidth, size), size);
        Axis down = Axis.of(h, outHeight, middle(outHeight, size), size);
        int firstRow = down.starts[0];
        int rows = down.starts[size - 1] + down.counts[size - 1] - firstRow;
        byte[] narrowed = new byte[rows * size * 3];
        byte[] row = new byte[w * 3];
        for (int y = 0; y < rows; y++) {
            picture.row(firstRow + y, row);
            across.horizontal(row, narrowed, y * size * 3);
        }
        byte[] out = new byte[size * size * 3];
        down.vertical(narrowed, firstRow, size * 3, out);
        return out;
    }

    /** torchvision's centre crop rounds half to even. */
    private static long middle(long out, int size) {
        return (long) Math.rint((out - size) / 2.0);
    }

    /** For each kept output position: where its taps start, how many there are, and their weights. */
    private record Axis(int[] starts, int[] counts, int[][] weights) {

        static Axis of(int in, long out, long first, int kept) {
            double scale = (double) in / out;
            double filterScale = Math.max(scale, 1.0);
            double support = SUPPORT * filterScale;
            int[] starts = new int[kept];
            int[] counts = new int[kept];
            int[][] weights = new int[kept][];
            for (int i = 0; i < kept; i++) {
                if (in == out) {
                    starts[i] = (int) (first + i);
                    counts[i] = 1;
                    weights[i] = new int[] {1 << PRECISION};
                    continue;
                }
                double centre = (first + i + 0.5) * scale;
                int from = Math.max(0, (int) (centre - support + 0.5));
                int to = Math.min(in, (int) (centre + support + 0.5));
                double[] exact = new double[to - from];
                double sum = 0;
                for (int x = 0; x < exact.length; x++) {
                    exact[x] = bicubic((x + from - centre + 0.5) * (1.0 / filterScale));
                    sum += exact[x];
                }
                int[] fixed = new int[exact.length];
                for (int x = 0; x < exact.length; x++) {
                    double share = (sum == 0 ? exact[x] : exact[x] / sum) * (1 << PRECISION);
                    fixed[x] = (int) (share < 0 ? share - 0.5 : share + 0.5);
                }
                starts[i] = from;
                counts[i] = exact.length;
                weights[i] = fixed;
            }
            return new Axis(starts, counts, weights);
        }

        void horizontal(byte[] row, byte[] into, int at) {
            for (int i = 0; i < starts.length; i++) {
                int[] w = weights[i];
                int r = 1 << (PRECISION - 1);
                int g = r;
                int b = r;
                int p = starts[i] * 3;
                for (int weight : w) {
                    r += (row[p] & 255) * weight;
                    g += (row[p + 1] & 255) * weight;
                    b += (row[p + 2] & 255) * weight;
                    p += 3;
                }
                into[at++] = clip(r);
                into[at++] = clip(g);
                into[at++] = clip(b);
            }
        }

        void vertical(byte[] rows, int firstRow, int stride, byte[] out) {
            int[] sums = new int[stride];
            for (int i = 0; i < starts.length; i++) {
                java.util.Arrays.fill(sums, 1 << (PRECISION - 1));
                int p = (starts[i] - firstRow) * stride;
                for (int weight : weights[i]) {
                    for (int x = 0; x < stride; x++) {
                        sums[x] += (rows[p + x] & 255) * weight;
                    }
                    p += stride;
                }
                for (int x = 0; x < stride; x++) {
                    out[i * stride + x] = clip(sums[x]);
                }
            }
        }

        private static byte clip(int sum) {
            int v = sum >> PRECISION;
            return (byte) (v < 0 ? 0 : Math.min(v, 255));
        }
    }

    /** Keys' cubic with a = -0.5. */
    private static double bicubic(double x) {
        double a = -0.5;
        double d = Math.abs(x);
        if (d < 1.0) {
            return ((a + 2.0) * d - (a + 3.0)) * d * d + 1;
        }
        if (d < 2.0) {
            return (((d - 5) * d + 8) * d - 4) * a;
        }
        return 0.0;
    }
}
