package dev.gleaner.tracker.lease;

import java.time.Duration;

/**
 * How long leases live.
 *
 * @param ttl a lease ends this long after its last heartbeat
 * @param hardCap and this long after its grant, whatever beats
 * @param heartbeat how often workers are told to beat
 */
public record LeaseSettings(Duration ttl, Duration hardCap, Duration heartbeat) {
    /** Six missed beats end a lease; numbers and reasons in {@code docs/leases.md}. */
    public static final LeaseSettings DEFAULT =
            new LeaseSettings(Duration.ofSeconds(180), Duration.ofHours(6), Duration.ofSeconds(30));

    public LeaseSettings {
        if (heartbeat.isNegative() || heartbeat.isZero() || ttl.compareTo(heartbeat.multipliedBy(2)) < 0) {
            throw new IllegalArgumentException("the lease TTL must be at least two heartbeats");
        }
        if (hardCap.compareTo(ttl) < 0) {
            throw new IllegalArgumentException("the hard cap must be at least the TTL");
        }
    }
}
