package dev.gleaner.worker.image;

import dev.gleaner.protocol.result.PairDrop;

/**
 * Format and size of a picture, read from its header alone.
 *
 * @param width of the original, in pixels, before any EXIF turn
 * @param height likewise
 */
public record ImageHeader(ImageFormat format, int width, int height) {

    /**
     * Reads the header of a file of any of the formats.
     *
     * @throws ImageRefusedException {@link PairDrop#NOT_AN_IMAGE} for anything else, {@link PairDrop#UNDECODABLE} when the
     *     header is cut off or claims no pixels
     */
    public static ImageHeader read(byte[] b) throws ImageRefusedException {
        ImageHeader header;
        if (starts(b, 0, 0xFF, 0xD8, 0xFF)) {
            JpegStream jpeg = JpegStream.scan(b);
            header = new ImageHeader(ImageFormat.JPEG, jpeg.width(), jpeg.height());
        } else if (starts(b, 0, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n')) {
            require(b, 33);
            if (!starts(b, 12, 'I', 'H', 'D', 'R')) {
                throw new ImageRefusedException(PairDrop.UNDECODABLE, "a PNG must begin with IHDR");
            }
            header = new ImageHeader(ImageFormat.PNG, bigEndian32(b, 16), bigEndian32(b, 20));
        } else if (starts(b, 0, 'G', 'I', 'F', '8') && b.length > 5 && (b[4] == '7' || b[4] == '9') && b[5] == 'a') {
            require(b, 13);
            header = new ImageHeader(ImageFormat.GIF, littleEndian(b, 6, 2), littleEndian(b, 8, 2));
        } else if (starts(b, 0, 'R', 'I', 'F', 'F') && starts(b, 8, 'W', 'E', 'B', 'P')) {
            header = webp(b);
        } else {
            throw new ImageRefusedException(PairDrop.NOT_AN_IMAGE, "not a JPEG, PNG, WebP or GIF file");
        }
        if (header.width <= 0 || header.height <= 0) {
            throw new ImageRefusedException(
                    PairDrop.UNDECODABLE, "the header claims " + header.width + "x" + header.height + " pixels");
        }
        return header;
    }

    public long pixels() {
        return (long) width * height;
    }

    /** RFC 9649: VP8 (key frame header), VP8L, or the VP8X canvas. */
    private static ImageHeader webp(byte[] b) throws ImageRefusedException {
        require(b, 30);
        if (starts(b, 12, 'V', 'P', '8', 'X')) {
            return new ImageHeader(ImageFormat.WEBP, littleEndian(b, 24, 3) + 1, littleEndian(b, 27, 3) + 1);
        } else if (starts(b, 12, 'V', 'P', '8', 'L') && b[20] == 0x2F) {
            int bits = littleEndian(b, 21, 4);
            return new ImageHeader(ImageFormat.WEBP, (bits & 0x3FFF) + 1, (bits >>> 14 & 0x3FFF) + 1);
        } else if (starts(b, 12, 'V', 'P', '8', ' ') && starts(b, 23, 0x9D, 0x01, 0x2A)) {
            return new ImageHeader(ImageFormat.WEBP, littleEndian(b, 26, 2) & 0x3FFF, littleEndian(b, 28, 2) & 0x3FFF);
        }
        throw new ImageRefusedException(PairDrop.UNDECODABLE, "a WebP without a picture chunk at its start");
    }

    private static void require(byte[] b, int bytes) throws ImageRefusedException {
        if (b.length < bytes) {
            throw new ImageRefusedException(PairDrop.UNDECODABLE, "the file ends within its header");
        }
    }

    private static boolean starts(byte[] b, int at, int... magic) {
        if (b.length < at + magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((b[at + i] & 255) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    private static int bigEndian32(byte[] b, int at) {
        return (b[at] & 255) << 24 | (b[at + 1] & 255) << 16 | (b[at + 2] & 255) << 8 | (b[at + 3] & 255);
    }

    private static int littleEndian(byte[] b, int at, int count) {
        int value = 0;
        for (int i = count - 1; i >= 0; i--) {
            value = value << 8 | (b[at + i] & 255);
        }
        return value;
    }
}
