package dev.gleaner.worker.image;

/** How a row of samples becomes RGB; the arithmetic is libjpeg's and Pillow's, to the last bit. */
enum RowColours {
    GREY(1) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] = (byte) in[bands * x];
            }
        }
    },
    /** 16-bit grey: Pillow opens it as 32-bit integers and clips them to a byte. */
    GREY_CLIPPED(1) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] = (byte) Math.min(255, in[bands * x]);
            }
        }
    },
    GREY_WIDE(1) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] = (byte) (in[bands * x] >> 8);
            }
        }
    },
    RGB(3) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                rgb[3 * x] = (byte) in[bands * x];
                rgb[3 * x + 1] = (byte) in[bands * x + 1];
                rgb[3 * x + 2] = (byte) in[bands * x + 2];
            }
        }
    },
    RGB_WIDE(3) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                rgb[3 * x] = (byte) (in[bands * x] >> 8);
                rgb[3 * x + 1] = (byte) (in[bands * x + 1] >> 8);
                rgb[3 * x + 2] = (byte) (in[bands * x + 2] >> 8);
            }
        }
    },
    YCC(3) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                int i = bands * x;
                rgb[3 * x] = (byte) red(in[i], in[i + 2]);
                rgb[3 * x + 1] = (byte) green(in[i], in[i + 1], in[i + 2]);
                rgb[3 * x + 2] = (byte) blue(in[i], in[i + 1]);
            }
        }
    },
    CMYK(4) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                int i = bands * x;
                ink(rgb, x, in[i], in[i + 1], in[i + 2], in[i + 3]);
            }
        }
    },
    /** As Adobe writes it: 255 is no ink. */
    CMYK_INVERTED(4) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                int i = bands * x;
                ink(rgb, x, 255 - in[i], 255 - in[i + 1], 255 - in[i + 2], 255 - in[i + 3]);
            }
        }
    },
    /** libjpeg turns YCCK into CMYK as 255 minus the RGB of its YCC; then as Adobe's CMYK. */
    YCCK_INVERTED(4) {
        @Override
        void toRgb(int[] in, int bands, byte[] rgb, int pixels) {
            for (int x = 0; x < pixels; x++) {
                int i = bands * x;
                int c = red(in[i], in[i + 2]);
                int m = green(in[i], in[i + 1], in[i + 2]);
                int y = blue(in[i], in[i + 1]);
                ink(rgb, x, c, m, y, 255 - in[i + 3]);
            }
        }
    };

    private final int needed;

    RowColours(int needed) {
        this.needed = needed;
    }

    /** Bands a row must have at least. */
    int needed() {
        return needed;
    }

    /** Converts interleaved samples. */
    abstract void toRgb(int[] in, int bands, byte[] rgb, int pixels);

    private static final int HALF = 1 << 15;

    /** libjpeg's FIX(x): 16 fractional bits. */
    private static int fix(double x) {
        return (int) (x * 65536 + 0.5);
    }

    private static int red(int y, int cr) {
        return clip(y + ((fix(1.40200) * (cr - 128) + HALF) >> 16));
    }

    private static int green(int y, int cb, int cr) {
        return clip(y + ((-fix(0.34414) * (cb - 128) - fix(0.71414) * (cr - 128) + HALF) >> 16));
    }

    private static int blue(int y, int cb) {
        return clip(y + ((fix(1.77200) * (cb - 128) + HALF) >> 16));
    }

    private static void ink(byte[] rgb, int x, int c, int m, int y, int k) {
        int white = 255 - k;
        rgb[3 * x] = (byte) clip(white - scaled(c, white));
        rgb[3 * x + 1] = (byte) clip(white - scaled(m, white));
        rgb[3 * x + 2] = (byte) clip(white - scaled(y, white));
    }

    /** Pillow's MULDIV255. */
    private static int scaled(int a, int b) {
        int t = a * b + 128;
        return ((t >> 8) + t) >> 8;
    }

    private static int clip(int v) {
        return v < 0 ? 0 : Math.min(v, 255);
    }
}
