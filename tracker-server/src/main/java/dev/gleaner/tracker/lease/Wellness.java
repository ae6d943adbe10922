package dev.gleaner.tracker.lease;

import java.time.Instant;

/** When ledger or object storage last failed: what ran out meanwhile is nobody's fault. Safe for any thread. */
public final class Wellness {
    private volatile Instant lastTrouble = Instant.MIN;

    /** Ledger or storage could not be used at this time. */
    public void trouble(Instant at) {
        if (at.isAfter(lastTrouble)) {
            lastTrouble = at;
        }
    }

    /** {@link Instant#MIN} before the first. */
    public Instant lastTrouble() {
        return lastTrouble;
    }
}
