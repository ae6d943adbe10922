package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Inputs;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleCache;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.Precision;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.job.Diagnosis;
import dev.gleaner.worker.job.DiskSpace;
import dev.gleaner.worker.job.FetchWidth;
import dev.gleaner.worker.job.JobFailedException;
import dev.gleaner.worker.job.JobProgress;
import dev.gleaner.worker.job.JobResult;
import dev.gleaner.worker.job.JobRunner;
import dev.gleaner.worker.job.MemoryPlan;
import dev.gleaner.worker.job.Work;
import dev.gleaner.worker.pipeline.Line;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
import dev.gleaner.worker.wat.InputUnavailableException;
import dev.gleaner.worker.wat.WatSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where leases are worked off, one at a time: from the WAT to the tracker's verdict. {@link #work} on one thread, everything
 * else from any.
 */
final class Workbench implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Workbench.class);

    private final Volunteer.Settings settings;
    private final TrackerClient tracker;
    private final Fetcher fetcher;
    private final Preprocessor pictures;
    private final BundleCache bundles;
    private final CharterGate gate;
    private final SourceManners sources;
    private final Totals totals = new Totals();
    private final FetchWidth width;
    private volatile @Nullable JobRunner current;
    private volatile boolean leaseLost;
    private volatile boolean cancelled;
    private volatile List<Trouble> diagnosis = List.of();
    private volatile String whyCancelled = "";
    private @Nullable ClipModel model;
    /** Jobs in a row that failed for a reason of this machine's own. */
    private int troubles;

    Workbench(
            Volunteer.Settings settings,
            TrackerClient tracker,
            Fetcher fetcher,
            Preprocessor pictures,
            SourceManners sources) {
        this.sources = sources;
        this.settings = settings;
        this.width = settings.line().newWidth();
        this.tracker = tracker;
        this.fetcher = fetcher;
        this.pictures = pictures;
        this.gate = new CharterGate(
                settings.home(),
                settings.trackerAddress(),
                settings.campaignKey(),
                tracker::bundleFile,
                InstantSource.system());
        this.bundles = new BundleCache(settings.home().resolve("bundles"), InstantSource.system());
    }

    /**
     * Does a job, or as much of it as can be done now.
     *
     * @param folder of this lease; what an earlier run left there is gone on with
     * @return whether the job is off this machine's hands; otherwise the network is gone and it can be gone on with later
     */
    boolean work(Lease lease, String worker, LeaseFolder folder, LeaseKeeper keeper)
            throws IOException, BundleException, InterruptedException {
        log.info(
                "Job begins: campaign={} stage={} job={} token={} wat={} slice={}",
                Printable.of(lease.campaign(), 64),
                lease.does(),
                lease.job(),
                lease.token(),
                Printable.of(lease.watPath(), 200),
                lease.slice());
        leaseLost = false;
        boolean over = true;
        if (!isSigned(lease)) {
            return true;
        }
        keeper.keep(lease, this::progress, this::loseLease);
        try {
            folder.create();
            ClipModel loaded = lease.does() == Stage.FETCH ? null : model(lease);
            Terms terms = new Terms(
                    settings.registration().agent(),
                    loaded == null ? "none" : loaded.precision().wire());
            try (WatSource source = lease.does() == Stage.SCORE
                            ? null
                            : settings.origins().open(lease.wat(), sources::turn);
                    Spool spool = Spool.open(
                            folder.spool(), lease, terms, InstantSource.system().instant(), System::nanoTime)) {
                JobRunner job = new JobRunner(
                        lease,
                        worker,
                        new JobRunner.Parts(
                                work(lease, source, loaded, folder),
                                fetcher,
                                pictures,
                                settings.line(),
                                width,
                                tracker::answers,
                                new TrackerScreening(lease, tracker::screen),
                                InstantSource.system(),
                                spool,
                                folder.path()));
                current = job;
                // Who cancelled or lost the lease before this moment had no job to cancel.
                if (cancelled || leaseLost) {
                    job.cancel();
                }
                hand(lease, job.run());
            }
        } catch (Line.CancelledException e) {
            over = giveBack(lease);
        } catch (JobFailedException e) {
            ProblemException problem = problem(e);
            if (problem != null && problem.action() == ProblemCode.Action.DROP_LEASE) {
                log.info("Lease was lost: job={} cause={}", lease.job(), problem.getMessage());
            } else {
                over = isOver(lease, e.failure(), e);
            }
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
            over = giveBack(lease);
            throw e;
        } catch (WatOrigins.RefusedException | java.nio.file.FileSystemException e) {
            fail(lease, FailureClass.RESOURCE, e);
        } catch (IOException e) {
            over = isOver(lease, DiskSpace.isFull(settings.home()) ? FailureClass.RESOURCE : FailureClass.NETWORK, e);
        } finally {
            current = null;
            keeper.drop(lease);
            if (over) {
                folder.delete();
            }
        }
        return over;
    }

    /**
     * Whether the lease is what the campaign's key has signed; one that is not, or cannot be looked at now, is given back.
     *
     * @throws BundleException when it is not: this tracker is not to be worked for
     */
    private boolean isSigned(Lease lease) throws BundleException, InterruptedIOException {
        whyCancelled = "it is not what the campaign's key has signed, as far as this worker can see";
        try {
            gate.require(lease);
            return true;
        } catch (BundleException e) {
            giveBack(lease);
            throw e;
        } catch (InterruptedIOException e) {
            giveBack(lease);
            throw e;
        } catch (IOException e) {
            troubles++;
            log.warn(
                    "What was signed of the campaign cannot be fetched now: job={} cause={}",
                    lease.job(),
                    Printable.of(e.toString(), 300));
            giveBack(lease);
            return false;
        }
    }

    private Work work(Lease lease, @Nullable WatSource source, @Nullable ClipModel loaded, LeaseFolder folder)
            throws IOException {
        if (source != null) {
            return loaded == null ? new Work.Fetch(source) : new Work.Whole(source, loaded);
        }
        Inputs.Response inputs = tracker.inputs(lease);
        List<Path> batches = new ArrayList<>();
        for (int i = 0; i < inputs.objects().size(); i++) {
            // The tracker's name for it must not become a path here.
            Path file = folder.path().resolve("input-" + i + ".parquet");
            // A batch has hundreds of megabytes: the links that came with the first may have run out by now.
            Inputs.Response fresh = i == 0 ? inputs : tracker.inputs(lease);
            tracker.download(fresh.objects().get(i), file);
            batches.add(file);
        }
        return new Work.Score(batches, inputs.manifest(), Objects.requireNonNull(loaded, "scoring needs a model"));
    }

    /** What the tracker answered, when that was why. */
    private static @Nullable ProblemException problem(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProblemException problem) {
                return problem;
            }
        }
        return null;
    }

    /** Reports a failure, unless only the network is gone. */
    private boolean isOver(Lease lease, FailureClass failure, Exception cause) throws InterruptedException {
        if (failure == FailureClass.NETWORK && !tracker.answers()) {
            log.warn(
                    "The network is down; the job is kept: job={} cause={}",
                    lease.job(),
                    Printable.of(String.valueOf(cause.getMessage()), 300));
            return false;
        }
        fail(lease, failure, cause);
        return true;
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
        ClipModel.Options options = settings.model().with(affordable(bundle));
        loaded = ClipModel.load(bundle, options, pictures);
        log.info(
                "Model passed its self-test: bundle={} id={} precision={} provider={}",
                Printable.of(bundle.name(), 100),
                bundle.id(),
                loaded.precision().wire(),
                loaded.provider().wire());
        model = loaded;
        return loaded;
    }

    /** The precision that was wished for, or what of it fits into the memory. */
    private Precision affordable(Bundle bundle) throws BundleException, IOException {
        Precision wish = settings.model().precision();
        MemoryPlan memory = settings.memory();
        long exact = bundle.weights(Precision.FP32);
        long small = bundle.weights(Precision.INT8);
        if (wish == Precision.AUTO
                && small > 0
                && memory.objection(exact + small).isPresent()) {
            // The two cannot be compared side by side; the smaller one is the better guest.
            wish = Precision.INT8;
        }
        Optional<String> objection = memory.objection(bundle.weights(wish));
        if (objection.isPresent()) {
            throw new BundleException(objection.get());
        }
        return wish;
    }

    private void hand(Lease lease, JobResult result) throws IOException {
        for (Shard shard : result.shards()) {
            tracker.upload(lease, shard.object(), shard.file());
        }
        Counts counts = result.manifest().counts();
        if (lease.does() != Stage.SCORE) {
            diagnose(counts);
        }
        Submit.Response verdict = tracker.submit(lease, result.manifest());
        troubles = 0;
        if (verdict.outcome() == Submit.Outcome.REJECTED) {
            totals.addRejected(counts);
            log.warn("Result was rejected: job={} reason={}", lease.job(), Printable.of(verdict.reason(), 300));
        } else {
            totals.addAccepted(counts, lease.does() == Stage.FETCH ? 0 : counts.kept());
            log.info(
                    "Job is done: job={} verdict={} candidates={} kept={} seconds={}",
                    lease.job(),
                    verdict.outcome(),
                    counts.candidates(),
                    counts.kept(),
                    Math.round(result.manifest().seconds() * 10) / 10.0);
        }
    }

    /** Says once what seems wrong with this machine's network, and once that it is well again. */
    private void diagnose(Counts counts) {
        List<Trouble> found = Diagnosis.of(fetcher.names(), counts.candidates(), counts.pairDrops());
        if (!found.equals(diagnosis)) {
            found.forEach(trouble -> log.warn("Network: {}", Diagnosis.words(trouble)));
            if (found.isEmpty()) {
                log.info("Network: all is well again");
            }
            diagnosis = found;
        }
    }

    /** What seems wrong with this machine's network. */
    List<Trouble> diagnosis() {
        return diagnosis;
    }

    /** @return whether it is off this machine's hands; a tracker that cannot be reached does not know of it */
    private boolean giveBack(Lease lease) {
        if (leaseLost) {
            return true;
        }
        boolean interrupted = Thread.interrupted();
        try {
            tracker.release(lease, whyCancelled);
            log.info("Lease was given back: job={}", lease.job());
            return true;
        } catch (ProblemException e) {
            log.info("Lease could not be given back: job={} cause={}", lease.job(), e.getMessage());
            return true;
        } catch (IOException e) {
            log.info("Lease could not be given back, the job is kept: job={} cause={}", lease.job(), e.toString());
            return false;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void fail(Lease lease, FailureClass failure, Exception cause) {
        totals.addFailed();
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

    /** Hands in an unfinished job that this machine cannot do. */
    void abandon(Lease lease, String why) {
        fail(lease, FailureClass.RESOURCE, new IOException(why));
    }

    /** Stops the job at hand, which is given back; later jobs are not touched. */
    void cancel(String why) {
        whyCancelled = why;
        JobRunner job = current;
        if (job != null) {
            job.cancel();
        }
    }

    /** As {@link #cancel}, and no later job begins, either. */
    void stop(String why) {
        cancelled = true;
        cancel(why);
    }

    /** How often in a row a job failed for a reason of this machine's own. */
    int troubles() {
        return troubles;
    }

    boolean isBusy() {
        return current != null;
    }

    /** How far the job at hand is. */
    JobProgress progress() {
        JobRunner job = current;
        return job == null ? new JobProgress("idle", 0, 0, 0) : job.progress();
    }

    Totals totals() {
        return totals;
    }

    @Override
    public void close() {
        ClipModel loaded = model;
        if (loaded != null) {
            loaded.close();
        }
    }
}
