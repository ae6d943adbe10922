package dev.gleaner.worker.bench;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Pictures with the bytes per pixel of photographs: coloured noise of several octaves, blurred edges, grain. */
final class SyntheticPhotos {
    private SyntheticPhotos() {}

    /**
     * Writes pictures of {@code least} to {@code most} pixels: of ten, eight JPEG, one PNG, and one PNG that is to become a
     * WebP.
     */
    static void write(Path folder, int count, double least, double most, long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < count; i++) {
            double pixels = least * Math.pow(most / least, (i + 0.5) / count);
            double ratio = 0.7 + random.nextDouble() * 0.9;
            BufferedImage image =
                    photo((int) Math.sqrt(pixels * ratio), (int) Math.sqrt(pixels / ratio), random.nextLong());
            String name = String.format("%03d", i);
            switch (i % 10) {
                case 4 ->
                    ImageIO.write(image, "png", folder.resolve(name + ".png").toFile());
                case 9 ->
                    ImageIO.write(image, "png", folder.resolve(name + ".towebp").toFile());
                default -> jpeg(image, folder.resolve(name + ".jpg"), 0.8f);
            }
        }
    }

    private static void jpeg(BufferedImage image, Path file, float quality) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(quality);
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), how);
        } finally {
            writer.dispose();
        }
    }

    private static BufferedImage photo(int width, int height, long seed) {
        Random random = new Random(seed);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        float[][][] grids = new float[6][3][];
        for (int octave = 0; octave < grids.length; octave++) {
            int side = (4 << octave) + 2;
            for (int channel = 0; channel < 3; channel++) {
                grids[octave][channel] = new float[side * side];
                for (int i = 0; i < side * side; i++) {
                    grids[octave][channel][i] = random.nextFloat();
                }
            }
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int colour = 0;
                for (int channel = 0; channel < 3; channel++) {
                    float value = 0;
                    float weight = 0.5f;
                    for (int octave = 0; octave < grids.length; octave++, weight *= 0.55f) {
                        value +=
                                weight * at(grids[octave][channel], 4 << octave, x / (float) width, y / (float) height);
                    }
                    int level = (int) (value * 255 / 1.08f + random.nextGaussian() * 3);
                    colour = colour << 8 | Math.max(0, Math.min(255, level));
                }
                image.setRGB(x, y, colour);
            }
        }
        return image;
    }

    private static float at(float[] grid, int cells, float u, float v) {
        float x = u * cells;
        float y = v * cells;
        int left = (int) x;
        int above = (int) y;
        int i = above * (cells + 2) + left;
        float fx = x - left;
        float fy = y - above;
        float top = grid[i] * (1 - fx) + grid[i + 1] * fx;
        float bottom = grid[i + cells + 2] * (1 - fx) + grid[i + cells + 3] * fx;
        return top * (1 - fy) + bottom * fy;
    }
}
