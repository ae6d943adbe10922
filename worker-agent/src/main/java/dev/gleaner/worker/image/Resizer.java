package dev.gleaner.worker.image;

/**
 * Pillow's 8-bit bicubic resize with antialias ({@code Resample.c}), bit for bit, computing only the part that is kept.
 *
 * <p>Separable convolution: horizontal first, rounded to bytes, then vertical. Cost: input rows × kept columns × taps, then
 * kept rows × kept columns × taps.
 */
final class Resizer {
    private Resizer() {}

    /**
     * Resizes so that the shorter side is {@code size} and cuts {@code size × size} from the middle.
     *
     * @return {@code size·size·3} bytes, RGB rows
     */
    static byte[] shorterSideThenCentre(Picture picture, int size, RowMath math) {
        int w = picture.width();
        int h = picture.height();
        long outWidth = w <= h ? size : (long) size * w / h;
        long outHeight = w <= h ? (long) size * h / w : size;
        RowMath.Across across = math.across(Taps.of(w, outWidth, middle(outWidth, size), size));
        Taps down = Taps.of(h, outHeight, middle(outHeight, size), size);
        int stride = size * 3;
        byte[] narrowed = new byte[Math.multiplyExact(down.end() - down.first(), stride)];
        byte[] row = new byte[w * 3 + RowMath.PADDING];
        for (int y = down.first(), at = 0; y < down.end(); y++, at += stride) {
            picture.row(y, row);
            across.apply(row, narrowed, at);
        }
        byte[] out = new byte[size * stride];
        math.down(narrowed, stride, down, out);
        if (picture.blueFirst()) {
            swapRedAndBlue(out);
        }
        return out;
    }

    /** torchvision's centre crop rounds half to even. */
    private static long middle(long out, int size) {
        return (long) Math.rint((out - size) / 2.0);
    }

    private static void swapRedAndBlue(byte[] pixels) {
        for (int i = 0; i < pixels.length; i += 3) {
            byte blue = pixels[i];
            pixels[i] = pixels[i + 2];
            pixels[i + 2] = blue;
        }
    }
}
