package dev.gleaner.worker.image;

import dev.gleaner.protocol.result.PairDrop;
import java.awt.Point;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;

/**
 * Decodes the first frame of a picture to the RGB that Pillow's {@code convert("RGB")} gives: colour profiles and EXIF
 * turns ignored, alpha dropped, CMYK converted naively, 16-bit grey clipped.
 *
 * <p>The common kinds of JPEG, PNG and WebP go to OpenCV where it is there, everything else and everything it does not want
 * to Java's own decoders. Immutable; safe for any thread. Memory is bounded by {@link #MAX_SAMPLE_BYTES} beside the file
 * itself.
 */
final class Decoder {
    /** No picture is decoded that needs more bytes of samples than this. */
    static final long MAX_SAMPLE_BYTES = 240L << 20;

    static {
        ImageIO.setUseCache(false);
    }

    private final @Nullable OpenCv openCv;

    Decoder(@Nullable OpenCv openCv) {
        this.openCv = openCv;
    }

    Picture decode(byte[] file, ImageHeader header) throws ImageRefusedException {
        if (header.pixels() * bytesPerPixel(file, header) > MAX_SAMPLE_BYTES) {
            throw new ImageRefusedException(
                    PairDrop.TOO_MANY_PIXELS, header.width() + "x" + header.height() + " pixels need too much memory");
        }
        Picture fast = openCv == null || !isCommon(file, header)
                ? null
                : openCv.decode(file, header).orElse(null);
        if (fast != null) {
            return fast;
        }
        try {
            return switch (header.format()) {
                case JPEG -> jpeg(JpegStream.scan(file), header);
                case PNG -> png(file, header);
                case GIF -> gif(file, header);
                case WEBP -> webp(file, header);
            };
        } catch (IOException | RuntimeException e) {
            throw new ImageRefusedException(
                    PairDrop.UNDECODABLE, "the " + header.format() + " is broken: " + e.getMessage(), e);
        }
    }

    /** Whether OpenCV gives the reference's pixels for this kind, and refuses what is cut off. */
    private static boolean isCommon(byte[] file, ImageHeader header) throws ImageRefusedException {
        return switch (header.format()) {
            case JPEG -> {
                JpegStream jpeg = JpegStream.scan(file);
                int components = jpeg.componentIds().size();
                yield (components == 1 || components == 3) && jpeg.ends();
            }
            case PNG -> file[24] == 8 && !isAnimatedPng(file);
            case WEBP -> !WebpDecoder.isAnimated(file);
            case GIF -> false;
        };
    }

    /** Whether an {@code acTL} chunk comes before the picture's data (PNG specification, third edition, 11.3.7.1). */
    private static boolean isAnimatedPng(byte[] file) {
        for (int at = 8; at + 8 <= file.length; ) {
            if (file[at + 4] == 'a' && file[at + 5] == 'c' && file[at + 6] == 'T' && file[at + 7] == 'L') {
                return true;
            }
            if (file[at + 4] == 'I' && file[at + 5] == 'D' && file[at + 6] == 'A' && file[at + 7] == 'T') {
                return false;
            }
            long length = (file[at] & 255L) << 24
                    | (file[at + 1] & 255) << 16
                    | (file[at + 2] & 255) << 8
                    | (file[at + 3] & 255);
            at = (int) Math.min(file.length, at + 12 + length);
        }
        return false;
    }

    /** What the decoder of the format holds for each pixel, before anything is resized. */
    private static int bytesPerPixel(byte[] file, ImageHeader header) throws ImageRefusedException {
        return switch (header.format()) {
            case JPEG -> JpegStream.scan(file).componentIds().size();
            case PNG -> {
                int channels =
                        switch (file[25]) {
                            case 2 -> 3;
                            case 4 -> 2;
                            case 6 -> 4;
                            default -> 1;
                        };
                yield file[24] == 16 ? 2 * channels : channels;
            }
            case GIF -> 2; // the frame and the screen it lies on
            case WEBP -> 8; // the decoder's planes and the copy that Java gets
        };
    }

    private static Picture jpeg(JpegStream jpeg, ImageHeader header) throws IOException, ImageRefusedException {
        Raster raster = read("jpeg", jpeg.stripped(), reader -> reader.readRaster(0, null));
        if (raster.getWidth() != header.width() || raster.getDataBuffer().getDataType() != DataBuffer.TYPE_BYTE) {
            throw new ImageRefusedException(
                    PairDrop.UNDECODABLE, "the JPEG's size or depth is not what its header says");
        }
        int bands = raster.getNumBands();
        RowColours colours =
                switch (bands) {
                    case 1 -> RowColours.GREY;
                    case 3 -> jpeg.isYcc() ? RowColours.YCC : RowColours.RGB;
                    case 4 ->
                        jpeg.adobeTransform() == 2
                                ? RowColours.YCCK_INVERTED
                                : jpeg.adobeTransform() >= 0 ? RowColours.CMYK_INVERTED : RowColours.CMYK;
                    default ->
                        throw new ImageRefusedException(PairDrop.UNDECODABLE, "a JPEG of " + bands + " components");
                };
        return new RasterPicture(raster, colours);
    }

    private static Picture png(byte[] file, ImageHeader header) throws IOException, ImageRefusedException {
        return colourModelled(read("png", file, reader -> reader.read(0)), header);
    }

    private static Picture webp(byte[] file, ImageHeader header) throws IOException, ImageRefusedException {
        return colourModelled(WebpDecoder.decode(file), header);
    }

    private static Picture colourModelled(BufferedImage image, ImageHeader header) throws ImageRefusedException {
        if (image.getWidth() != header.width() || image.getHeight() != header.height()) {
            throw new ImageRefusedException(PairDrop.UNDECODABLE, "the picture's size is not what its header says");
        }
        Raster raster = image.getRaster();
        ColorModel model = image.getColorModel();
        if (model instanceof IndexColorModel palette) {
            return new PalettePicture(raster, palette);
        }
        boolean wide = raster.getDataBuffer().getDataType() == DataBuffer.TYPE_USHORT;
        return new RasterPicture(
                raster,
                switch (raster.getNumBands()) {
                    case 1 -> wide ? RowColours.GREY_CLIPPED : RowColours.GREY;
                    case 2 -> wide ? RowColours.GREY_WIDE : RowColours.GREY;
                    default -> wide ? RowColours.RGB_WIDE : RowColours.RGB;
                });
    }

    /** The frame may cover part of the logical screen only; the rest shows the transparent index, or index 0. */
    private static Picture gif(byte[] file, ImageHeader header) throws IOException, ImageRefusedException {
        return read("gif", file, reader -> {
            ImageTypeSpecifier type = reader.getRawImageType(0);
            ColorModel model = (type == null ? reader.getImageTypes(0).next() : type).getColorModel();
            if (!(model instanceof IndexColorModel palette)) {
                throw new IOException("no palette");
            }
            NamedNodeMap frame =
                    child(reader.getImageMetadata(0).getAsTree("javax_imageio_gif_image_1.0"), "ImageDescriptor");
            int left = number(frame, "imageLeftPosition");
            int top = number(frame, "imageTopPosition");
            if (left + number(frame, "imageWidth") > header.width()
                    || top + number(frame, "imageHeight") > header.height()) {
                throw new IOException("the first frame lies outside the screen");
            }
            Raster pixels = reader.read(0).getRaster();
            WritableRaster screen = Raster.createInterleavedRaster(
                    DataBuffer.TYPE_BYTE, header.width(), header.height(), 1, new Point(0, 0));
            if (palette.getTransparentPixel() > 0) {
                java.util.Arrays.fill(((java.awt.image.DataBufferByte) screen.getDataBuffer()).getData(), (byte)
                        palette.getTransparentPixel());
            }
            int[] line = new int[pixels.getWidth()];
            for (int y = 0; y < pixels.getHeight(); y++) {
                screen.setSamples(
                        left, top + y, pixels.getWidth(), 1, 0, pixels.getSamples(0, y, pixels.getWidth(), 1, 0, line));
            }
            return new PalettePicture(screen, palette);
        });
    }

    private static NamedNodeMap child(Node tree, String name) throws IOException {
        for (Node n = tree.getFirstChild(); n != null; n = n.getNextSibling()) {
            if (n.getNodeName().equals(name)) {
                return n.getAttributes();
            }
        }
        throw new IOException("no " + name);
    }

    private static int number(NamedNodeMap attributes, String name) {
        return Integer.parseInt(attributes.getNamedItem(name).getNodeValue());
    }

    /** Uses a reader that has its input. */
    interface Reading<T> {
        T with(ImageReader reader) throws IOException;
    }

    private static <T> T read(String format, byte[] file, Reading<T> reading) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        if (!readers.hasNext()) {
            throw new IOException("this Java has no reader for " + format);
        }
        return read(readers.next(), file, reading);
    }

    static <T> T read(ImageReader reader, byte[] file, Reading<T> reading) throws IOException {
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in, false, false);
            return reading.with(reader);
        } finally {
            reader.dispose();
        }
    }
}
