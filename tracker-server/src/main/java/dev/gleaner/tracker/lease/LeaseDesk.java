package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.operator.LeaseView;
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
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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

    private static final Duration LOOK_FOR_STRAGGLERS_EVERY = Duration.ofSeconds(5);
    /** Leases found after a restart whose campaign is looked up for one listing. */
    private static final int MOST_LOOKUPS = 2_000;

    private static final Duration UNWATCHED = Duration.ofSeconds(5);
    private static final Duration SET_BACK = Duration.ofSeconds(-1);

    private final Ledger ledger;
    private final InstantSource clock;
    private final Rules rules;
    private final Executor thread;
    private final BiConsumer<Long, Integer> judge;
    private final DeskMonitor monitor;
    private final Quota quota;
    private final LiveLeases live;
    private final Conduct conduct = new Conduct();
    private final Stragglers stragglers;
    private final Asking asking = new Asking();
    private final Map<Stage, ReadyWindow> windows = new EnumMap<>(Stage.class);
    private final Set<Long> taken = new HashSet<>();
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
    private final ArrayDeque<Live> slow = new ArrayDeque<>();
    private Instant lookForStragglersAfter = Instant.MIN;
    private Share share = Share.NONE;
    private @Nullable Instant lastSeen;

    /**
     * What operators may change while the desk works, and what it must know of the tracker's health.
     *
     * @param times how long leases live
     * @param limits how much workers may take
     * @param resultsToKnowSlow so many results of a campaign must have come in before a lease can be called slow
     */
    public record Rules(
            Supplier<LeaseSettings> times, Supplier<Limits> limits, Wellness wellness, int resultsToKnowSlow) {}

    /**
     * @param thread runs one task at a time, in order
     * @param judge called with job and attempt when a held result has become the one to judge
     */
    public LeaseDesk(
            Ledger ledger,
            InstantSource clock,
            Rules rules,
            Executor thread,
            BiConsumer<Long, Integer> judge,
            DeskMonitor monitor) {
        this.ledger = ledger;
        this.clock = clock;
        this.rules = rules;
        this.thread = thread;
        this.judge = judge;
        this.monitor = monitor;
        this.quota = new Quota(rules.limits);
        this.live = new LiveLeases(quota);
        this.stragglers = new Stragglers(rules.resultsToKnowSlow);
        for (Stage stage : Stage.values()) {
            windows.put(stage, new ReadyWindow());
        }
    }

    private LeaseSettings times() {
        return rules.times.get();
    }

    /** The time. Looked at often: a gap means that this process did not run or that the clock was set, and counts against nobody. */
    private Instant now() {
        Instant now = clock.instant();
        if (lastSeen != null) {
            Duration gap = Duration.between(lastSeen, now);
            if (gap.compareTo(UNWATCHED) > 0 || gap.compareTo(SET_BACK) < 0) {
                log.warn(
                        "Nobody watched the leases, or the clock was set; all deadlines move: seconds={} leases={}",
                        gap.toSeconds(),
                        live.size());
                move(gap);
            }
        }
        lastSeen = now;
        return now;
    }

    private void move(Duration gap) {
        live.all().forEach(lease -> lease.move(gap));
        List<Waiter> moved = waiters.stream().map(waiter -> waiter.moved(gap)).toList();
        waiters.clear();
        waiters.addAll(moved);
        windows.values().forEach(ReadyWindow::expectMore);
        lookForStragglersAfter = Instant.MIN;
        if (gap.isNegative()) {
            conduct.forget();
        }
    }

    private record Waiter(
            Caller caller, String request, int max, Instant asked, Instant until, CompletableFuture<Offer> done) {
        Waiter moved(Duration by) {
            return new Waiter(caller, request, max, asked.plus(by), until.plus(by), done);
        }
    }

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
                    live.removeIf(lease -> !now.owns(lease.job));
                    int given = before - live.size();
                    for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.LEASED)) {
                        boolean known =
                                live.get(attempt.job(), attempt.token()) != null || taken.contains(attempt.job());
                        if (now.owns(attempt.job()) && !known) {
                            watch(attempt);
                        }
                    }
                    share = now;
                    windows.values().forEach(ReadyWindow::clear);
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
    public CompletionStage<Offer> acquire(Caller caller, String request, int max, Duration wait) {
        return offer(caller, request, max, wait, true);
    }

    /**
     * As {@link #acquire}, for a call of which somebody knows already that nothing was granted for it before: an idle worker's call
     * that goes round among several trackers must not ask the ledger at each.
     */
    public CompletionStage<Offer> offer(Caller caller, String request, int max, Duration wait) {
        return offer(caller, request, max, wait, false);
    }

    private CompletionStage<Offer> offer(Caller caller, String request, int max, Duration wait, boolean lookBack) {
        CompletableFuture<Offer> done = new CompletableFuture<>();
        thread.execute(() -> {
            try {
                List<Granted> before = lookBack ? granted(caller.worker(), request) : List.of();
                if (before.isEmpty()) {
                    Instant now = now();
                    grant(new Waiter(caller, request, max, now, now.plus(wait), done));
                } else {
                    done.complete(new Offer(before, null));
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
        Instant now = now();
        Quota.Left left = quota.left(waiter.caller, now);
        Objection objection = conduct.objection(waiter.caller, now).orElse(left.objection());
        if (objection != null) {
            monitor.objected();
            waiter.done.complete(new Offer(List.of(), objection));
            return;
        }
        List<Ledger.ReadyJob> picked = pick(waiter.caller, Math.min(waiter.max, left.leases()));
        boolean hedge = picked.isEmpty();
        if (hedge) {
            picked = straggler(waiter.caller);
        }
        if (!picked.isEmpty()) {
            grant(waiter, picked, hedge);
        } else if (now.isBefore(waiter.until)) {
            waiters.add(waiter);
        } else {
            monitor.nothing();
            waiter.done.complete(Offer.NOTHING);
        }
    }

    private void grant(Waiter waiter, List<Ledger.ReadyJob> picked, boolean hedge) {
        List<CompletableFuture<Void>> pending = new ArrayList<>();
        List<Granted> granted = new ArrayList<>();
        Duration hardCap = times().hardCap();
        for (Ledger.ReadyJob job : picked) {
            taken.add(job.job());
            LedgerEvent.Grant event =
                    new LedgerEvent.Grant(waiter.caller.worker(), waiter.request, hardCap, hedge, job.policyVersion());
            pending.add(ledger.apply(job.job(), event, waiter.caller.worker())
                    .thenAcceptAsync(
                            decision -> {
                                taken.remove(job.job());
                                if (decision.isPresent() && decision.get() instanceof Decision.Applied applied) {
                                    FencingToken token = new FencingToken(
                                            ledger.epoch(),
                                            applied.attempts().get(0).number());
                                    granted.add(new Granted(job, token));
                                    quota.granted(waiter.caller.worker());
                                    if (share.owns(job.job())) { // Else its new owner finds the lease in the ledger.
                                        live.put(newLease(job, token, waiter.caller, hardCap));
                                    }
                                    if (hedge) {
                                        live.of(job.job()).forEach(Live::hedge);
                                        monitor.hedged();
                                        log.info("Straggler's job goes to a second worker: job={}", job.job());
                                    }
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
                                monitor.granted(granted.size(), Duration.between(waiter.asked, now()));
                                waiter.done.complete(new Offer(granted, null));
                            }
                        },
                        thread);
    }

    private Live newLease(Ledger.ReadyJob job, FencingToken token, Caller caller, Duration hardCap) {
        Instant now = now();
        return new Live(
                job.job(),
                token,
                caller.worker(),
                caller.agent(),
                job.campaign(),
                now,
                times().ttl(),
                now.plus(hardCap));
    }

    private List<Ledger.ReadyJob> pick(Caller caller, int max) {
        for (Stage stage : caller.stages()) {
            List<Ledger.ReadyJob> picked = pick(stage, caller, max);
            if (!picked.isEmpty()) {
                return picked;
            }
        }
        return List.of();
    }

    private List<Ledger.ReadyJob> pick(Stage stage, Caller caller, int max) {
        Instant now = now();
        boolean others = asking.othersThan(caller.worker(), now);
        boolean proven = asking.provenToo(caller.isProven(), now);
        ReadyWindow window = window(stage);
        if (window.isEmpty()) {
            refill(stage);
            return window.take(caller, max, others, proven, now);
        }
        List<Ledger.ReadyJob> picked = window.take(caller, max, others, proven, now);
        if (!picked.isEmpty()) {
            return picked;
        }
        // What is there is kept for others; something new may have come.
        refill(stage);
        window.restUntil(now.plus(REFILL_EVERY));
        return window.take(caller, max, others, proven, now);
    }

    private ReadyWindow window(Stage stage) {
        return Objects.requireNonNull(windows.get(stage), "there is one for each");
    }

    /** A job that somebody else is slow with, for a reliable worker that would be idle near a campaign's end. */
    private List<Ledger.ReadyJob> straggler(Caller caller) {
        if (!caller.isReliable()) {
            return List.of();
        }
        lookForStragglers();
        for (Live lease : List.copyOf(slow)) {
            if (!lease.worker.equals(caller.worker()) && !taken.contains(lease.job)) {
                Optional<Ledger.ReadyJob> job = ledger.job(lease.job);
                if (job.isEmpty() || !caller.stages().contains(job.get().stage())) {
                    continue;
                }
                slow.remove(lease);
                return List.of(job.get());
            }
        }
        return List.of();
    }

    private void lookForStragglers() {
        Instant now = now();
        if (now.isBefore(lookForStragglersAfter)) {
            return;
        }
        lookForStragglersAfter = now.plus(LOOK_FOR_STRAGGLERS_EVERY);
        slow.clear();
        if (live.size() > 0) {
            slow.addAll(stragglers.slow(live, Stragglers.nearTheirEnd(ledger.campaigns()), now));
        }
    }

    private void refill(Stage stage) {
        Instant now = now();
        ReadyWindow window = window(stage);
        if (window.rests(now)) {
            return;
        }
        List<Ledger.ReadyJob> ready = ledger.ready(stage, WINDOW + taken.size(), now, share);
        List<Long> ids = ready.stream().map(Ledger.ReadyJob::job).toList();
        window.refill(
                ready,
                ledger.tried(ids),
                job -> live.anyOf(job.job()) || taken.contains(job.job()) || conduct.rests(job.campaign(), now));
        if (window.isEmpty()) {
            window.restUntil(now.plus(REFILL_EVERY));
        }
    }

    @Override
    public CompletionStage<List<Heartbeat.Answer>> heartbeat(String worker, List<Heartbeat.Beat> beats) {
        return CompletableFuture.supplyAsync(
                () -> {
                    Instant now = now();
                    List<Heartbeat.Answer> answers = new ArrayList<>();
                    for (Heartbeat.Beat beat : beats) {
                        answers.add(new Heartbeat.Answer(beat.job(), beat.token(), renew(worker, beat, now)));
                    }
                    int renewed = (int) answers.stream()
                            .filter(a -> a.verdict() == Heartbeat.Verdict.CONTINUE)
                            .count();
                    monitor.beaten(renewed, answers.size() - renewed);
                    return answers;
                },
                thread);
    }

    private Heartbeat.Verdict renew(String worker, Heartbeat.Beat beat, Instant now) {
        Live lease = live.get(beat.job(), beat.token());
        if (lease != null && lease.worker.equals(worker)) {
            if (lease.isUnwanted()) {
                live.remove(lease.job, lease.token);
                return Heartbeat.Verdict.STOP;
            }
            lease.beat(beat, now, times().ttl());
            return Heartbeat.Verdict.CONTINUE;
        }
        // Where the owner has changed, this call was still on its way to the old one.
        return share.owns(beat.job()) ? Heartbeat.Verdict.LOST : Heartbeat.Verdict.CONTINUE;
    }

    @Override
    public void extend(long job, FencingToken token, Duration time) {
        thread.execute(() -> {
            Live lease = live.get(job, token);
            if (lease != null) {
                lease.extend(now().plus(time));
            }
        });
    }

    @Override
    public CompletionStage<Leases> leases(LeaseQuery query) {
        return CompletableFuture.supplyAsync(
                () -> {
                    Instant now = now();
                    int lookups = MOST_LOOKUPS;
                    List<LeaseView> found = new ArrayList<>();
                    for (Live lease : live.all()) {
                        if (lease.campaign.isEmpty() && lookups-- > 0) {
                            ledger.job(lease.job).ifPresent(job -> lease.campaign = job.campaign());
                        }
                        LeaseView view = lease.view(now);
                        if (!lease.isUnwanted() && query.matches(view)) {
                            found.add(view);
                        }
                    }
                    found.sort(query.comparator());
                    int shown = Math.min(query.limit(), found.size());
                    return new Leases(List.copyOf(found.subList(0, shown)), found.size(), live.size(), 0);
                },
                thread);
    }

    @Override
    public void submitted(long job, FencingToken token) {
        thread.execute(() -> {
            Live lease = live.remove(job, token);
            if (lease != null) {
                Instant now = now();
                conduct.good(lease.worker, lease.agent, lease.campaign, now);
                stragglers.took(lease.campaign, Duration.between(lease.grantedAt(), now));
            }
        });
    }

    @Override
    public void ended(long job, FencingToken token, Ending how) {
        thread.execute(() -> {
            Live lease = live.remove(job, token);
            if (lease != null) {
                Instant now = now();
                conduct.ended(lease.worker, lease.agent, lease.campaign, job, how, now);
                if (conduct.rests(lease.campaign, now)) {
                    windows.values().forEach(ReadyWindow::clear);
                }
                windows.values().forEach(ReadyWindow::expectMore);
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
                    Set<String> leased = new HashSet<>();
                    for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.LEASED)) {
                        if (!share.owns(attempt.job()) || taken.contains(attempt.job())) {
                            continue;
                        }
                        leased.add(attempt.job() + "/" + attempt.token());
                        if (live.get(attempt.job(), attempt.token()) == null) {
                            log.warn(
                                    "A lease was not watched and is now: job={} token={}",
                                    attempt.job(),
                                    attempt.token());
                            watch(attempt);
                        }
                    }
                    for (Live lease : live.all()) {
                        boolean over = !leased.contains(lease.job + "/" + lease.token) && !taken.contains(lease.job);
                        if (over && lease.isHedged()) {
                            lease.unwanted(); // Stays to tell its worker that the other was faster.
                        } else if (over) {
                            live.remove(lease.job, lease.token);
                        }
                    }
                },
                thread);
    }

    private void watch(Ledger.LiveAttempt attempt) {
        live.put(Live.recovered(
                attempt.job(),
                attempt.token(),
                attempt.worker(),
                now(),
                times().ttl(),
                attempt.grantedAt().plus(attempt.hardCap())));
    }

    @Override
    public void wake() {
        thread.execute(() -> {
            windows.values().forEach(ReadyWindow::clear);
            serveWaiters();
        });
    }

    /** Ends what has run out and serves who waits. Call it a few times a second. */
    public CompletionStage<Void> tick() {
        return CompletableFuture.runAsync(
                () -> {
                    Instant now = now();
                    for (Live lease : live.all()) {
                        String cause = lease.over(now, times().ttl());
                        if (cause != null) {
                            expire(lease, cause);
                        }
                    }
                    if (!waiters.isEmpty()) {
                        lookForStragglers();
                    }
                    serveWaiters();
                    monitor.standing(
                            live.size(),
                            waiters.size(),
                            windows.values().stream()
                                    .mapToInt(ReadyWindow::size)
                                    .sum());
                },
                thread);
    }

    private void expire(Live lease, String cause) {
        long job = lease.job;
        live.remove(job, lease.token);
        if (lease.isUnwanted()) {
            return;
        }
        taken.add(job);
        monitor.expired(cause);
        boolean amnesty = lease.amnesty() || lease.hindered(rules.wellness.lastTrouble());
        log.info(
                "Lease expired: job={} token={} worker={} cause={} amnesty={}",
                job,
                lease.token,
                lease.worker,
                cause,
                amnesty);
        LedgerEvent.Expire event = new LedgerEvent.Expire(lease.token.attempt(), cause, amnesty);
        ledger.apply(job, event, "tracker")
                .whenCompleteAsync(
                        (decision, error) -> {
                            taken.remove(job);
                            windows.values().forEach(ReadyWindow::expectMore);
                            if (error != null) {
                                // The ledger is unwell: the lease stays and is looked at again with a grace.
                                Instant now = now();
                                live.put(Live.recovered(job, lease.token, lease.worker, now, times().ttl(), now));
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

    private void serveWaiters() {
        Instant now = now();
        for (int left = waiters.size(); left > 0; left--) {
            Waiter waiter = waiters.remove();
            try {
                boolean ready = false;
                for (Stage stage : waiter.caller.stages()) {
                    if (window(stage).isEmpty()) {
                        refill(stage);
                    }
                    ready |= !window(stage).isEmpty();
                }
                if (ready || !slow.isEmpty() || !now.isBefore(waiter.until)) {
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
