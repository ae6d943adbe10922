package dev.gleaner.tracker.lease;

import java.time.Duration;

/**
 * {@link LeaseSettings} on the wire and in the ledger, in seconds.
 *
 * @param ttl a lease ends so long after its last heartbeat
 * @param hardCap and so long after its grant
 * @param heartbeat how often workers beat
 */
public record LeaseTimes(int ttl, int hardCap, int heartbeat) {
    /** @throws IllegalArgumentException when they do not fit together */
    public LeaseTimes {
        LeaseSettings unused = settings(ttl, hardCap, heartbeat);
    }

    public static LeaseTimes of(LeaseSettings settings) {
        return new LeaseTimes(
                (int) settings.ttl().toSeconds(), (int) settings.hardCap().toSeconds(), (int)
                        settings.heartbeat().toSeconds());
    }

    public LeaseSettings settings() {
        return settings(ttl, hardCap, heartbeat);
    }

    private static LeaseSettings settings(int ttl, int hardCap, int heartbeat) {
        return new LeaseSettings(Duration.ofSeconds(ttl), Duration.ofSeconds(hardCap), Duration.ofSeconds(heartbeat));
    }
}
