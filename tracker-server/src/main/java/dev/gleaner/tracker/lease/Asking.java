package dev.gleaner.tracker.lease;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Remembers just enough to tell whether anybody else asked for work lately. One thread. */
final class Asking {
    /** Longer than an idle worker's long poll and its pause. */
    private static final Duration LATELY = Duration.ofSeconds(60);

    private String last = "";
    private @Nullable Instant other;
    private @Nullable Instant lastAt;

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
