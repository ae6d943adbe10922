package dev.gleaner.worker.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * OpenCV's decoders: libjpeg-turbo, libpng and libwebp, several times as fast as Java's own and with the same pixels. They
 * are C code that reads what strangers wrote: for a process that may die.
 *
 * <p>Safe for any thread.
 */
final class OpenCv {
    private OpenCv() {}

    /**
     * Loads the native libraries, unpacked once into a folder.
     *
     * @throws IOException when there are none for this machine, or they do not load
     */
    static OpenCv load(Path folder) throws IOException {
        System.setProperty(
                "org.bytedeco.javacpp.cachedir", folder.toAbsolutePath().toString());
        // Memory is freed by hand here, and how much the machine has left is not for a library to judge.
        System.setProperty("org.bytedeco.javacpp.nopointergc", "true");
        System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
        try {
            Loader.load(opencv_imgcodecs.class);
            opencv_core.setNumThreads(1);
        } catch (LinkageError | RuntimeException e) {
            throw new IOException(
                    "no OpenCV for " + System.getProperty("os.name") + "/" + System.getProperty("os.arch") + ": "
                            + e.getMessage(),
                    e);
        }
        return new OpenCv();
    }

    /**
     * Decodes a file of a kind for which the pixels are known to be the reference's.
     *
     * @return empty when it cannot: Java's decoders may, or say why not
     */
    Optional<Picture> decode(byte[] file, ImageHeader header) {
        Mat image;
        try (BytePointer bytes = new BytePointer(file);
                Mat encoded = new Mat(1, file.length, opencv_core.CV_8UC1, bytes)) {
            image = opencv_imgcodecs.imdecode(
                    encoded, opencv_imgcodecs.IMREAD_COLOR | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION);
        } catch (RuntimeException e) {
            return Optional.empty();
        }
        if (image.isNull()
                || image.cols() != header.width()
                || image.rows() != header.height()
                || image.type() != opencv_core.CV_8UC3) {
            image.close();
            return Optional.empty();
        }
        return Optional.of(new MatPicture(image, image.data()));
    }

    /** Rows of OpenCV's memory. */
    private record MatPicture(Mat image, BytePointer samples) implements Picture {
        @Override
        public int width() {
            return image.cols();
        }

        @Override
        public int height() {
            return image.rows();
        }

        @Override
        public void row(int y, byte[] colours) {
            samples.position(y * image.step1()).get(colours, 0, image.cols() * 3);
        }

        @Override
        public boolean blueFirst() {
            return true;
        }

        @Override
        public void close() {
            image.close();
        }
    }
}
