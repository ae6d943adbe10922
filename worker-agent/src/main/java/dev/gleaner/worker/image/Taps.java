package dev.gleaner.worker.image;

/**
 * Which input positions, with which weights, make each kept output position along one axis: Pillow's bicubic with
 * antialias ({@code Resample.c}). Weights are normalised in double, then fixed to {@link #PRECISION} fractional bits.
 *
 * @param starts first input position of each output position
 * @param weights of the positions from there on
 */
record Taps(int[] starts, int[][] weights) {
    static final int PRECISION = 32 - 8 - 2;
    private static final double SUPPORT = 2.0;

    /**
     * @param in length of the input
     * @param out length it is resized to
     * @param first output position that is kept
     * @param kept how many from there on
     */
    static Taps of(int in, long out, long first, int kept) {
        double scale = (double) in / out;
        double filterScale = Math.max(scale, 1.0);
        double support = SUPPORT * filterScale;
        int[] starts = new int[kept];
        int[][] weights = new int[kept][];
        for (int i = 0; i < kept; i++) {
            if (in == out) {
                starts[i] = (int) (first + i);
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
            weights[i] = fixed;
        }
        return new Taps(starts, weights);
    }

    int count() {
        return starts.length;
    }

    int first() {
        return starts[0];
    }

    /** One past the last input position that is needed. */
    int end() {
        int last = starts.length - 1;
        return starts[last] + weights[last].length;
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
