package dev.gleaner.worker.image;

import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** Rows of a raster whose samples are indexes into a palette; indexes beyond it are black. */
final class PalettePicture implements Picture {
    private final Raster raster;
    private final int[] colours = new int[256];
    private final int[] indexes;

    PalettePicture(Raster raster, IndexColorModel palette) {
        this.raster = raster;
        for (int i = 0; i < Math.min(256, palette.getMapSize()); i++) {
            colours[i] = palette.getRGB(i);
        }
        indexes = new int[raster.getWidth()];
    }

    @Override
    public int width() {
        return raster.getWidth();
    }

    @Override
    public int height() {
        return raster.getHeight();
    }

    @Override
    public void row(int y, byte[] rgb) {
        raster.getSamples(0, y, raster.getWidth(), 1, 0, indexes);
        for (int x = 0; x < indexes.length; x++) {
            int colour = colours[indexes[x] & 255];
            rgb[3 * x] = (byte) (colour >> 16);
            rgb[3 * x + 1] = (byte) (colour >> 8);
            rgb[3 * x + 2] = (byte) colour;
        }
    }
}
