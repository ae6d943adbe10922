package dev.gleaner.worker.image;

/**
 * The reference preprocessing: first frame, RGB, shorter side to {@link #SIZE} bicubic with antialias, centre crop.
 *
 * <p>Safe for any thread.
 */
public interface Preprocessor extends AutoCloseable {
    /** Side of the square the model sees, in pixels. */
    int SIZE = 224;

    /** Bytes of such a square. */
    int BYTES = SIZE * SIZE * 3;

    /**
     * Makes the model's view of a picture file.
     *
     * @param file the bytes as fetched
     * @param header what {@link ImageHeader#read} found in them
     * @return {@code SIZE·SIZE·3} bytes, RGB rows
     * @throws ImageRefusedException when the file is broken or too large to decode safely
     */
    byte[] prepare(byte[] file, ImageHeader header) throws ImageRefusedException, InterruptedException;

    /** What decodes here, for people. */
    String about();

    @Override
    default void close() {}
}
