package dev.gleaner.tracker.lease;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Remembers just enough to tell whether anybody else asked for work lately. One thread. */
final class Asking {
    /** Longer than an idle worker's long poll and its pause. */
    private static final Duration LATELY = Duration.ofSeconds(60);

    /** Longer than a proven worker takes for a job, so that one at work is not taken for gone. */
    private static final Duration PROVEN_LATELY = Duration.ofMinutes(30);

    private @Nullable Instant proven;
    private String last = "";
    private @Nullable Instant other;
    private @Nullable Instant lastAt;

    /** Notes whether a proven worker asks now, and tells whether one has lately. */
    boolean provenToo(boolean isProven, Instant now) {
        if (isProven) {
            proven = now;
        }
        return proven != null && now.isBefore(proven.plus(PROVEN_LATELY));
    }

    /** Notes that the worker asks now, and tells whether another has asked lately. */
    boolean othersThan(String worker, Instant now) {
        if (!worker.equals(last)) {
            other = lastAt;
            last = worker;
        }
        lastAt = now;
        return other != null && now.isBefore(other.plus(LATELY));
    }
}
