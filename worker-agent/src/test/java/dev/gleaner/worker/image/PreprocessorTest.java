package dev.gleaner.worker.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.PairDrop;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PreprocessorTest {
    private static byte[] file(BufferedImage image, String format) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out));
        return out.toByteArray();
    }

    private static BufferedImage noise(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(5);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt(1 << 24));
            }
        }
        return image;
    }

    private static byte[] prepare(byte[] file) throws Exception {
        return DirectPreprocessor.pureJava().prepare(file, ImageHeader.read(file));
    }

    @Test
    void aPictureOfTheRightSizeIsLeftAsItIs() throws Exception {
        BufferedImage image = noise(224, 224);
        byte[] rgb = prepare(file(image, "png"));
        for (int i = 0; i < 224 * 224; i++) {
            int colour = image.getRGB(i % 224, i / 224);
            assertEquals((byte) (colour >> 16), rgb[3 * i]);
            assertEquals((byte) (colour >> 8), rgb[3 * i + 1]);
            assertEquals((byte) colour, rgb[3 * i + 2]);
        }
    }

    @Test
    void aWidePictureIsCutInTheMiddle() throws Exception {
        BufferedImage image = new BufferedImage(672, 224, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 224; y++) {
            for (int x = 0; x < 672; x++) {
                image.setRGB(x, y, x < 224 ? 0xff0000 : x < 448 ? 0x00ff00 : 0x0000ff);
            }
        }
        byte[] rgb = prepare(file(image, "png"));
        byte[] green = new byte[rgb.length];
        for (int i = 1; i < green.length; i += 3) {
            green[i] = (byte) 255;
        }
        assertArrayEquals(green, rgb);
    }

    @Test
    void oneColourStaysThatColourAtEverySize() throws Exception {
        for (int[] size : new int[][] {{1, 1}, {3, 500}, {100, 30}, {1000, 999}, {225, 224}}) {
            BufferedImage image = new BufferedImage(size[0], size[1], BufferedImage.TYPE_INT_RGB);
            for (int y = 0; y < size[1]; y++) {
                for (int x = 0; x < size[0]; x++) {
                    image.setRGB(x, y, 0x336699);
                }
            }
            byte[] rgb = prepare(file(image, "png"));
            for (int i = 0; i < rgb.length; i += 3) {
                assertEquals(0x33, rgb[i] & 255, Arrays.toString(size));
                assertEquals(0x66, rgb[i + 1] & 255, Arrays.toString(size));
                assertEquals(0x99, rgb[i + 2] & 255, Arrays.toString(size));
            }
        }
    }

    @Test
    void jpegAndGreyAndGifDecode() throws Exception {
        assertEquals(
                ImageFormat.JPEG, ImageHeader.read(file(noise(300, 200), "jpg")).format());
        prepare(file(noise(300, 200), "jpg"));
        prepare(file(new BufferedImage(300, 200, BufferedImage.TYPE_BYTE_GRAY), "jpg"));
        prepare(file(new BufferedImage(300, 200, BufferedImage.TYPE_USHORT_GRAY), "png"));
        prepare(file(new BufferedImage(300, 200, BufferedImage.TYPE_BYTE_BINARY), "gif"));
    }

    @Test
    void theHeaderTellsTheOriginalsWidthAndHeight() throws Exception {
        for (String format : new String[] {"png", "jpg", "gif"}) {
            ImageHeader header = ImageHeader.read(file(noise(320, 200), format));
            assertEquals(320, header.width(), format);
            assertEquals(200, header.height(), format);
        }
    }

    @Test
    void aBombIsRefusedByItsHeader() {
        byte[] png = new byte[100];
        byte[] start = {
            (byte) 0x89,
            'P',
            'N',
            'G',
            '\r',
            '\n',
            0x1A,
            '\n',
            0,
            0,
            0,
            13,
            'I',
            'H',
            'D',
            'R',
            0,
            0,
            (byte) 0xEA,
            0x60,
            0,
            0,
            (byte) 0xEA,
            0x60,
            8,
            2
        };
        System.arraycopy(start, 0, png, 0, start.length);
        ImageRefusedException refused = assertThrows(ImageRefusedException.class, () -> prepare(png));
        assertEquals(PairDrop.TOO_MANY_PIXELS, refused.reason());
    }

    @Test
    void anyCutOrFlippedFileIsDecodedOrRefusedButNeverCrashes() throws Exception {
        long seed = Long.getLong("gleaner.seed", 11);
        Random random = new Random(seed);
        for (String format : new String[] {"png", "jpg", "gif"}) {
            byte[] good = file(noise(60, 40), format);
            for (int i = 0; i < 300; i++) {
                byte[] bad = Arrays.copyOf(good, 1 + random.nextInt(good.length));
                for (int flips = random.nextInt(5); flips > 0; flips--) {
                    bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
                }
                try {
                    assertEquals(224 * 224 * 3, prepare(bad).length);
                } catch (ImageRefusedException e) {
                    assertTrue(e.getMessage().length() > 5, "seed " + seed);
                }
            }
        }
    }

    @Test
    void textIsNotAnImage() {
        ImageRefusedException refused = assertThrows(ImageRefusedException.class, () -> prepare("<html>".getBytes()));
        assertEquals(PairDrop.NOT_AN_IMAGE, refused.reason());
    }
}
