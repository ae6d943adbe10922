package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Rank;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.guest.Guest;
import dev.gleaner.worker.guest.Term;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.job.Diagnosis;
import dev.gleaner.worker.job.JobProgress;
import dev.gleaner.worker.job.LineSettings;
import dev.gleaner.worker.job.MemoryPlan;
import dev.gleaner.worker.spool.Spool;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop of a worker: register once, then acquire, work, upload, submit, until told to stop. {@link #run} on one thread;
 * {@link #stop} and {@link #progress} from any.
 */
public final class Volunteer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Volunteer.class);

    /** How soon the owner's wishes are heeded. */
    private static final long GUEST_MILLIS = 1_000;

    private static final long FIRST_WAIT_MILLIS = 2_000;
    private static final long LONGEST_WAIT_MILLIS = 60_000;

    private final Settings settings;
    private final TrackerClient tracker;
    private final Guest guest;
    private final RandomGenerator jitter;
    private final Workbench bench;
    private final SwarmManners manners;
    private final Path work;
    private final Supplier<LeaseKeeper.Clock> beats;
    private volatile boolean stopping;
    private volatile boolean draining;
    private volatile boolean paused;
    /** Why its owner does not want it to work now; empty when it may. */
    private volatile String resting = "";

    private volatile @Nullable Rank rank;
    private volatile @Nullable Thread runner;
    /** Jobs begun and not finished: by an earlier run that was killed, or before the network went. */
    private final Deque<LeaseFolder.Left> left = new ArrayDeque<>();

    /**
     * What the volunteer decided.
     *
     * @param memory that a model must fit in
     * @param jobs stop after so many finished jobs; 0 means never
     * @param exitWhenIdle stop when the tracker has nothing to do
     * @param finishOnStop on {@link #stop}, finish the job at hand instead of giving it back
     * @param term how long it works
     * @param stages of campaigns to work for, best liked first
     * @param updateAsked called when the tracker asks for a newer version; null: the worker ends then, and its owner sees to it
     * @param campaignKey public key that must have signed all work; null: the first that is seen
     */
    public record Settings(
            java.net.URI trackerAddress,
            Path home,
            Register.Request registration,
            WatOrigins origins,
            LineSettings line,
            MemoryPlan memory,
            ClipModel.Options model,
            int jobs,
            boolean exitWhenIdle,
            boolean finishOnStop,
            Term term,
            List<Stage> stages,
            @Nullable Runnable updateAsked,
            @Nullable String campaignKey) {}

    public Volunteer(
            Settings settings,
            TrackerClient tracker,
            Fetcher fetcher,
            Preprocessor pictures,
            Guest guest,
            RandomGenerator jitter) {
        this(settings, tracker, fetcher, pictures, guest, jitter, LeaseKeeper.Clock::real);
    }

    /** @param beats gives the clock that heartbeats go by */
    Volunteer(
            Settings settings,
            TrackerClient tracker,
            Fetcher fetcher,
            Preprocessor pictures,
            Guest guest,
            RandomGenerator jitter,
            Supplier<LeaseKeeper.Clock> beats) {
        this.beats = beats;
        this.settings = settings;
        this.tracker = tracker;
        this.guest = guest;
        this.jitter = jitter;
        SourceManners sources = new SourceManners(fetcher.sites(), System::nanoTime, TimeUnit.NANOSECONDS::sleep);
        this.manners = new SwarmManners(fetcher, sources);
        this.bench = new Workbench(settings, tracker, fetcher, pictures, sources);
        this.work = settings.home().resolve("work");
    }

    /**
     * Works until stopped.
     *
     * @throws ProblemException when the tracker refuses this worker
     * @throws BundleException when this machine does not compute what the bundle's golden vectors say
     */
    public Totals run() throws IOException, BundleException {
        runner = Thread.currentThread();
        left.addAll(LeaseFolder.leftIn(work));
        Identity identity =
                new Enrolment(settings.home(), settings.trackerAddress(), tracker).enter(settings.registration());
        log.info("Worker is ready: worker={} tracker={}", identity.worker(), settings.trackerAddress());
        Thread watch = new Thread(this::watchGuest, "guest");
        watch.setDaemon(true);
        watch.start();
        try (LeaseKeeper keeper = new LeaseKeeper(
                tracker, identity.heartbeatSeconds(), jitter, manners, bench::diagnosis, this::obey, beats.get())) {
            int done = 0;
            while (!stopping && !draining && (settings.jobs() == 0 || done < settings.jobs())) {
                if (settings.term().isTooShortForAJob()) {
                    log.info("Worker ends: another job would not be done within its time");
                    break;
                }
                if (rests()) {
                    Thread.sleep(GUEST_MILLIS);
                    continue;
                }
                if (!left.isEmpty()) {
                    done += goOn(left.remove(), identity.worker(), keeper) ? 1 : 0;
                    continue;
                }
                Acquire.Response answer = paused ? pausedAnswer() : acquire();
                if (answer.leases().isEmpty()) {
                    if (settings.exitWhenIdle()) {
                        break;
                    }
                    log.info("No job now: {}", Printable.of(answer.idle(), 200));
                    idle(Math.max(1, Math.min(300, answer.retryAfterSeconds())));
                    continue;
                }
                for (Lease lease : answer.leases()) {
                    done += work(lease, LeaseFolder.of(work, lease), identity.worker(), keeper) ? 1 : 0;
                }
            }
        } catch (InterruptedException | InterruptedIOException e) {
            if (!stopping) {
                throw new IOException("interrupted", e);
            }
        }
        log.info("Worker stops: {}", bench.totals());
        return bench.totals();
    }

    /** @return whether the job is off this machine's hands */
    private boolean work(Lease lease, LeaseFolder folder, String worker, LeaseKeeper keeper)
            throws IOException, BundleException, InterruptedException {
        long began = System.nanoTime();
        boolean over = bench.work(lease, worker, folder, keeper);
        settings.term().took(System.nanoTime() - began);
        if (!over) {
            left.add(new LeaseFolder.Left(lease, 0, folder));
        }
        int troubles = bench.troubles();
        if (troubles > 0 && !stopping && !draining) {
            long seconds = 1L << Math.min(9, troubles);
            log.info("Resting after trouble on this machine: failures={} seconds={}", troubles, seconds);
            Thread.sleep((long) (seconds * 1000 * (0.5 + jitter.nextDouble() / 2)));
        }
        return over;
    }

    /** Goes on with a job if the tracker says that it is still this worker's; waits for a tracker that says nothing. */
    private boolean goOn(LeaseFolder.Left job, String worker, LeaseKeeper keeper)
            throws IOException, BundleException, InterruptedException {
        Lease lease = job.lease();
        if (job.deaths() >= Spool.DEATHS) {
            bench.abandon(lease, "the worker stopped " + job.deaths() + " times in a row at this job");
            job.folder().delete();
            return true;
        }
        long millis = FIRST_WAIT_MILLIS;
        boolean said = false;
        while (!stopping) {
            try {
                if (tracker.isLive(lease)) {
                    log.info("Job is gone on with: job={} token={}", lease.job(), lease.token());
                    return work(lease, job.folder(), worker, keeper);
                }
                log.info("Unfinished job is dropped, its lease is over: job={}", lease.job());
                job.folder().delete();
                return false;
            } catch (InterruptedIOException e) {
                throw e;
            } catch (ProblemException e) {
                if (e.action() != ProblemCode.Action.RETRY) {
                    throw e;
                }
                said = saySo(said, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                said = saySo(said, e.toString());
            }
            Thread.sleep((long) (millis * (0.5 + jitter.nextDouble() / 2)));
            millis = Math.min(LONGEST_WAIT_MILLIS, millis * 2);
        }
        return false;
    }

    private static boolean saySo(boolean said, String cause) {
        if (!said) {
            log.info("The tracker cannot say now whether a lease lives; it is asked again and again: cause={}", cause);
        }
        return true;
    }

    /** Waits so long, or until the worker is to end. */
    private void idle(int seconds) throws InterruptedException {
        for (int i = 0; i < seconds && !stopping && !draining; i++) {
            Thread.sleep(1_000);
        }
    }

    /** Whether the machine's owner does not want work now; says so once. */
    private boolean rests() {
        String why = guest.objectionToAJob().orElse("");
        if (!why.equals(resting)) {
            log.info(why.isEmpty() ? "Worker goes on" : "Worker rests: {}", why);
            resting = why;
        }
        return !why.isEmpty();
    }

    /** Gives the job at hand back as soon as its owner objects: half a job is no reason to go on using the machine. */
    private void watchGuest() {
        try {
            while (!stopping) {
                Thread.sleep(GUEST_MILLIS);
                if (settings.term().isOver()) {
                    log.info("Worker ends: its time is over");
                    end("the worker's time is over");
                } else if (guest.objection().isPresent()) {
                    bench.cancel("the machine's owner wants it to rest");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Acquire.Response pausedAnswer() {
        return new Acquire.Response(List.of(), "the tracker's operators have paused this worker", 30);
    }

    /** Asks for a job. A tracker that stays away for long is no reason to give up: the volunteer expects this to run for weeks. */
    private Acquire.Response acquire() throws IOException {
        try {
            return tracker.acquire(new Acquire.Request(
                    UUID.randomUUID().toString(),
                    1,
                    settings.exitWhenIdle() ? 0 : 20,
                    settings.registration().agent(),
                    settings.stages()));
        } catch (InterruptedIOException e) {
            throw e;
        } catch (ProblemException e) {
            if (e.action() != ProblemCode.Action.RETRY) {
                throw e;
            }
            return later(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return later("the tracker does not answer: " + e.getMessage());
        }
    }

    private static Acquire.Response later(String reason) {
        return new Acquire.Response(List.of(), reason, 300);
    }

    private void obey(Heartbeat.Response said) {
        Heartbeat.Directive directive = said.directive();
        rank = said.rank();
        paused = directive == Heartbeat.Directive.PAUSE;
        Runnable update = settings.updateAsked();
        if (directive == Heartbeat.Directive.UPDATE && update != null) {
            update.run();
        } else if (directive == Heartbeat.Directive.DRAIN || directive == Heartbeat.Directive.UPDATE) {
            if (!draining) {
                log.info("The tracker asks this worker to finish: directive={}", directive);
            }
            draining = true;
        }
    }

    /** Ends {@link #run} after the job at hand. */
    public void finish() {
        draining = true;
    }

    /** What seems wrong with this machine's network, in words. */
    public List<String> diagnosis() {
        return bench.diagnosis().stream().map(Diagnosis::words).toList();
    }

    /** What it does, in a word. */
    public String state() {
        if (!resting.isEmpty()) {
            return "resting";
        }
        return stopping || draining ? "stopping" : bench.isBusy() ? "working" : "waiting";
    }

    /** This worker's place by pairs given, as the tracker last said; null when it did not. */
    public @Nullable Rank rank() {
        return rank;
    }

    /** What this machine gave in this run. */
    public Totals totals() {
        return bench.totals();
    }

    /** How far the current job is. */
    public JobProgress progress() {
        return bench.progress();
    }

    /** Ends {@link #run}: gives the job back, or finishes it first, as the settings say. */
    public void stop() {
        if (settings.finishOnStop() && bench.isBusy()) {
            draining = true;
        } else {
            end("the worker is stopping");
        }
    }

    private void end(String why) {
        stopping = true;
        boolean idle = !bench.isBusy();
        bench.stop(why);
        Thread thread = runner;
        if (idle && thread != null) {
            thread.interrupt();
        }
    }

    @Override
    public void close() {
        bench.close();
    }
}
