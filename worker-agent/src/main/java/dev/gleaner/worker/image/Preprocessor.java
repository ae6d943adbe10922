package dev.gleaner.worker.image;

import dev.gleaner.protocol.result.PairDrop;

/**
 * The reference preprocessing: first frame, RGB, shorter side to {@link #SIZE} bicubic with antialias, centre crop.
 *
 * <p>Stateless; safe for any thread.
 */
public final class Preprocessor {
    /** Side of the square the model sees, in pixels. */
    public static final int SIZE = 224;

    private Preprocessor() {}

    /**
     * Makes the model's view of a picture file.
     *
     * @param file the bytes as fetched
     * @param header what {@link ImageHeader#read} found in them
     * @return {@code SIZE·SIZE·3} bytes, RGB rows
     * @throws ImageRefusedException when the file is broken or too large to decode safely
     */
    public static byte[] prepare(byte[] file, ImageHeader header) throws ImageRefusedException {
        try {
            Picture picture = Decoder.decode(file, header);
            return Resizer.shorterSideThenCentre(picture, SIZE);
        } catch (RuntimeException e) {
            throw new ImageRefusedException(PairDrop.UNDECODABLE, "the " + header.format() + " is broken: " + e, e);
        } catch (OutOfMemoryError e) {
            throw new ImageRefusedException(PairDrop.TOO_MANY_PIXELS, "not enough memory to decode " + header, e);
        }
    }
}
