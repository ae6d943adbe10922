package dev.gleaner.tracker.sites;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/** What the workers of this tracker asked of one site lately: this minute and the one before. One thread at a time. */
final class Traffic {
    static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int MOST_WORKERS = 50_000;

    private Instant since;
    private Span now = new Span();
    private Span before = new Span();
    /** Of a source's rate, by how it received us. */
    private double share = 1;

    private Instant sharedAt;

    /** What happened in a minute. */
    private static final class Span {
        private final Set<String> workers = new HashSet<>();
        private final Set<String> refused = new HashSet<>();
        private long asked;
    }

    Traffic(Instant now) {
        since = now;
        sharedAt = now;
    }

    void add(String worker, int asked, boolean refused, Instant time) {
        turn(time);
        now.asked += asked;
        note(now.workers, worker);
        if (refused) {
            note(now.refused, worker);
        }
    }

    private static void note(Set<String> workers, String worker) {
        if (workers.size() < MOST_WORKERS) {
            workers.add(worker);
        }
    }

    private void turn(Instant time) {
        Duration age = Duration.between(since, time);
        if (age.isNegative() || age.compareTo(MINUTE.multipliedBy(2)) >= 0) {
            before = new Span();
            now = new Span();
            since = time;
        } else if (age.compareTo(MINUTE) >= 0) {
            before = now;
            now = new Span();
            since = since.plus(MINUTE);
        }
    }

    /** Requests a second, over the last minute. */
    double rate(Instant time) {
        turn(time);
        double part = Math.min(1, Duration.between(since, time).toMillis() / 60_000.0);
        return (before.asked * (1 - part) + now.asked) / 60;
    }

    /** Workers that asked in a minute, about. */
    int workers() {
        return Math.max(before.workers.size(), now.workers.size());
    }

    /**
     * How much of a source's rate to use: half as much when several workers were refused, at most once a minute, and a
     * twentieth more for each minute in which they were not.
     */
    double share(Instant time) {
        if (Duration.between(sharedAt, time).compareTo(MINUTE) >= 0) {
            int refused = Math.max(before.refused.size(), now.refused.size());
            boolean tooMuch = refused >= 3 && refused * 100 >= workers();
            share = tooMuch ? Math.max(0.01, share / 2) : Math.min(1, share * 1.05);
            sharedAt = time;
        }
        return share;
    }
}
