package dev.gleaner.worker.image;

import dev.gleaner.protocol.result.PairDrop;

/** A file that is not a picture we take: says under which reason it is dropped, and why in words. */
public final class ImageRefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final PairDrop reason;

    public ImageRefusedException(PairDrop reason, String message) {
        super(message);
        this.reason = reason;
    }

    ImageRefusedException(PairDrop reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public PairDrop reason() {
        return reason;
    }
}
