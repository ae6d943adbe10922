package dev.gleaner.worker.image;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;

/**
 * WebP by TwelveMonkeys' Java reader, for machines without OpenCV and for animated files.
 *
 * <p>It differs from libwebp, and so from the reference, by up to some 40 levels in lossy pictures, because it does not
 * smooth the chroma planes. See {@code docs/adr/0004-webp.md}.
 */
final class WebpDecoder {
    private static final int ANIMATION = 2;

    private WebpDecoder() {}

    static BufferedImage decode(byte[] file) throws IOException {
        return Decoder.read(new WebPImageReaderSpi().createReaderInstance(null), file, r -> r.read(0));
    }

    static boolean isAnimated(byte[] file) {
        return file.length > 20 && file[12] == 'V' && file[15] == 'X' && (file[20] & ANIMATION) != 0;
    }
}
