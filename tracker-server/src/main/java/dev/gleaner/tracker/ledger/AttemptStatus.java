package dev.gleaner.tracker.ledger;

/** Where an attempt is in its life. */
public enum AttemptStatus {
    LEASED,
    /** Handed in, durable, not judged yet. */
    SUBMITTED,
    ACCEPTED,
    /** Was the canonical result until its worker was found out, or an operator took it back. */
    RETRACTED,
    REJECTED,
    /** Correct as far as known, but waiting for, or differing from, another attempt. */
    HELD,
    /** Correct, but another attempt's result is the canonical one: credited. */
    SUPERSEDED,
    /** Given back. */
    RELEASED,
    FAILED,
    /** Ran out. */
    EXPIRED,
    /** Taken away by an operator or a ban. */
    REVOKED;

    /** Whether somebody works on it or its judgement is due. */
    public boolean live() {
        return this == LEASED || this == SUBMITTED;
    }
}
