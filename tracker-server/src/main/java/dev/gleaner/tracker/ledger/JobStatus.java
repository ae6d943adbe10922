package dev.gleaner.tracker.ledger;

/** Where a job is in its life. */
public enum JobStatus {
    /** Wants a result; may be leased. */
    OPEN,
    /** Has a canonical result. */
    DONE,
    /** Failed too often or was set aside; an operator may open it again. */
    QUARANTINED,
    /** Not wanted any more. */
    CANCELLED
}
