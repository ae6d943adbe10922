package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.worker.job.JobProgress;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Beats for all live leases in one call, on a thread of its own, and passes on what the tracker answers. */
final class LeaseKeeper implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);

    /**
     * A lease that is kept.
     *
     * @param lost called once when the tracker says that it is over
     */
    private record Kept(Lease lease, Supplier<JobProgress> progress, Runnable lost) {}

    /** No tracker can make a worker so silent that its own lease runs out unnoticed. */
    private static final int MAX_SECONDS = 600;

    private static final long TICK_MILLIS = 500;
    private static final long EARLIEST_NANOS = 5_000_000_000L;

    private final TrackerClient tracker;
    private volatile long intervalMillis;
    private final RandomGenerator jitter;
    private final SwarmManners manners;
    private final Supplier<List<Trouble>> troubles;
    private final Consumer<Heartbeat.Response> heard;
    /** The operators' message that was shown last: it comes with every beat. */
    private String told = "";
    /** Whether the last heartbeat was not answered as it should be. */
    private boolean away;

    private long nextAt;
    private long beatAt;
    private final Map<Long, Kept> live = new ConcurrentHashMap<>();
    private final Clock clock;

    /**
     * What a keeper goes by.
     *
     * @param nanos as {@link System#nanoTime}
     * @param ticks runs what looks at it; shut down with the keeper
     */
    record Clock(LongSupplier nanos, ScheduledExecutorService ticks) {
        /** This machine's, on a thread of its own. */
        static Clock real() {
            return new Clock(System::nanoTime, Executors.newSingleThreadScheduledExecutor(r -> {
                Thread thread = new Thread(r, "heartbeat");
                thread.setDaemon(true);
                return thread;
            }));
        }
    }

    LeaseKeeper(
            TrackerClient tracker,
            int seconds,
            RandomGenerator jitter,
            SwarmManners manners,
            Supplier<List<Trouble>> troubles,
            Consumer<Heartbeat.Response> heard,
            Clock clock) {
        this.clock = clock;
        this.manners = manners;
        this.tracker = tracker;
        this.intervalMillis = Duration.ofSeconds(Math.max(1, seconds)).toMillis();
        this.jitter = jitter;
        this.troubles = troubles;
        this.heard = heard;
        // The first beat is at once: it brings the sites where nobody shall go before the first picture is asked for.
        nextAt = now();
        beatAt = nextAt;
        java.util.concurrent.ScheduledFuture<?> unused =
                clock.ticks().scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private long now() {
        return clock.nanos().getAsLong();
    }

    void keep(Lease lease, Supplier<JobProgress> progress, Runnable lost) {
        live.put(lease.job(), new Kept(lease, progress, lost));
    }

    void drop(Lease lease) {
        live.remove(lease.job());
    }

    /** ±20 %, so that workers started together do not beat together. */
    private void plan() {
        long millis = (long) (intervalMillis * (0.8 + 0.4 * jitter.nextDouble()));
        nextAt = now() + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Beats when it is time, or earlier when a site asked to be left alone: others are about to go there. */
    private void tick() {
        long left = nextAt - now();
        boolean early = manners.isUrgent() && now() - beatAt > EARLIEST_NANOS;
        if (left > 0 && !early) {
            return;
        }
        try {
            beatAt = now();
            beat();
        } catch (RuntimeException e) {
            log.error("heartbeat failed by a bug", e);
        }
        plan();
    }

    private void beat() {
        List<Kept> kept = List.copyOf(live.values());
        List<Heartbeat.Beat> beats = kept.stream()
                .map(k -> {
                    JobProgress p = k.progress.get();
                    return new Heartbeat.Beat(
                            k.lease.job(), k.lease.token(), p.stage(), p.candidates(), p.finished(), p.kept());
                })
                .toList();
        Sites.Report report = manners.report();
        try {
            Heartbeat.Response response = tracker.heartbeat(new Heartbeat.Request(beats, report, troubles.get()));
            if (away) {
                log.info("Heartbeats get through again");
                away = false;
            }
            Sites.Orders orders = response.sites();
            if (orders != null) {
                manners.heed(orders);
            }
            for (Heartbeat.Answer answer : response.leases()) {
                if (answer.verdict() != Heartbeat.Verdict.CONTINUE) {
                    Kept ended = live.remove(answer.job());
                    if (ended != null) {
                        log.info("Lease is over: job={} verdict={}", answer.job(), answer.verdict());
                        ended.lost.run();
                    }
                }
            }
            String message = response.message() == null ? "" : Printable.of(response.message(), 500);
            if (!message.equals(told)) {
                told = message;
                if (!message.isEmpty()) {
                    log.info("Message from the tracker's operators: {}", message);
                }
            }
            if (response.heartbeatSeconds() > 0) {
                intervalMillis = Duration.ofSeconds(Math.min(MAX_SECONDS, response.heartbeatSeconds()))
                        .toMillis();
            }
            heard.accept(response);
        } catch (ProblemException e) {
            if (e.action() == ProblemCode.Action.RETRY) {
                manners.unheard(report);
            }
            unheard("Heartbeats are refused; they go on: cause={}", String.valueOf(e.getMessage()));
        } catch (IOException e) {
            manners.unheard(report);
            unheard("Heartbeats do not get through; they go on: cause={}", e.toString());
        }
    }

    /** One line for an outage of hours. */
    private void unheard(String line, String cause) {
        if (!away) {
            log.info(line, cause);
        }
        away = true;
    }

    @Override
    public void close() {
        clock.ticks().shutdownNow();
    }
}
