package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleCache;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.guest.Guest;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.job.Diagnosis;
import dev.gleaner.worker.job.DiskSpace;
import dev.gleaner.worker.job.JobFailedException;
import dev.gleaner.worker.job.JobProgress;
import dev.gleaner.worker.job.JobResult;
import dev.gleaner.worker.job.JobRunner;
import dev.gleaner.worker.job.LineSettings;
import dev.gleaner.worker.pipeline.Line;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.wat.InputUnavailableException;
import dev.gleaner.worker.wat.WatSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
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

    private final Settings settings;
    private final TrackerClient tracker;
    private final Fetcher fetcher;
    private final Preprocessor pictures;
    private final Guest guest;
    private final RandomGenerator jitter;
    private final BundleCache bundles;
    private final Totals totals = new Totals();
    private volatile boolean stopping;
    private volatile boolean draining;
    private volatile boolean paused;
    private volatile boolean leaseLost;
    private volatile List<String> diagnosis = List.of();
    /** Why its owner does not want it to work now; empty when it may. */
    private volatile String resting = "";

    private volatile @Nullable JobRunner current;
    private volatile @Nullable Thread runner;
    private @Nullable ClipModel model;
    /** Jobs in a row that failed for a reason of this machine's own. */
    private int troubles;

    /**
     * What the volunteer decided.
     *
     * @param jobs stop after so many finished jobs; 0 means never
     * @param exitWhenIdle stop when the tracker has nothing to do
     * @param finishOnStop on {@link #stop}, finish the job at hand instead of giving it back
     */
    public record Settings(
            java.net.URI trackerAddress,
            Path home,
            Register.Request registration,
            WatOrigins origins,
            LineSettings line,
            ClipModel.Options model,
            int jobs,
            boolean exitWhenIdle,
            boolean finishOnStop) {}

    /** What this machine gave in this run. Safe for any thread. */
    public static final class Totals {
        private final AtomicInteger accepted = new AtomicInteger();
        private final AtomicInteger rejected = new AtomicInteger();
        private final AtomicInteger failed = new AtomicInteger();
        private final AtomicLong kept = new AtomicLong();
        private final AtomicLong candidates = new AtomicLong();

        @Override
        public String toString() {
            return accepted + " jobs accepted, " + rejected + " rejected, " + failed + " failed; " + kept
                    + " pairs kept of " + candidates + " candidates";
        }
    }

    public Volunteer(
            Settings settings,
            TrackerClient tracker,
            Fetcher fetcher,
            Preprocessor pictures,
            Guest guest,
            RandomGenerator jitter) {
        this.settings = settings;
        this.tracker = tracker;
        this.fetcher = fetcher;
        this.pictures = pictures;
        this.guest = guest;
        this.jitter = jitter;
        this.bundles = new BundleCache(settings.home().resolve("bundles"));
    }

    /**
     * Works until stopped.
     *
     * @throws ProblemException when the tracker refuses this worker
     * @throws BundleException when this machine does not compute what the bundle's golden vectors say
     */
    public Totals run() throws IOException, BundleException {
        runner = Thread.currentThread();
        // What a killed run left half done cannot be taken up again: its lease is somebody else's by now or will be.
        delete(settings.home().resolve("work"));
        Identity identity =
                new Enrolment(settings.home(), settings.trackerAddress(), tracker).enter(settings.registration());
        log.info("Worker is ready: worker={} tracker={}", identity.worker(), settings.trackerAddress());
        Thread watch = new Thread(this::watchGuest, "guest");
        watch.setDaemon(true);
        watch.start();
        try (LeaseKeeper keeper = new LeaseKeeper(tracker, identity.heartbeatSeconds(), jitter, this::obey)) {
            int done = 0;
            while (!stopping && !draining && (settings.jobs() == 0 || done < settings.jobs())) {
                if (rests()) {
                    Thread.sleep(GUEST_MILLIS);
                    continue;
                }
                Acquire.Response answer = paused ? pausedAnswer() : acquire();
                if (answer.leases().isEmpty()) {
                    if (settings.exitWhenIdle()) {
                        break;
                    }
                    log.info("No job now: {}", Printable.of(answer.idle(), 200));
                    Thread.sleep(1000L * Math.max(1, Math.min(300, answer.retryAfterSeconds())));
                    continue;
                }
                for (Lease lease : answer.leases()) {
                    work(lease, identity.worker(), keeper);
                    done++;
                }
                if (troubles > 0 && !stopping) {
                    long seconds = 1L << Math.min(9, troubles);
                    log.info("Resting after trouble on this machine: failures={} seconds={}", troubles, seconds);
                    Thread.sleep((long) (seconds * 1000 * (0.5 + jitter.nextDouble() / 2)));
                }
            }
        } catch (InterruptedException | InterruptedIOException e) {
            if (!stopping) {
                throw new IOException("interrupted", e);
            }
        }
        log.info("Worker stops: {}", totals);
        return totals;
    }

    /** Whether the machine's owner does not want work now; says so once. */
    private boolean rests() {
        String why = guest.objection().orElse("");
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
                JobRunner job = current;
                if (job != null && guest.objection().isPresent()) {
                    job.cancel();
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
            return tracker.acquire(
                    new Acquire.Request(UUID.randomUUID().toString(), 1, settings.exitWhenIdle() ? 0 : 20));
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

    private void obey(Heartbeat.Directive directive) {
        paused = directive == Heartbeat.Directive.PAUSE;
        if (directive == Heartbeat.Directive.DRAIN || directive == Heartbeat.Directive.UPDATE) {
            if (!draining) {
                log.info("The tracker asks this worker to finish: directive={}", directive);
            }
            draining = true;
        }
    }

    private void work(Lease lease, String worker, LeaseKeeper keeper)
            throws IOException, BundleException, InterruptedException {
        log.info(
                "Job begins: campaign={} job={} token={} wat={} slice={}",
                Printable.of(lease.campaign(), 64),
                lease.job(),
                lease.token(),
                Printable.of(lease.watPath(), 200),
                lease.slice());
        leaseLost = false;
        keeper.keep(lease, this::progress, this::loseLease);
        Path folder = Files.createDirectories(settings.home().resolve("work"))
                .resolve("job-" + lease.job() + "-" + lease.token());
        try {
            Files.createDirectories(folder);
            ClipModel loaded = model(lease);
            try (WatSource source = settings.origins().open(lease.wat())) {
                JobRunner job = new JobRunner(
                        lease, worker, new JobRunner.Parts(source, fetcher, pictures, loaded, settings.line(), folder));
                current = job;
                if (stopping && !settings.finishOnStop()) {
                    job.cancel();
                }
                hand(lease, job.run());
            }
        } catch (Line.CancelledException e) {
            giveBack(lease);
        } catch (JobFailedException e) {
            fail(lease, e.failure(), e);
        } catch (InputUnavailableException e) {
            fail(lease, FailureClass.INPUT, e);
        } catch (BundleException e) {
            fail(lease, FailureClass.RESOURCE, e);
            throw e;
        } catch (ProblemException e) {
            if (e.action() != ProblemCode.Action.DROP_LEASE) {
                throw e;
            }
            log.info("Lease was lost: job={} cause={}", lease.job(), e.getMessage());
        } catch (InterruptedIOException | InterruptedException e) {
            giveBack(lease);
            throw e;
        } catch (WatOrigins.RefusedException | java.nio.file.FileSystemException e) {
            fail(lease, FailureClass.RESOURCE, e);
        } catch (IOException e) {
            fail(lease, DiskSpace.isFull(settings.home()) ? FailureClass.RESOURCE : FailureClass.NETWORK, e);
        } finally {
            current = null;
            keeper.drop(lease);
            delete(folder);
        }
    }

    private ClipModel model(Lease lease) throws IOException, BundleException {
        ClipModel loaded = model;
        if (loaded != null && loaded.bundle().id().equals(lease.bundle())) {
            return loaded;
        }
        if (loaded != null) {
            loaded.close();
            model = null;
        }
        Bundle bundle = bundles.get(lease.bundle(), file -> tracker.bundleFile(lease.bundle(), file));
        loaded = ClipModel.load(bundle, settings.model(), pictures);
        log.info(
                "Model passed its self-test: bundle={} id={} precision={}",
                Printable.of(bundle.name(), 100),
                bundle.id(),
                loaded.precision().wire());
        model = loaded;
        return loaded;
    }

    private void hand(Lease lease, JobResult result) throws IOException {
        for (ShardWriter.Shard shard : result.shards()) {
            tracker.upload(lease, shard.object(), shard.file());
        }
        diagnose(result.manifest().counts());
        Submit.Response verdict = tracker.submit(lease, result.manifest());
        troubles = 0;
        totals.candidates.addAndGet(result.manifest().counts().candidates());
        if (verdict.outcome() == Submit.Outcome.REJECTED) {
            totals.rejected.incrementAndGet();
            log.warn("Result was rejected: job={} reason={}", lease.job(), Printable.of(verdict.reason(), 300));
        } else {
            totals.accepted.incrementAndGet();
            totals.kept.addAndGet(result.manifest().counts().kept());
            log.info(
                    "Job is done: job={} verdict={} candidates={} kept={} seconds={}",
                    lease.job(),
                    verdict.outcome(),
                    result.manifest().counts().candidates(),
                    result.manifest().counts().kept(),
                    Math.round(result.manifest().seconds() * 10) / 10.0);
        }
    }

    /** Says once what seems wrong with this machine's network, and once that it is well again. */
    private void diagnose(Counts counts) {
        List<String> found = Diagnosis.of(fetcher.names(), counts.candidates(), counts.pairDrops());
        if (!found.equals(diagnosis)) {
            found.forEach(words -> log.warn("Network: {}", words));
            if (found.isEmpty()) {
                log.info("Network: all is well again");
            }
            diagnosis = found;
        }
    }

    /** What seems wrong with this machine's network, in words. */
    public List<String> diagnosis() {
        return diagnosis;
    }

    private void giveBack(Lease lease) {
        if (leaseLost) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            tracker.release(lease, stopping ? "the worker is stopping" : "the machine's owner wants it to rest");
            log.info("Lease was given back: job={}", lease.job());
        } catch (IOException e) {
            log.info("Lease could not be given back and will run out: job={} cause={}", lease.job(), e.toString());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void fail(Lease lease, FailureClass failure, Exception cause) {
        totals.failed.incrementAndGet();
        troubles = failure == FailureClass.INPUT ? 0 : troubles + 1;
        String message = Printable.of(cause.getMessage() == null ? cause.toString() : cause.getMessage(), 400);
        if (failure == FailureClass.BUG) {
            log.error("Job failed by a bug: job={}", lease.job(), cause);
        } else {
            log.warn("Job failed: job={} class={} cause={}", lease.job(), failure, message);
        }
        try {
            tracker.fail(lease, new Fail.Request(failure, message));
        } catch (IOException e) {
            log.info(
                    "The failure could not be reported; the lease will run out: job={} cause={}",
                    lease.job(),
                    e.toString());
        }
    }

    private void loseLease() {
        leaseLost = true;
        JobRunner job = current;
        if (job != null) {
            job.cancel();
        }
    }

    /** What it does, in a word. */
    public String state() {
        if (!resting.isEmpty()) {
            return "resting";
        }
        return stopping || draining ? "stopping" : current == null ? "waiting" : "working";
    }

    /** What this machine gave in this run. */
    public Totals totals() {
        return totals;
    }

    /** How far the current job is. */
    public JobProgress progress() {
        JobRunner job = current;
        return job == null ? new JobProgress("idle", 0, 0, 0) : job.progress();
    }

    /** Ends {@link #run}: gives the job back, or finishes it first, as the settings say. */
    public void stop() {
        stopping = true;
        JobRunner job = current;
        Thread thread = runner;
        if (job == null || !settings.finishOnStop()) {
            if (job != null) {
                job.cancel();
            } else if (thread != null) {
                thread.interrupt();
            }
        }
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(file);
            }
        } catch (IOException e) {
            log.warn("Work files could not be deleted: folder={} cause={}", folder, e.toString());
        }
    }

    @Override
    public void close() {
        ClipModel loaded = model;
        if (loaded != null) {
            loaded.close();
        }
    }
}
