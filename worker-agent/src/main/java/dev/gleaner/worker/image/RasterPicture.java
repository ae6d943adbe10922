package dev.gleaner.worker.image;

import java.awt.image.Raster;

/** Rows of a raster whose samples are colours. */
final class RasterPicture implements Picture {
    private final Raster raster;
    private final RowColours colours;
    private final int bands;
    private int[] samples = new int[0];

    RasterPicture(Raster raster, RowColours colours) {
        this.raster = raster;
        this.colours = colours;
        this.bands = raster.getNumBands();
        if (bands < colours.needed()) {
            throw new IllegalArgumentException(bands + " bands are too few");
        }
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
        if (samples.length == 0) {
            samples = new int[raster.getWidth() * bands];
        }
        raster.getPixels(raster.getMinX(), raster.getMinY() + y, raster.getWidth(), 1, samples);
        colours.toRgb(samples, bands, rgb, raster.getWidth());
    }
}
