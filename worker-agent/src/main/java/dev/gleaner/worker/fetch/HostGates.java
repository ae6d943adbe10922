package dev.gleaner.worker.fetch;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/** Lets at most so many requests go to one host at a time; the rest wait their turn. Safe for any thread. */
final class HostGates {
    private static final class Gate {
        private int open;
        private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    }

    private final int perHost;
    private final Map<String, Gate> gates = new HashMap<>();

    HostGates(int perHost) {
        this.perHost = perHost;
    }

    /** Runs {@code start} now or when the host has room. */
    void enter(String host, Runnable start) {
        synchronized (gates) {
            Gate gate = gates.computeIfAbsent(host, h -> new Gate());
            if (gate.open >= perHost) {
                gate.waiting.add(start);
                return;
            }
            gate.open++;
        }
        start.run();
    }

    /** A request to the host is over: the next one that waits may go. */
    void leave(String host) {
        Runnable next;
        synchronized (gates) {
            Gate gate = gates.get(host);
            if (gate == null) {
                throw new IllegalStateException("nobody entered " + host);
            }
            next = gate.waiting.poll();
            if (next == null && --gate.open == 0) {
                gates.remove(host);
            }
        }
        if (next != null) {
            next.run();
        }
    }
}
