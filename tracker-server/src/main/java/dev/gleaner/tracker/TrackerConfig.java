package dev.gleaner.tracker;

import dev.gleaner.tracker.lease.LeaseSettings;
import java.nio.file.Path;

/**
 * How a tracker runs.
 *
 * @param host address to listen on
 * @param port 0 for any free one
 * @param data folder of ledger, objects, bundles and operator token
 */
public record TrackerConfig(String host, int port, Path data, LeaseSettings leases) {
    public TrackerConfig {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("the port must be 0 to 65535");
        }
    }
}
