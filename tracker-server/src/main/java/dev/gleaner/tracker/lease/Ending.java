package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.lease.FailureClass;

/** How a lease ended without a result. */
public enum Ending {
    /** The worker gave it back. */
    RELEASED,
    /** The worker could not read the job's input. */
    INPUT,
    /** The network between worker and web failed. */
    NETWORK,
    /** The worker's machine lacked something. */
    RESOURCE,
    /** The worker's program failed. */
    BUG,
    /** An operator took it away. */
    REVOKED;

    public static Ending of(FailureClass failure) {
        return switch (failure) {
            case INPUT -> INPUT;
            case NETWORK -> NETWORK;
            case RESOURCE -> RESOURCE;
            case BUG -> BUG;
        };
    }
}
