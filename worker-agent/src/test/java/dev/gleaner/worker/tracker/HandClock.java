package dev.gleaner.worker.tracker;

import java.util.Objects;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A clock that stands still until a test moves it, and then runs what was to be run on the test's own thread. */
final class HandClock extends ScheduledThreadPoolExecutor {
    private long nanos = 1;
    private @Nullable Runnable tick;

    HandClock() {
        super(1);
    }

    LeaseKeeper.Clock clock() {
        return new LeaseKeeper.Clock(() -> nanos, this);
    }

    @Override
    public @Nullable ScheduledFuture<?> scheduleWithFixedDelay(
            Runnable command, long initialDelay, long delay, TimeUnit unit) {
        tick = command;
        return null;
    }

    /** So much time passes, and the keeper looks at the clock once. */
    void pass(double seconds) {
        nanos += (long) (seconds * 1e9);
        Objects.requireNonNull(tick).run();
    }
}
