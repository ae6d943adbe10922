package dev.gleaner.worker.image;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * Java's own decoders, which every worker needs for what OpenCV does not want. They are part of {@code java.desktop}, but those
 * of some distributions take their libraries from the system, where these may be missing: such a worker would refuse pictures
 * that all others keep.
 */
public final class JavaDecoders {
    private JavaDecoders() {}

    /**
     * Makes sure of them.
     *
     * @throws IOException when this Java cannot decode a format; says which, and what to do
     */
    public static void require() throws IOException {
        for (String format : List.of("jpeg", "png", "gif")) {
            try {
                Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
                if (!readers.hasNext()) {
                    throw new IOException(advice(format, "it has no reader for them"));
                }
                readers.next().dispose();
            } catch (LinkageError e) {
                throw new IOException(advice(format, e.toString()), e);
            }
        }
    }

    private static String advice(String format, String why) {
        return "this Java cannot decode pictures of format " + format + " (" + why
                + "); install what it lacks (on Debian: libjpeg62-turbo liblcms2-2), or take the worker's package, which brings a Java that can";
    }
}
