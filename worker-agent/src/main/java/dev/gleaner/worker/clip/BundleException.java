package dev.gleaner.worker.clip;

/** The model bundle is not what it says, or this machine does not compute with it what it should. */
public final class BundleException extends Exception {
    private static final long serialVersionUID = 1L;

    public BundleException(String message) {
        super(message);
    }

    public BundleException(String message, Throwable cause) {
        super(message, cause);
    }
}
