package dev.gleaner.worker.fetch;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Hosts that could not be connected to several times in a row are left alone for a while: every further try would cost the
 * connect time-out. Safe for any thread.
 */
final class DeadHosts {
    static final int IN_A_ROW = 4;
    private static final long NANOS = 10L * 60 * 1_000_000_000;
    private static final int REMEMBERED = 20_000;

    private final LongSupplier nanos;
    private final Map<String, Failures> failing = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
            return size() > REMEMBERED;
        }
    };

    private record Failures(int count, long last) {}

    DeadHosts(LongSupplier nanos) {
        this.nanos = nanos;
    }

    synchronized boolean isDead(String host) {
        Failures failures = failing.get(host);
        if (failures != null && nanos.getAsLong() - failures.last > NANOS) {
            failing.remove(host);
            return false;
        }
        return failures != null && failures.count >= IN_A_ROW;
    }

    synchronized void unreachable(String host) {
        int before = failing.getOrDefault(host, new Failures(0, 0)).count;
        failing.put(host, new Failures(before + 1, nanos.getAsLong()));
    }

    synchronized void answered(String host) {
        failing.remove(host);
    }

    synchronized void forget() {
        failing.clear();
    }
}
