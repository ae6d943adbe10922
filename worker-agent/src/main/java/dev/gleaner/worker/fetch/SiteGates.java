package dev.gleaner.worker.fetch;

import crawlercommons.domains.EffectiveTldFinder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Who may ask a site now: so many at a time, one in an interval, none while the site wants a rest. Those of other sites go on
 * meanwhile. Safe for any thread.
 */
final class SiteGates {
    /** A rest up to this long is waited for; for a longer one requests are dropped. */
    static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

    private static final Duration LONGEST_REST = Duration.ofMinutes(30);
    /** Beyond so many sites nobody's word is heeded: a tracker must not be able to fill the memory. */
    private static final int MOST_SITES = 50_000;

    /** A request that wants to go; {@link #go} or {@link #refused} is called, once. */
    interface Visitor {
        /** False when nobody waits for it any more; it is refused then, and costs nobody the turn. */
        boolean wanted();

        void go();

        /** The site rests for long, or nobody wants it any more. */
        void refused();
    }

    /** Does something later. */
    @FunctionalInterface
    interface Timer {
        void after(long nanos, Runnable work);
    }

    private final Courtesy courtesy;
    private final Timer timer;
    private final LongSupplier nanos;
    private final Map<String, Gate> gates = new HashMap<>();
    private final Map<String, Pace> paces = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Pace> eldest) {
            return size() > MOST_SITES;
        }
    };

    /** An interval that holds until some time. */
    private record Pace(long interval, long until) {}

    SiteGates(Courtesy courtesy, Timer timer, LongSupplier nanos) {
        this.courtesy = courtesy;
        this.timer = timer;
        this.nanos = nanos;
    }

    private static final class Gate {
        private final ArrayDeque<Visitor> waiting = new ArrayDeque<>();
        private int open;
        private long notBefore;
        private boolean planned;

        Gate(long notBefore) {
            this.notBefore = notBefore;
        }
    }

    /** The registered domain by the public suffix list, or the host itself where there is none. */
    static String siteOf(String host) {
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        String site = name.isEmpty() || name.startsWith("[") ? null : EffectiveTldFinder.getAssignedDomain(name);
        return site == null || site.isEmpty() ? name : site;
    }

    void enter(String site, Visitor visitor) {
        synchronized (gates) {
            gates.computeIfAbsent(site, s -> new Gate(nanos.getAsLong()))
                    .waiting
                    .add(visitor);
        }
        advance(site);
    }

    /** A request that went is over. */
    void leave(String site) {
        synchronized (gates) {
            Gate gate = gates.get(site);
            if (gate == null || gate.open == 0) {
                throw new IllegalStateException("nobody visits " + site);
            }
            gate.open--;
        }
        advance(site);
    }

    /** Nobody goes there for a while. */
    void rest(String site, Duration time) {
        synchronized (gates) {
            Gate gate = gates.computeIfAbsent(site, s -> new Gate(nanos.getAsLong()));
            Duration bounded = time.compareTo(LONGEST_REST) > 0 ? LONGEST_REST : time;
            long until = nanos.getAsLong() + bounded.toNanos();
            if (until - gate.notBefore > 0) {
                gate.notBefore = until;
            }
        }
        advance(site);
    }

    /** A rest, and an interval longer than this worker's own, as others wish. */
    void spare(String site, Duration time, Duration interval, Duration validity) {
        synchronized (gates) {
            if (interval.compareTo(courtesy.interval()) > 0) {
                paces.put(site, new Pace(interval.toNanos(), nanos.getAsLong() + validity.toNanos()));
            } else {
                paces.remove(site);
            }
            if (time.isZero() || gates.size() >= MOST_SITES) {
                return;
            }
        }
        rest(site, time);
    }

    /** An interval that holds beside what others wish. */
    void slow(String site, Duration interval, Duration validity) {
        synchronized (gates) {
            long time = nanos.getAsLong();
            if (interval.toNanos() > interval(site, time)) {
                paces.put(site, new Pace(interval.toNanos(), time + validity.toNanos()));
            }
        }
    }

    private long interval(String site, long time) {
        Pace pace = paces.get(site);
        return pace != null && pace.until - time > 0
                ? pace.interval
                : courtesy.interval().toNanos();
    }

    private void advance(String site) {
        List<Runnable> now = new ArrayList<>();
        synchronized (gates) {
            Gate gate = gates.get(site);
            if (gate == null) {
                return;
            }
            long time = nanos.getAsLong();
            if (gate.notBefore - time > LONGEST_WAIT.toNanos()) {
                gate.waiting.forEach(visitor -> now.add(visitor::refused));
                gate.waiting.clear();
            }
            while (!gate.waiting.isEmpty() && gate.open < courtesy.perSite() && gate.notBefore - time <= 0) {
                Visitor next = gate.waiting.remove();
                if (next.wanted()) {
                    gate.open++;
                    gate.notBefore = time + interval(site, time);
                    now.add(next::go);
                } else {
                    now.add(next::refused);
                }
            }
            if (gate.notBefore - time > 0) {
                plan(site, gate, gate.notBefore - time);
            } else if (gate.open == 0 && gate.waiting.isEmpty()) {
                gates.remove(site);
            }
        }
        now.forEach(Runnable::run);
    }

    private void plan(String site, Gate gate, long wait) {
        if (gate.planned) {
            return;
        }
        gate.planned = true;
        timer.after(wait, () -> {
            synchronized (gates) {
                gate.planned = false;
            }
            advance(site);
        });
    }

    /** Sites that are known just now. */
    int size() {
        synchronized (gates) {
            return gates.size();
        }
    }
}
