package dev.gleaner.worker.job;

import dev.gleaner.protocol.lease.FailureClass;

/** A job could not be done; says whose fault it looks like. */
public final class JobFailedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final FailureClass failure;

    public JobFailedException(FailureClass failure, String message, Throwable cause) {
        super(message, cause);
        this.failure = failure;
    }

    public FailureClass failure() {
        return failure;
    }
}
