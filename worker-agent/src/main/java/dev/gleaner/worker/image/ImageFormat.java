package dev.gleaner.worker.image;

/** Picture formats told by their first bytes, whatever a server or a file name says. */
public enum ImageFormat {
    JPEG,
    PNG,
    WEBP,
    GIF
}
