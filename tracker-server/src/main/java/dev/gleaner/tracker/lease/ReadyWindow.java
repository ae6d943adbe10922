package dev.gleaner.tracker.lease;

import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.trust.Party;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A copy of the ledger's next open jobs, with who tried them before. May be wrong: a grant counts only if the ledger says so. One
 * thread.
 */
final class ReadyWindow {
    /** How long a job is kept from a worker that had it before, while others are there to take it. */
    static final Duration KEPT_FOR_OTHERS = Duration.ofSeconds(30);

    /** How long a job that must be checked is kept for proven workers, while some are there. */
    static final Duration KEPT_FOR_PROVEN = Duration.ofMinutes(10);

    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    /** Since when jobs are kept for others. */
    private final Map<Long, Instant> kept = new HashMap<>();

    private Instant restUntil = Instant.MIN;

    private record Entry(Ledger.ReadyJob job, List<Ledger.Tried> tried) {
        /** Whether a result of it waits for another volunteer's. */
        boolean waits() {
            return tried.stream().anyMatch(Ledger.Tried::waits);
        }
    }

    /** How well a job suits a worker; the lower the better. */
    private enum Fit {
        GOOD,
        /** It failed before, and another kind of worker would tell more. */
        BETTER_ELSEWHERE,
        /** This very worker had it before. */
        AGAIN,
        /** A result of this worker's own party waits for somebody else's. */
        NEVER
    }

    void refill(List<Ledger.ReadyJob> jobs, Map<Long, List<Ledger.Tried>> tried, Predicate<Ledger.ReadyJob> leftOut) {
        entries.clear();
        for (Ledger.ReadyJob job : jobs) {
            if (!leftOut.test(job)) {
                entries.add(new Entry(job, tried.getOrDefault(job.job(), List.of())));
            }
        }
        Set<Long> there = entries.stream().map(entry -> entry.job.job()).collect(Collectors.toSet());
        kept.keySet().retainAll(there);
    }

    /** Forgets all, for something has changed. */
    void clear() {
        entries.clear();
        expectMore();
    }

    /** The ledger need not be asked again before this. */
    void restUntil(Instant then) {
        restUntil = then;
    }

    /** The ledger may have more than when it was last asked. */
    void expectMore() {
        restUntil = Instant.MIN;
    }

    boolean rests(Instant now) {
        return now.isBefore(restUntil);
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    int size() {
        return entries.size();
    }

    /**
     * Takes jobs out; those this worker tried before one at a time, and only when there is nothing else and, for a while,
     * nobody else: a second opinion from the same worker tells nothing.
     *
     * @param others whether other workers ask for jobs, too
     * @param proven whether proven workers do
     */
    List<Ledger.ReadyJob> take(Caller caller, int max, boolean others, boolean proven, Instant now) {
        List<Ledger.ReadyJob> taken = new ArrayList<>();
        for (Fit fit : List.of(Fit.GOOD, Fit.BETTER_ELSEWHERE, Fit.AGAIN)) {
            Iterator<Entry> jobs = entries.iterator();
            while (jobs.hasNext() && taken.size() < max) {
                Entry entry = jobs.next();
                if (fit == Fit.AGAIN && !taken.isEmpty()) {
                    return taken;
                }
                boolean left = (fit == Fit.AGAIN && others && isKept(entry, KEPT_FOR_OTHERS, now))
                        || (proven && !caller.isProven() && entry.waits() && isKept(entry, KEPT_FOR_PROVEN, now));
                if (fit(entry, caller) == fit && !left) {
                    jobs.remove();
                    kept.remove(entry.job.job());
                    taken.add(entry.job);
                }
            }
        }
        return taken;
    }

    private boolean isKept(Entry entry, Duration time, Instant now) {
        Instant since = kept.computeIfAbsent(entry.job.job(), job -> now);
        return now.isBefore(since.plus(time));
    }

    private static Fit fit(Entry entry, Caller caller) {
        boolean failed = false;
        boolean otherAgent = false;
        for (Ledger.Tried before : entry.tried) {
            if (before.waits() && Party.isShared(before.party(), caller.party())) {
                return Fit.NEVER;
            }
        }
        for (Ledger.Tried before : entry.tried) {
            if (before.worker().equals(caller.worker())) {
                return Fit.AGAIN;
            }
            if (before.status() == AttemptStatus.FAILED
                    || before.status() == AttemptStatus.EXPIRED
                    || before.status() == AttemptStatus.REJECTED) {
                failed = true;
                otherAgent |= !before.agent().equals(caller.agent());
            }
        }
        return !failed || (caller.isReliable() && otherAgent) ? Fit.GOOD : Fit.BETTER_ELSEWHERE;
    }
}
