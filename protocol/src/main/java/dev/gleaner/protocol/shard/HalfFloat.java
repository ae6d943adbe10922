package dev.gleaner.protocol.shard;

/** IEEE 754 binary16, as embeddings are stored. The JDK's own conversion came with Java 20. */
public final class HalfFloat {
    private HalfFloat() {}

    /** The nearest half, ties to even; too large becomes infinity. */
    public static short of(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude >= 0x7f800000) {
            return (short) (sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00));
        }
        if (magnitude >= 0x477ff000) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude >= 0x38800000) {
            int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
            return (short) (sign | ((rounded - 0x38000000) >>> 13));
        }
        if (magnitude < 0x33000000) {
            return (short) sign;
        }
        int shift = 126 - (magnitude >>> 23);
        int mantissa = (magnitude & 0x7fffff) | 0x800000;
        int kept = mantissa >>> shift;
        int rest = mantissa & ((1 << shift) - 1);
        int half = 1 << (shift - 1);
        return (short) (sign | (kept + (rest > half || (rest == half && (kept & 1) == 1) ? 1 : 0)));
    }

    /** The same number as a float: exact. */
    public static float toFloat(short half) {
        int exponent = (half >> 10) & 31;
        int fraction = half & 0x3ff;
        float size =
                switch (exponent) {
                    case 0 -> fraction * 0x1p-24f;
                    case 31 -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
                    default -> Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
                };
        return half < 0 ? -size : size;
    }
}
