package dev.gleaner.tracker.service;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.Ending;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Statistics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What operators see of workers, and what they tell them. Safe for any thread. */
public final class RosterCalls {
    private static final int DAYS_SHOWN = 28;
    /** All that a tracker is built for. */
    private static final int MOST_WORKERS = 1_000_000;

    private static final int MAX_MESSAGE = 300;

    private final Roster roster;
    private final Statistics statistics;
    private final Ledger ledger;
    private final Desk desk;
    private final InstantSource clock;

    public RosterCalls(Roster roster, Statistics statistics, Ledger ledger, Desk desk, InstantSource clock) {
        this.roster = roster;
        this.statistics = statistics;
        this.ledger = ledger;
        this.desk = desk;
        this.clock = clock;
    }

    /**
     * A worker, what it said of its machine when it registered, and what it gave.
     *
     * @param days on which it ended something, of the last {@value #DAYS_SHOWN}
     */
    public record WorkerAbout(
            WorkerView worker,
            Register.Capabilities capabilities,
            String registeredAt,
            List<PublicCalls.DayView> days) {}

    /**
     * Workers that were asked for.
     *
     * @param workers the first of them
     * @param matched how many there are
     * @param all how many have registered
     */
    public record Workers(List<WorkerView> workers, int matched, int all) {}

    /** @param message to the volunteer; null takes an earlier one back */
    public record Direction(
            Heartbeat.Directive directive, @Nullable String message) {}

    public List<WorkerView> workers() {
        return roster.workers();
    }

    /** All that is known of one worker. Blocks on the ledger. */
    public WorkerAbout about(String worker) {
        Roster.Machine machine = roster.machine(worker).orElseThrow(() -> noWorker(worker));
        long from = Math.floorDiv(clock.millis(), Duration.ofDays(1).toMillis()) - DAYS_SHOWN + 1;
        return new WorkerAbout(
                worker(worker),
                machine.capabilities(),
                machine.registeredAt().toString(),
                statistics.daysOf(worker, from).stream().map(PublicCalls::view).toList());
    }

    /** Workers that fit, in the wished order. */
    public Workers workers(WorkerFilter filter) {
        Refusal.unless(filter.limit() >= 1 && filter.limit() <= MOST_WORKERS, "limit must be 1 to " + MOST_WORKERS);
        List<WorkerView> all = roster.workers();
        List<WorkerView> matched =
                all.stream().filter(filter::fits).sorted(filter.comparator()).toList();
        return new Workers(matched.stream().limit(filter.limit()).toList(), matched.size(), all.size());
    }

    /** Bans a worker and takes its leases away, or lets it back in. */
    public CompletionStage<WorkerView> ban(String actor, String worker, boolean banned) {
        return roster.banWorker(worker, banned, actor).thenApply(found -> {
            if (!found) {
                throw noWorker(worker);
            }
            if (banned) {
                for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.LEASED)) {
                    if (attempt.worker().equals(worker)) {
                        ledger.apply(
                                        attempt.job(),
                                        new LedgerEvent.Revoke(attempt.token().attempt(), "the worker was banned"),
                                        actor)
                                .thenRun(() -> {
                                    desk.ended(attempt.job(), attempt.token(), Ending.REVOKED);
                                    desk.wake();
                                });
                    }
                }
            }
            return worker(worker);
        });
    }

    /** Pauses a worker, lets it go on, or asks it to finish and stop; tells its volunteer something. */
    public CompletionStage<WorkerView> direct(String actor, String worker, Direction wish) {
        String message = wish.message();
        Refusal.unless(
                message == null
                        || (message.length() <= MAX_MESSAGE && message.equals(Printable.of(message, MAX_MESSAGE))),
                "message must have at most " + MAX_MESSAGE + " printable characters");
        return roster.directWorker(
                        worker, wish.directive(), message == null || message.isBlank() ? null : message, actor)
                .thenApply(found -> {
                    if (!found) {
                        throw noWorker(worker);
                    }
                    return worker(worker);
                });
    }

    /** Lets a worker in that waits for it. */
    public CompletionStage<WorkerView> admit(String actor, String worker) {
        return roster.admitWorker(worker, actor).thenApply(waited -> worker(worker));
    }

    WorkerView worker(String worker) {
        return roster.workers().stream()
                .filter(w -> w.worker().equals(worker))
                .findAny()
                .orElseThrow(() -> noWorker(worker));
    }

    static Refusal noWorker(String worker) {
        return new Refusal(ProblemCode.UNKNOWN_WORKER, "there is no worker " + Printable.of(worker, 40));
    }
}
