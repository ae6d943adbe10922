package dev.gleaner.tracker.lease;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who should rest: a worker that only gives jobs back or starves on its own machine, an agent version that fails by a bug on one
 * machine after the other, a campaign whose source is out of reach for many. Each rests for a while and is then tried again. Numbers
 * and reasons in {@code docs/leases.md}. In memory of one tracker. One thread.
 */
final class Conduct {
    private static final Logger log = LoggerFactory.getLogger(Conduct.class);

    static final int RELEASES_PER_HOUR = 20;
    static final int STARVED_IN_A_ROW = 5;
    static final int BUGGY_WORKERS = 3;
    static final int CUT_OFF_WORKERS = 5;
    private static final double CUT_OFF_SHARE = 0.3;
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration LOOK_BACK = Duration.ofMinutes(5);
    private static final Duration SOURCE_REST = Duration.ofMinutes(1);
    private static final int MOST_REMEMBERED = 100_000;

    private final Map<String, ArrayDeque<Instant>> releases = new HashMap<>();
    private final Map<String, Integer> starved = new HashMap<>();
    private final Map<String, Bugs> bugs = new HashMap<>();
    private final Map<String, ArrayDeque<Outcome>> outcomes = new HashMap<>();
    private final Map<String, Rest> resting = new HashMap<>();

    private record Rest(Instant until, String reason) {}

    private record Outcome(Instant at, String worker, boolean cutOff) {}

    /** Since the last result that workers of this agent handed in. */
    private static final class Bugs {
        private final Set<String> workers = new HashSet<>();
        private final Set<Long> jobs = new HashSet<>();
    }

    /** A worker's lease ended without a result. */
    void ended(String worker, String agent, String campaign, long job, Ending how, Instant now) {
        switch (how) {
            case RELEASED -> released(worker, now);
            case RESOURCE -> starved(worker, now);
            case BUG -> buggy(agent, worker, job, now);
            case NETWORK, INPUT, REVOKED -> {}
        }
        outcome(campaign, worker, how == Ending.NETWORK, now);
    }

    /** A worker handed in a result. */
    void good(String worker, String agent, String campaign, Instant now) {
        starved.remove(worker);
        bugs.remove(agent);
        resting.remove("agent " + agent);
        outcome(campaign, worker, false, now);
    }

    /** Why this caller should get nothing now. */
    Optional<Objection> objection(Caller caller, Instant now) {
        return rest("worker " + caller.worker(), now).or(() -> rest("agent " + caller.agent(), now));
    }

    /** Whether jobs of this campaign should wait. */
    boolean rests(String campaign, Instant now) {
        return rest("campaign " + campaign, now).isPresent();
    }

    /** The clock was set back: what was noted of times to come means nothing. */
    void forget() {
        releases.clear();
        outcomes.clear();
        resting.clear();
    }

    private Optional<Objection> rest(String who, Instant now) {
        Rest rest = resting.get(who);
        if (rest == null) {
            return Optional.empty();
        }
        if (!now.isBefore(rest.until)) {
            resting.remove(who);
            return Optional.empty();
        }
        long seconds = Duration.between(now, rest.until).toSeconds() + 1;
        return Optional.of(new Objection(rest.reason, (int) Math.min(300, seconds)));
    }

    private void rest(String who, Instant until, String reason) {
        if (resting.size() >= MOST_REMEMBERED) {
            resting.clear();
        }
        if (resting.put(who, new Rest(until, reason)) == null) {
            log.warn("Resting: who={} until={} reason={}", who, until, reason);
        }
    }

    private void released(String worker, Instant now) {
        if (releases.size() >= MOST_REMEMBERED) {
            releases.clear();
        }
        ArrayDeque<Instant> times = releases.computeIfAbsent(worker, w -> new ArrayDeque<>());
        times.add(now);
        while (times.getFirst().isBefore(now.minus(HOUR))) {
            times.removeFirst();
        }
        if (times.size() > RELEASES_PER_HOUR) {
            releases.remove(worker);
            rest(
                    "worker " + worker,
                    now.plus(HOUR),
                    "this worker gave back more than " + RELEASES_PER_HOUR
                            + " jobs in an hour and rests for an hour; look at its log for the reason");
        }
    }

    private void starved(String worker, Instant now) {
        if (starved.size() >= MOST_REMEMBERED) {
            starved.clear();
        }
        if (starved.merge(worker, 1, Integer::sum) >= STARVED_IN_A_ROW) {
            starved.remove(worker);
            rest(
                    "worker " + worker,
                    now.plus(HOUR),
                    STARVED_IN_A_ROW
                            + " jobs in a row failed for want of disk, memory or a device; this worker rests for an hour: look at its log");
        }
    }

    /** Several workers and several jobs: one bad job is not the version's fault, nor is one bad machine. */
    private void buggy(String agent, String worker, long job, Instant now) {
        if (agent.isEmpty()) {
            return;
        }
        if (bugs.size() >= MOST_REMEMBERED) {
            bugs.clear();
        }
        Bugs seen = bugs.computeIfAbsent(agent, a -> new Bugs());
        seen.workers.add(worker);
        seen.jobs.add(job);
        if (seen.workers.size() >= BUGGY_WORKERS && seen.jobs.size() >= BUGGY_WORKERS) {
            bugs.remove(agent);
            rest(
                    "agent " + agent,
                    now.plus(HOUR),
                    agent + " failed by a bug on " + BUGGY_WORKERS
                            + " machines and on none did it succeed meanwhile; update the worker");
        }
    }

    private void outcome(String campaign, String worker, boolean cutOff, Instant now) {
        if (campaign.isEmpty()) {
            return;
        }
        ArrayDeque<Outcome> latest = outcomes.computeIfAbsent(campaign, c -> new ArrayDeque<>());
        latest.add(new Outcome(now, worker, cutOff));
        while (latest.getFirst().at.isBefore(now.minus(LOOK_BACK)) || latest.size() > MOST_REMEMBERED) {
            latest.removeFirst();
        }
        if (!cutOff) {
            return;
        }
        Set<String> all = new HashSet<>();
        Set<String> failing = new HashSet<>();
        for (Outcome outcome : latest) {
            all.add(outcome.worker);
            if (outcome.cutOff) {
                failing.add(outcome.worker);
            }
        }
        if (failing.size() >= CUT_OFF_WORKERS && failing.size() >= CUT_OFF_SHARE * all.size()) {
            rest(
                    "campaign " + campaign,
                    now.plus(SOURCE_REST),
                    failing.size() + " of " + all.size() + " workers could not reach what they need");
        }
    }
}
