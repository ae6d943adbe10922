package dev.gleaner.worker.image;

/** One sample at a time: for any Java. */
final class ScalarRowMath implements RowMath {
    private static final int HALF = 1 << (Taps.PRECISION - 1);

    @Override
    public Across across(Taps taps) {
        int[] starts = taps.starts();
        int[][] weights = taps.weights();
        return (row, into, at) -> {
            int to = at;
            for (int i = 0; i < starts.length; i++) {
                int r = HALF;
                int g = HALF;
                int b = HALF;
                int p = starts[i] * 3;
                for (int weight : weights[i]) {
                    r += (row[p] & 255) * weight;
                    g += (row[p + 1] & 255) * weight;
                    b += (row[p + 2] & 255) * weight;
                    p += 3;
                }
                into[to++] = clip(r);
                into[to++] = clip(g);
                into[to++] = clip(b);
            }
        };
    }

    @Override
    public void down(byte[] rows, int stride, Taps taps, byte[] out) {
        int[] sums = new int[stride];
        for (int i = 0; i < taps.count(); i++) {
            java.util.Arrays.fill(sums, HALF);
            int p = (taps.starts()[i] - taps.first()) * stride;
            for (int weight : taps.weights()[i]) {
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

    static byte clip(int sum) {
        int v = sum >> Taps.PRECISION;
        return (byte) (v < 0 ? 0 : Math.min(v, 255));
    }
}
