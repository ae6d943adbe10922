package dev.gleaner.worker.image;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Many samples at a time with the Vector API, on processors with vectors of 256 bits or more. Compiled apart from the rest:
 * the API is an incubator module, present only where {@code --add-modules} names it.
 *
 * <p>Horizontally a vector holds as many whole pixels as fit, so that a lane keeps its channel from step to step; the lanes
 * of a channel are added up at the end. Weights are repeated for the three channels and padded with zeros.
 */
final class VectorRowMath implements RowMath {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, INTS.vectorBitSize() / 4)));
    private static final int LANES = INTS.length();
    private static final int PIXELS = LANES / 3;
    private static final int STEP = PIXELS * 3;
    private static final int HALF = 1 << (Taps.PRECISION - 1);

    VectorRowMath() {
        if (LANES < 8 || BYTES.length() != LANES) {
            throw new UnsupportedClassVersionError("vectors of " + INTS.vectorBitSize() + " bits");
        }
    }

    private static IntVector load(byte[] bytes, int at) {
        return ((IntVector) ByteVector.fromArray(BYTES, bytes, at).convertShape(VectorOperators.B2I, INTS, 0))
                .and(255);
    }

    @Override
    public Across across(Taps taps) {
        int count = taps.count();
        int[] starts = taps.starts();
        int[] ends = new int[count];
        int length = 0;
        for (int i = 0; i < count; i++) {
            length += steps(taps, i) * LANES;
            ends[i] = length;
        }
        int[] spread = new int[length];
        for (int i = 0, at = 0; i < count; at = ends[i++]) {
            int[] weights = taps.weights()[i];
            for (int tap = 0; tap < weights.length; tap++) {
                int lane = at + tap / PIXELS * LANES + tap % PIXELS * 3;
                spread[lane] = weights[tap];
                spread[lane + 1] = weights[tap];
                spread[lane + 2] = weights[tap];
            }
        }
        int[] lanes = new int[LANES];
        return (row, into, at) -> {
            int to = at;
            for (int i = 0, w = 0; i < count; i++) {
                IntVector sum = IntVector.zero(INTS);
                int end = ends[i];
                for (int p = starts[i] * 3; w < end; w += LANES, p += STEP) {
                    sum = sum.add(load(row, p).mul(IntVector.fromArray(INTS, spread, w)));
                }
                sum.intoArray(lanes, 0);
                int r = HALF;
                int g = HALF;
                int b = HALF;
                for (int lane = 0; lane < STEP; lane += 3) {
                    r += lanes[lane];
                    g += lanes[lane + 1];
                    b += lanes[lane + 2];
                }
                into[to++] = ScalarRowMath.clip(r);
                into[to++] = ScalarRowMath.clip(g);
                into[to++] = ScalarRowMath.clip(b);
            }
        };
    }

    private static int steps(Taps taps, int i) {
        return (taps.weights()[i].length + PIXELS - 1) / PIXELS;
    }

    @Override
    public void down(byte[] rows, int stride, Taps taps, byte[] out) {
        int whole = stride - stride % LANES;
        for (int i = 0; i < taps.count(); i++) {
            int[] weights = taps.weights()[i];
            int top = (taps.starts()[i] - taps.first()) * stride;
            for (int x = 0; x < whole; x += LANES) {
                IntVector sum = IntVector.broadcast(INTS, HALF);
                int p = top + x;
                for (int weight : weights) {
                    sum = sum.add(load(rows, p).mul(weight));
                    p += stride;
                }
                IntVector clipped = sum.lanewise(VectorOperators.ASHR, Taps.PRECISION)
                        .max(0)
                        .min(255);
                ((ByteVector) clipped.convertShape(VectorOperators.I2B, BYTES, 0)).intoArray(out, i * stride + x);
            }
            for (int x = whole; x < stride; x++) {
                int sum = HALF;
                for (int tap = 0; tap < weights.length; tap++) {
                    sum += (rows[top + tap * stride + x] & 255) * weights[tap];
                }
                out[i * stride + x] = ScalarRowMath.clip(sum);
            }
        }
    }
}
