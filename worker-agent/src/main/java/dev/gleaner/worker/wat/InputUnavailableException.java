package dev.gleaner.worker.wat;

import java.io.IOException;

/** The WAT is missing or refused: no retry by this worker will help. */
public final class InputUnavailableException extends IOException {
    private static final long serialVersionUID = 1L;

    public InputUnavailableException(String message) {
        super(message);
    }
}
