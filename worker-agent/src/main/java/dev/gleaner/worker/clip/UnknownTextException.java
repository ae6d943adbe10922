package dev.gleaner.worker.clip;

/** The model's vocabulary has no tokens for a text. */
public final class UnknownTextException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownTextException(Throwable cause) {
        super("the model's vocabulary has no tokens for the text: " + cause.getMessage(), cause);
    }
}
