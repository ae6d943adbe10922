package dev.gleaner.worker.tracker;

import java.util.concurrent.TimeUnit;

/** Keeps uploads within a rate, all together. Safe for any thread. */
public final class UploadPace {
    /** No limit. */
    public static final UploadPace FREE = new UploadPace(0);

    private final long bytesPerSecond;
    private long freeAt = System.nanoTime();

    /** @param bytesPerSecond at most, on average; 0: no limit */
    public UploadPace(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Waits until so many bytes may go. */
    void await(int bytes) throws InterruptedException {
        if (bytesPerSecond > 0) {
            TimeUnit.NANOSECONDS.sleep(reserve(bytes, System.nanoTime()));
        }
    }

    /** @return nanoseconds to wait */
    synchronized long reserve(int bytes, long now) {
        long start = freeAt - now > 0 ? freeAt : now;
        freeAt = start + TimeUnit.SECONDS.toNanos(bytes) / bytesPerSecond;
        return start - now;
    }
}
