package dev.gleaner.tracker.lease;

import java.util.HashMap;
import java.util.Map;

/**
 * How many leases a worker may hold at a time: fewer after each lease that ran out, twice as many after each result, as BOINC's daily
 * quota does (its {@code sched_send}). A worker that claims and never returns is soon left with one. In memory of one tracker; a worker
 * that nothing is known of starts in the middle. One thread.
 */
final class Quota {
    static final int START = 32;
    static final int MOST = 64;

    private final Map<String, Integer> allowed = new HashMap<>();
    private final Map<String, Integer> held = new HashMap<>();

    /** How many more leases the worker may get now; at least 0. */
    int left(String worker) {
        return Math.max(0, allowed.getOrDefault(worker, START) - held.getOrDefault(worker, 0));
    }

    void took(String worker) {
        held.merge(worker, 1, Integer::sum);
    }

    void gaveBack(String worker) {
        held.computeIfPresent(worker, (w, n) -> n <= 1 ? null : n - 1);
    }

    /** A result was handed in. */
    void good(String worker) {
        change(worker, Math.min(MOST, allowed.getOrDefault(worker, START) * 2));
    }

    /** A lease ran out. */
    void bad(String worker) {
        change(worker, Math.max(1, allowed.getOrDefault(worker, START) - 1));
    }

    private void change(String worker, int now) {
        if (now == START) {
            allowed.remove(worker);
        } else {
            allowed.put(worker, now);
        }
    }
}
