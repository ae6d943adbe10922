package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.worker.fetch.SiteLog;
import dev.gleaner.worker.wat.HttpWatSource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * When a host of WATs may be asked again: after the interval that the tracker gave, and later and later while it refuses. Safe
 * for any thread.
 */
final class SourceManners {
    private static final Duration LONGEST_REST = Duration.ofMinutes(10);
    private static final int FORBIDDEN = 403;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;

    private final SiteLog log;
    private final LongSupplier nanos;
    private final Sleep sleep;
    private final Map<String, Host> hosts = new HashMap<>();

    /** Waits; in tests it does not. */
    @FunctionalInterface
    interface Sleep {
        void nanos(long nanos) throws InterruptedException;
    }

    private static final class Host {
        private long notBefore;
        private long interval;
        private long intervalUntil;
        private int refusals;

        Host(long now) {
            notBefore = now;
            intervalUntil = now;
        }
    }

    SourceManners(SiteLog log, LongSupplier nanos, Sleep sleep) {
        this.log = log;
        this.nanos = nanos;
        this.sleep = sleep;
    }

    /** For requests to one host. */
    HttpWatSource.Turn turn(String host) {
        return new HttpWatSource.Turn() {
            @Override
            public void await() throws InterruptedException {
                sleep.nanos(reserve(host));
            }

            @Override
            public void answered(int status, long retryAfterSeconds) {
                note(host, status, retryAfterSeconds);
            }
        };
    }

    private synchronized long reserve(String name) {
        long now = nanos.getAsLong();
        Host host = hosts.computeIfAbsent(name, n -> new Host(now));
        long start = Math.max(now, host.notBefore);
        host.notBefore = start + (host.intervalUntil - now > 0 ? host.interval : 0);
        return start - now;
    }

    private synchronized void note(String name, int status, long retryAfterSeconds) {
        Host host = hosts.computeIfAbsent(name, n -> new Host(nanos.getAsLong()));
        boolean refused = status == FORBIDDEN || status == TOO_MANY_REQUESTS || status == UNAVAILABLE;
        log.add(new Sites.Tally(
                name, 1, refused ? 1 : 0, (int) Math.min(Integer.MAX_VALUE, Math.max(0, retryAfterSeconds)), true));
        if (!refused) {
            host.refusals = 0;
            return;
        }
        Duration rest = Duration.ofSeconds(Math.max(retryAfterSeconds, 1L << Math.min(10, host.refusals++)));
        rest = rest.compareTo(LONGEST_REST) > 0 ? LONGEST_REST : rest;
        host.notBefore = Math.max(host.notBefore, nanos.getAsLong() + rest.toNanos());
    }

    /** Heeds what the tracker says of a host, if this worker ever read there. */
    synchronized void heed(String name, Duration rest, Duration interval, Duration validity) {
        Host host = hosts.get(name);
        if (host == null) {
            return;
        }
        long now = nanos.getAsLong();
        Duration bounded = rest.compareTo(LONGEST_REST) > 0 ? LONGEST_REST : rest;
        host.notBefore = Math.max(host.notBefore, now + bounded.toNanos());
        host.interval = interval.toNanos();
        host.intervalUntil = now + validity.toNanos();
    }
}
