package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Share;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out jobs and watches deadlines.
 *
 * <p>Everything here lives on one thread, the executor given by the wiring; public methods hand their work to it. The ready
 * window is a copy of the ledger's next open jobs and may be wrong: a grant counts only if the ledger says so. Deadlines are
 * in memory alone; after a restart or a take-over {@link #own} gives every lease of the ledger a fresh grace.
 */
public final class LeaseDesk implements Desk {
    private static final Logger log = LoggerFactory.getLogger(LeaseDesk.class);
    private static final int WINDOW = 512;
    private static final Duration REFILL_EVERY = Duration.ofSeconds(1);

    private final Ledger ledger;
    private final InstantSource clock;
    private final Supplier<LeaseSettings> settings;
    private final Executor thread;
    private final BiConsumer<Long, Integer> judge;
    private final DeskMonitor monitor;
    private final Map<Long, Live> live = new LinkedHashMap<>();
    private final Quota quota = new Quota();
    private final ArrayDeque<Ledger.ReadyJob> window = new ArrayDeque<>();
    private final Set<Long> taken = new HashSet<>();
    private final Map<Long, Set<String>> triedBy = new HashMap<>();
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
    private Instant refillAfter = Instant.MIN;
    private Share share = Share.NONE;

    /**
     * @param thread runs one task at a time, in order
     * @param judge called with job and attempt when a held result has become the one to judge
     */
    public LeaseDesk(
            Ledger ledger,
            InstantSource clock,
            Supplier<LeaseSettings> settings,
            Executor thread,
            BiConsumer<Long, Integer> judge,
            DeskMonitor monitor) {
        this.ledger = ledger;
        this.clock = clock;
        this.settings = settings;
        this.thread = thread;
        this.judge = judge;
        this.monitor = monitor;
    }

    private record Waiter(
            String worker,
            String request,
            int max,
            Instant asked,
            Instant until,
            CompletableFuture<List<Granted>> done) {}

    /**
     * Takes over this share of the jobs, and gives up the rest: leases that come in get a fresh grace, for nobody knows how
     * long their owner was away. Call it before anything else, and whenever the share may have changed.
     */
    public CompletionStage<Void> own(Share now) {
        return CompletableFuture.runAsync(
                () -> {
                    if (now.equals(share)) {
                        return;
                    }
                    int before = live.size();
                    forgetIf(job -> !now.owns(job));
                    triedBy.keySet().removeIf(job -> !now.owns(job));
                    int given = before - live.size();
                    for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.LEASED)) {
                        boolean known = live.containsKey(attempt.job()) || taken.contains(attempt.job());
                        if (now.owns(attempt.job()) && !known) {
                            watch(attempt);
                        }
                    }
                    share = now;
                    window.clear();
                    refillAfter = Instant.MIN;
                    log.info(
                            "Share of the jobs changed: partitions={} leases={} given_up={}",
                            now.partitions().size(),
                            live.size(),
                            given);
                    serveWaiters();
                },
                thread);
    }

    @Override
    public CompletionStage<List<Granted>> acquire(String worker, String request, int max, Duration wait) {
        return offer(worker, request, max, wait, true);
    }

    /**
     * As {@link #acquire}, for a call of which somebody knows already that nothing was granted for it before: an idle worker's call
     * that goes round among several trackers must not ask the ledger at each.
     */
    public CompletionStage<List<Granted>> offer(String worker, String request, int max, Duration wait) {
        return offer(worker, request, max, wait, false);
    }

    private CompletionStage<List<Granted>> offer(
            String worker, String request, int max, Duration wait, boolean lookBack) {
        CompletableFuture<List<Granted>> done = new CompletableFuture<>();
        thread.execute(() -> {
            try {
                List<Granted> before = lookBack ? granted(worker, request) : List.of();
                if (before.isEmpty()) {
                    Instant now = clock.instant();
                    grant(new Waiter(worker, request, max, now, now.plus(wait), done));
                } else {
                    done.complete(before);
                }
            } catch (Ledger.LedgerException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    private List<Granted> granted(String worker, String request) {
        List<Granted> before = new ArrayList<>();
        for (Ledger.LiveAttempt attempt : ledger.granted(worker, request)) {
            ledger.job(attempt.job()).ifPresent(job -> before.add(new Granted(job, attempt.token())));
        }
        return before;
    }

    private void grant(Waiter waiter) {
        List<Ledger.ReadyJob> picked = pick(waiter.worker, Math.min(waiter.max, quota.left(waiter.worker)));
        if (picked.isEmpty()) {
            if (clock.instant().isBefore(waiter.until)) {
                waiters.add(waiter);
            } else {
                monitor.nothing();
                waiter.done.complete(List.of());
            }
            return;
        }
        List<CompletableFuture<Void>> pending = new ArrayList<>();
        List<Granted> granted = new ArrayList<>();
        for (Ledger.ReadyJob job : picked) {
            LedgerEvent.Grant event = new LedgerEvent.Grant(
                    waiter.worker, waiter.request, settings.get().hardCap(), false);
            pending.add(ledger.apply(job.job(), event, waiter.worker)
                    .thenAcceptAsync(
                            decision -> {
                                taken.remove(job.job());
                                if (decision.isPresent() && decision.get() instanceof Decision.Applied applied) {
                                    FencingToken token = new FencingToken(
                                            ledger.epoch(),
                                            applied.attempts().get(0).number());
                                    Instant now = clock.instant();
                                    granted.add(new Granted(job, token));
                                    if (!share.owns(job.job())) {
                                        return; // Its new owner finds the lease in the ledger.
                                    }
                                    keep(
                                            job.job(),
                                            new Live(
                                                    token,
                                                    waiter.worker,
                                                    now,
                                                    settings.get().ttl(),
                                                    now.plus(settings.get().hardCap())));
                                }
                            },
                            thread)
                    .toCompletableFuture());
        }
        CompletableFuture<Void> unused = CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new))
                .whenCompleteAsync(
                        (ok, error) -> {
                            picked.forEach(job -> taken.remove(job.job()));
                            if (error != null) {
                                waiter.done.completeExceptionally(error);
                            } else if (granted.isEmpty()) {
                                waiters.add(waiter); // Others were faster: its turn comes with the next tick.
                            } else {
                                monitor.granted(granted.size(), Duration.between(waiter.asked, clock.instant()));
                                waiter.done.complete(granted);
                            }
                        },
                        thread);
    }

    /** Takes jobs out of the window; those this worker tried before only when there is nothing else. */
    private List<Ledger.ReadyJob> pick(String worker, int max) {
        if (window.isEmpty()) {
            refill();
        }
        List<Ledger.ReadyJob> picked = new ArrayList<>();
        for (boolean again : new boolean[] {false, true}) {
            Iterator<Ledger.ReadyJob> jobs = window.iterator();
            while (jobs.hasNext() && picked.size() < max) {
                Ledger.ReadyJob job = jobs.next();
                boolean tried = triedBy.getOrDefault(job.job(), Set.of()).contains(worker);
                if (tried == again && (!again || picked.isEmpty())) {
                    jobs.remove();
                    taken.add(job.job());
                    picked.add(job);
                }
            }
        }
        return picked;
    }

    private void refill() {
        Instant now = clock.instant();
        if (now.isBefore(refillAfter)) {
            return;
        }
        window.clear();
        for (Ledger.ReadyJob job : ledger.ready(WINDOW + taken.size(), now, share)) {
            if (!live.containsKey(job.job()) && !taken.contains(job.job())) {
                window.add(job);
            }
        }
        if (window.isEmpty()) {
            refillAfter = now.plus(REFILL_EVERY);
        }
    }

    @Override
    public CompletionStage<List<Heartbeat.Answer>> heartbeat(String worker, List<Heartbeat.Beat> beats) {
        return CompletableFuture.supplyAsync(
                () -> {
                    Instant now = clock.instant();
                    List<Heartbeat.Answer> answers = new ArrayList<>();
                    for (Heartbeat.Beat beat : beats) {
                        Live lease = live.get(beat.job());
                        boolean mine = lease != null && lease.token.equals(beat.token()) && lease.worker.equals(worker);
                        if (mine && lease != null) {
                            lease.beat(beat, now, settings.get().ttl());
                        } else if (!share.owns(beat.job())) {
                            // The owner has changed and this call was still on its way to the old one.
                            mine = true;
                        }
                        answers.add(new Heartbeat.Answer(
                                beat.job(), beat.token(), mine ? Heartbeat.Verdict.CONTINUE : Heartbeat.Verdict.LOST));
                    }
                    int renewed = (int) answers.stream()
                            .filter(a -> a.verdict() == Heartbeat.Verdict.CONTINUE)
                            .count();
                    monitor.beaten(renewed, answers.size() - renewed);
                    return answers;
                },
                thread);
    }

    @Override
    public void submitted(long job, FencingToken token) {
        thread.execute(() -> {
            Live lease = live.get(job);
            if (lease != null && forget(job, token)) {
                quota.good(lease.worker);
                triedBy.remove(job);
            }
        });
    }

    private void keep(long job, Live lease) {
        drop(job);
        live.put(job, lease);
        quota.took(lease.worker);
    }

    private void drop(long job) {
        Live lease = live.remove(job);
        if (lease != null) {
            quota.gaveBack(lease.worker);
        }
    }

    private void forgetIf(LongPredicate gone) {
        List.copyOf(live.keySet()).stream().filter(gone::test).forEach(this::drop);
    }

    /** Drops the lease if it is still this attempt's: a late or repeated call of an old attempt must not cost the newer one its lease. */
    private boolean forget(long job, FencingToken token) {
        Live lease = live.get(job);
        boolean same = lease != null && lease.token.equals(token);
        if (same) {
            drop(job);
        }
        return same;
    }

    @Override
    public void ended(long job, FencingToken token, String worker) {
        thread.execute(() -> {
            if (forget(job, token)) {
                remember(job, worker);
            }
        });
    }

    /**
     * Compares what is watched here with the ledger: a lease that nobody watches is watched with a fresh grace, one that the
     * ledger does not know any more is forgotten. Whatever message or event was lost, no job stays leased for ever and no
     * worker is told for long to go on with what it has lost. Call it every minute or so.
     */
    public CompletionStage<Void> sweep() {
        return CompletableFuture.runAsync(
                () -> {
                    Set<Long> leased = new HashSet<>();
                    for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.LEASED)) {
                        if (!share.owns(attempt.job()) || taken.contains(attempt.job())) {
                            continue;
                        }
                        leased.add(attempt.job());
                        Live lease = live.get(attempt.job());
                        if (lease == null || !lease.token.equals(attempt.token())) {
                            log.warn(
                                    "A lease was not watched and is now: job={} token={}",
                                    attempt.job(),
                                    attempt.token());
                            watch(attempt);
                        }
                    }
                    forgetIf(job -> !leased.contains(job) && !taken.contains(job));
                },
                thread);
    }

    private void watch(Ledger.LiveAttempt attempt) {
        Instant hardDeadline = attempt.grantedAt().plus(attempt.hardCap());
        keep(
                attempt.job(),
                Live.recovered(
                        attempt.token(),
                        attempt.worker(),
                        clock.instant(),
                        settings.get().ttl(),
                        hardDeadline));
    }

    @Override
    public void wake() {
        thread.execute(() -> {
            refillAfter = Instant.MIN;
            window.clear();
            serveWaiters();
        });
    }

    /** Ends what has run out and serves who waits. Call it a few times a second. */
    public CompletionStage<Void> tick() {
        return CompletableFuture.runAsync(
                () -> {
                    Instant now = clock.instant();
                    for (Map.Entry<Long, Live> entry : List.copyOf(live.entrySet())) {
                        String cause = entry.getValue().over(now, settings.get().ttl());
                        if (cause != null) {
                            expire(entry.getKey(), entry.getValue(), cause);
                        }
                    }
                    serveWaiters();
                    monitor.standing(live.size(), waiters.size(), window.size());
                },
                thread);
    }

    private void expire(long job, Live lease, String cause) {
        drop(job);
        taken.add(job);
        remember(job, lease.worker);
        monitor.expired(cause);
        if (!lease.amnesty()) {
            quota.bad(lease.worker);
        }
        log.info("Lease expired: job={} token={} worker={} cause={}", job, lease.token, lease.worker, cause);
        LedgerEvent.Expire event = new LedgerEvent.Expire(lease.token.attempt(), cause, lease.amnesty());
        ledger.apply(job, event, "tracker")
                .whenCompleteAsync(
                        (decision, error) -> {
                            taken.remove(job);
                            refillAfter = Instant.MIN;
                            if (error != null) {
                                // The ledger is unwell: the lease stays where it is and is looked at again with a
                                // grace.
                                if (!live.containsKey(job)) {
                                    keep(
                                            job,
                                            Live.recovered(
                                                    lease.token,
                                                    lease.worker,
                                                    clock.instant(),
                                                    settings.get().ttl(),
                                                    clock.instant()));
                                }
                                log.warn(
                                        "Expiry could not be written and will be tried again: job={} cause={}",
                                        job,
                                        error.toString());
                            } else if (decision.isPresent()
                                    && decision.get() instanceof Decision.Applied applied
                                    && applied.toJudge() > 0) {
                                judge.accept(job, applied.toJudge());
                            }
                        },
                        thread);
    }

    private void remember(long job, String worker) {
        triedBy.computeIfAbsent(job, j -> new HashSet<>()).add(worker);
        refillAfter = Instant.MIN;
    }

    private void serveWaiters() {
        Instant now = clock.instant();
        for (int left = waiters.size(); left > 0; left--) {
            Waiter waiter = waiters.remove();
            try {
                if (window.isEmpty()) {
                    refill();
                }
                if (!window.isEmpty() || !now.isBefore(waiter.until)) {
                    grant(waiter);
                } else {
                    waiters.add(waiter);
                }
            } catch (Ledger.LedgerException e) {
                waiter.done.completeExceptionally(e);
            }
        }
    }

    /** Leases that live now. */
    public CompletionStage<Integer> liveCount() {
        return CompletableFuture.supplyAsync(live::size, thread);
    }
}
