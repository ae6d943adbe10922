package dev.gleaner.worker.fetch;

import java.util.Collection;
import java.util.Set;

/** Where the tracker says that nobody shall go: these names and all below them. Safe for any thread. */
final class StoppedSites {
    private volatile Set<String> sites = Set.of();

    void set(Collection<String> all) {
        sites = Set.copyOf(all);
    }

    boolean has(String host) {
        Set<String> now = sites;
        if (now.isEmpty()) {
            return false;
        }
        for (String at = host; ; at = at.substring(at.indexOf('.') + 1)) {
            if (now.contains(at)) {
                return true;
            }
            if (at.indexOf('.') < 0) {
                return false;
            }
        }
    }
}
