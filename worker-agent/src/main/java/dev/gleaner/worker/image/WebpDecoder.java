package dev.gleaner.worker.image;

import com.luciad.imageio.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Locale;
import javax.imageio.ImageReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * WebP by libwebp where its native library loads, else by TwelveMonkeys' Java reader.
 *
 * <p>libwebp gives the reference's pixels. The Java reader differs from it by up to some 40 levels in lossy pictures,
 * because it does not smooth the chroma planes; it also takes the animated files, of which libwebp's simple interface
 * wants nothing to know. See {@code docs/adr/0004-webp.md}.
 */
final class WebpDecoder {
    private static final Logger log = LoggerFactory.getLogger(WebpDecoder.class);
    private static final boolean NATIVE = loads();
    private static final int ANIMATION = 2;

    private WebpDecoder() {}

    static BufferedImage decode(byte[] file) throws IOException {
        ImageReader reader = NATIVE && !isAnimated(file)
                ? new WebPImageReaderSpi().createReaderInstance(null)
                : new com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi().createReaderInstance(null);
        return Decoder.read(reader, file, r -> r.read(0));
    }

    private static boolean isAnimated(byte[] file) {
        return file.length > 20 && file[12] == 'V' && file[15] == 'X' && (file[20] & ANIMATION) != 0;
    }

    private static boolean loads() {
        try {
            com.luciad.imageio.webp.WebPWrapper.loadNativeLibrary();
            return true;
        } catch (RuntimeException | LinkageError e) {
            log.warn(
                    "libwebp cannot be loaded here; the slower and less exact Java decoder is used: os={} cause={}",
                    System.getProperty("os.name", "?").toLowerCase(Locale.ROOT),
                    e.toString());
            return false;
        }
    }
}
