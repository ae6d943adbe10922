package dev.gleaner.tracker.simulation;

/** Faults that the simulation must find; each lives in a double of the ledger, none in the tracker. */
enum Bug {
    NONE,
    /** A change is acknowledged when it is queued, not when it is durable. */
    ACKNOWLEDGED_BEFORE_DURABLE,
    /** A change is decided when it is queued and written later without looking again. */
    NO_COMPARE_AND_SET,
    /** A restarted tracker takes an expired attempt's number for free. */
    NUMBER_USED_AGAIN,
    /** An acceptance that is repeated counts again. */
    COUNTED_ON_EVERY_ACCEPTANCE,
    /** A tracker that starts or takes over does not look for leases that others have granted. */
    LEASES_NOT_TAKEN_UP
}
