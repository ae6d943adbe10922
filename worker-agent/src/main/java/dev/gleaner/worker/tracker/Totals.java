package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.result.Counts;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What this machine gave in this run. Safe for any thread. */
public final class Totals {
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger rejected = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicLong kept = new AtomicLong();
    private final AtomicLong candidates = new AtomicLong();

    /** @param pairs kept by it; pictures that are yet to be scored are none */
    void addAccepted(Counts counts, long pairs) {
        accepted.incrementAndGet();
        kept.addAndGet(pairs);
        candidates.addAndGet(counts.candidates());
    }

    void addRejected(Counts counts) {
        rejected.incrementAndGet();
        candidates.addAndGet(counts.candidates());
    }

    void addFailed() {
        failed.incrementAndGet();
    }

    /** Jobs whose results were accepted, or held until another agrees. */
    public int accepted() {
        return accepted.get();
    }

    public int rejected() {
        return rejected.get();
    }

    public int failed() {
        return failed.get();
    }

    /** Pairs of accepted results. */
    public long kept() {
        return kept.get();
    }

    /** Candidates of all results handed in. */
    public long candidates() {
        return candidates.get();
    }

    @Override
    public String toString() {
        return accepted + " jobs accepted, " + rejected + " rejected, " + failed + " failed; " + kept
                + " pairs kept of " + candidates + " candidates";
    }
}
