package dev.gleaner.worker.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.junit.jupiter.api.Test;

class PerceptualHashTest {
    /** Ellipses of all sizes and colours. */
    private static BufferedImage drawn(long seed, int side) {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        Random random = new Random(seed);
        for (int i = 0; i < 30; i++) {
            pen.setColor(new Color(random.nextInt(1 << 24)));
            double size = side * (0.1 + 0.5 * random.nextDouble());
            pen.fill(new java.awt.geom.Ellipse2D.Double(
                    side * random.nextDouble() - size / 2, side * random.nextDouble() - size / 2, size, size));
        }
        pen.dispose();
        return image;
    }

    private static long hash(BufferedImage image, String format, float quality) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        try (var out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam how = writer.getDefaultWriteParam();
            if (format.equals("jpeg")) {
                how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                how.setCompressionQuality(quality);
            }
            writer.write(null, new IIOImage(image, null, null), how);
        } finally {
            writer.dispose();
        }
        byte[] file = bytes.toByteArray();
        return PerceptualHash.of(DirectPreprocessor.pureJava().prepare(file, ImageHeader.read(file)));
    }

    @Test
    void copiesInAnotherSizeOrQualityDifferInFewBitsAndOtherPicturesInMany() throws Exception {
        int most = 0;
        int least = Long.SIZE;
        for (int seed = 0; seed < 30; seed++) {
            long hash = hash(drawn(seed, 640), "png", 0);
            most = Math.max(most, Long.bitCount(hash ^ hash(drawn(seed, 640), "jpeg", 0.5f)));
            most = Math.max(most, Long.bitCount(hash ^ hash(drawn(seed, 300), "jpeg", 0.75f)));
            least = Math.min(least, Long.bitCount(hash ^ hash(drawn(seed + 1, 640), "png", 0)));
        }
        assertTrue(most <= 6, "copies differ in up to " + most + " bits");
        assertTrue(least >= 16, "others differ in " + least + " bits only");
    }

    @Test
    void everyMachineGivesTheSame() {
        byte[] picture = new byte[Preprocessor.BYTES];
        new Random(7).nextBytes(picture);
        assertEquals("28fbb2ec722a9962", String.format("%016x", PerceptualHash.of(picture)));
        assertEquals(0, PerceptualHash.of(new byte[Preprocessor.BYTES]), "of one colour");
        assertThrows(IllegalArgumentException.class, () -> PerceptualHash.of(new byte[3]));
    }
}
