package dev.gleaner.worker.fuzz;

import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;

/** A picture's file: refused, or 224 × 224 pixels of three bytes. By Java's decoders: OpenCV has a process of its own to die in. */
public final class ImageTarget implements Target {
    private static final Target SELF = new ImageTarget();
    private static final int MOST_PIXELS = 4_000_000;

    private final DirectPreprocessor preprocessor = DirectPreprocessor.pureJava();

    @Override
    public void take(byte[] bytes) throws Exception {
        try {
            ImageHeader header = ImageHeader.read(bytes);
            if (header.pixels() <= MOST_PIXELS) {
                byte[] pixels = preprocessor.prepare(bytes, header);
                if (pixels.length != Preprocessor.BYTES) {
                    throw new AssertionError(pixels.length + " bytes of pixels");
                }
            }
        } catch (ImageRefusedException e) {
            if (e.getMessage() == null || e.reason() == null) {
                throw new AssertionError("refused without a reason", e);
            }
        }
    }

    public static void fuzzerTestOneInput(byte[] bytes) throws Exception {
        SELF.take(bytes);
    }
}
