package dev.gleaner.worker.image;

import dev.gleaner.protocol.result.PairDrop;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Decodes and resizes on the caller's thread. */
public final class DirectPreprocessor implements Preprocessor {
    private final Decoder decoder;
    private final RowMath math = RowMath.fastest();
    private final String decoders;

    private DirectPreprocessor(@Nullable OpenCv openCv, String decoders) {
        this.decoder = new Decoder(openCv);
        this.decoders = decoders;
    }

    /** With Java's own decoders, and no C code of anybody's. */
    public static DirectPreprocessor pureJava() {
        return new DirectPreprocessor(null, "Java's own decoders");
    }

    /**
     * With OpenCV's decoders where they are there.
     *
     * @param folder for the unpacked native library
     */
    public static DirectPreprocessor withNatives(Path folder) {
        try {
            return new DirectPreprocessor(OpenCv.load(folder), "OpenCV");
        } catch (IOException e) {
            return new DirectPreprocessor(null, "Java's own decoders (" + e.getMessage() + ")");
        }
    }

    @Override
    public byte[] prepare(byte[] file, ImageHeader header) throws ImageRefusedException {
        try (Picture picture = decoder.decode(file, header)) {
            return Resizer.shorterSideThenCentre(picture, SIZE, math);
        } catch (RuntimeException e) {
            throw new ImageRefusedException(PairDrop.UNDECODABLE, "the " + header.format() + " is broken: " + e, e);
        } catch (OutOfMemoryError e) {
            throw new ImageRefusedException(PairDrop.TOO_MANY_PIXELS, "not enough memory to decode " + header, e);
        }
    }

    @Override
    public String about() {
        return decoders + (math instanceof ScalarRowMath ? "" : ", vector instructions");
    }
}
