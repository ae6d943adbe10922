package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.worker.fetch.Fetcher;
import java.time.Duration;

/**
 * This worker's part in how the swarm treats web sites: tells the tracker how it was received, and heeds what comes back. A
 * tracker can make it slower, within bounds, and never faster than its own manners. Used by the heartbeat's thread.
 */
final class SwarmManners {
    private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(1);
    private static final Duration VALIDITY = Duration.ofMinutes(3);

    private final Fetcher fetcher;
    private final SourceManners sources;
    private long cursor;
    /** Version of the list of stopped sites that is kept to. */
    private long stops;

    SwarmManners(Fetcher fetcher, SourceManners sources) {
        this.fetcher = fetcher;
        this.sources = sources;
    }

    /** Whether something should be told soon. */
    boolean isUrgent() {
        return fetcher.sites().hasRefusals();
    }

    Sites.Report report() {
        return new Sites.Report(cursor, fetcher.sites().take(Sites.MAX_TALLIES), stops);
    }

    /** The report did not get through. */
    void unheard(Sites.Report report) {
        report.tallies().forEach(fetcher.sites()::add);
    }

    void heed(Sites.Orders orders) {
        cursor = Math.max(0, orders.cursor());
        orders.orders().stream().limit(Sites.MAX_ORDERS).forEach(this::heed);
        Sites.Stops list = orders.stops();
        if (list != null && list.sites().size() <= Sites.MAX_STOPS) {
            fetcher.stop(list.sites());
            stops = list.version();
        }
    }

    private void heed(Sites.Order order) {
        Duration rest = Duration.ofSeconds(Math.max(0, order.restSeconds()));
        Duration interval = Duration.ofMillis(Math.max(0, order.intervalMillis()));
        interval = interval.compareTo(LONGEST_INTERVAL) > 0 ? LONGEST_INTERVAL : interval;
        sources.heed(order.site(), rest, interval, VALIDITY);
        fetcher.spare(order.site(), rest, interval, VALIDITY);
    }
}
