package dev.gleaner.worker.job;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.ClipSession;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.extract.Extractor;
import dev.gleaner.worker.fetch.FetchLimits;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.Slots;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.pipeline.Channel;
import dev.gleaner.worker.pipeline.Line;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.wat.InputUnavailableException;
import dev.gleaner.worker.wat.WatReader;
import dev.gleaner.worker.wat.WatSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The line of one job: extract → fetch → decode and resize → CLIP → keep → shard, joined by bounded channels.
 *
 * <p>Make one for each job; {@link #run} once, on any thread; {@link #cancel} and {@link #progress} from any other.
 */
public final class JobRunner {
    private static final long BATCH_LINGER_MILLIS = 200;

    private final Lease lease;
    private final String worker;
    private final Parts parts;
    private final Line line;
    private final Outcomes outcomes;
    private final Extractor extractor;
    private final Channel<Candidate> candidates;
    private final Channel<FetchStage.Answer> answers;
    private final Channel<Ready> ready;
    private final Slots slots;
    private volatile String stage = "extract";
    private final AtomicLong found = new AtomicLong();

    /**
     * What a job needs and does not own.
     *
     * @param source the lease's WAT
     * @param pictures decodes and resizes
     * @param connection tells whether the machine is connected, when nobody answers
     * @param clock of this machine
     * @param spool of this lease
     * @param folder for the job's files; exists
     */
    public record Parts(
            WatSource source,
            Fetcher fetcher,
            Preprocessor pictures,
            ClipModel model,
            LineSettings settings,
            Connection connection,
            InstantSource clock,
            Spool spool,
            Path folder) {}

    /**
     * A queue between two stages.
     *
     * @param stage that takes from it
     * @param highest items that it ever held
     */
    public record Queue(String stage, int highest, int capacity) {}

    /** What is known of a picture once its file is not needed any more. */
    private record Facts(ImageHeader header, int bytes, String sha256, String md5, int status, Instant at) {}

    private record Ready(Candidate candidate, Facts facts, byte[] pixels, long[] tokens) {}

    public JobRunner(Lease lease, String worker, Parts parts) {
        this.lease = lease;
        this.worker = worker;
        this.parts = parts;
        this.line = new Line("job-" + lease.job());
        LineSettings settings = parts.settings();
        this.candidates = line.channel(4 * settings.fetches());
        this.answers = line.channel(settings.fetches());
        this.ready = line.channel(settings.window());
        this.slots = new Slots(settings.fetches(), settings.bodyBytes());
        this.extractor = new Extractor(lease.policy(), this::found);
        this.outcomes = new Outcomes(
                parts.spool(), new ShardWriter(parts.folder(), lease.policy().rowsPerShard(), metadata()));
    }

    /**
     * Does the job.
     *
     * @throws JobFailedException when it cannot be done
     * @throws Line.CancelledException after {@link #cancel}
     */
    public JobResult run() throws JobFailedException, Line.CancelledException, InterruptedException {
        WatReader reader = new WatReader(parts.source());
        LineSettings settings = parts.settings();
        FetchStage fetching = new FetchStage(
                candidates,
                answers,
                new JobsWeb(),
                parts.connection(),
                (candidate, reason) -> drop(candidate, 0, reason),
                Thread::sleep);
        line.stage("extract", 1, () -> reader.read(lease.slice(), extractor::accept), candidates);
        line.stage("fetch", 1, fetching::run, answers);
        line.stage("decode", settings.decoders(), this::decodeAll, ready);
        line.stage("score", parts.model().sessions(settings.scorers()), this::scoreAll);
        try {
            outcomes.recall();
            line.run();
            stage = "write";
            List<ShardWriter.Shard> shards = outcomes.finish();
            Manifest manifest = manifest(reader, shards);
            String fault = manifest.fault();
            if (!fault.isEmpty()) {
                throw new JobFailedException(
                        FailureClass.BUG, "the counts do not add up: " + fault, new IllegalStateException(fault));
            }
            stage = "upload";
            return new JobResult(manifest, shards);
        } catch (Line.StageFailedException e) {
            throw new JobFailedException(
                    classify(e.getCause() == null ? e : e.getCause()),
                    e.getMessage() == null ? "failed" : e.getMessage(),
                    e);
        } catch (IOException e) {
            throw new JobFailedException(
                    FailureClass.RESOURCE, "the job's files cannot be written: " + e.getMessage(), e);
        } finally {
            slots.close();
        }
    }

    /** Stops the job; {@link #run} then throws. */
    public void cancel() {
        line.cancel();
    }

    public JobProgress progress() {
        return new JobProgress(
                stage,
                found.get(),
                outcomes.tally().finished(),
                outcomes.tally().kept());
    }

    /** How full the queues were. */
    public List<Queue> queues() {
        return List.of(
                new Queue("fetch", candidates.highest(), candidates.capacity()),
                new Queue("decode", answers.highest(), answers.capacity()),
                new Queue("score", ready.highest(), ready.capacity()));
    }

    private void found(Candidate candidate) {
        try {
            found.incrementAndGet();
            if (!outcomes.isSettled(candidate)) {
                candidates.put(candidate);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new java.io.InterruptedIOException("stopped while extracting"));
        }
    }

    /** The fetcher, with the limits and slots of this job. */
    private final class JobsWeb implements FetchStage.Web {
        private final FetchLimits limits = FetchLimits.of(lease.policy());

        @Override
        public CompletionStage<Fetched> fetch(Candidate candidate) {
            stage = "fetch";
            // The slot goes with the answer and comes back when a decoder is done with it: the channel cannot overflow.
            return parts.fetcher().fetch(candidate.url(), limits, slots);
        }

        @Override
        public void release() {
            slots.release();
        }

        @Override
        public void forgetFailures() {
            parts.fetcher().forgetFailures();
        }
    }

    private void drop(Candidate candidate, int bytes, PairDrop reason) throws IOException {
        outcomes.settle(new Outcome.Dropped(candidate.offset(), candidate.index(), bytes, reason));
    }

    private void decodeAll() throws InterruptedException, IOException {
        for (FetchStage.Answer answer = answers.take(); answer != null; answer = answers.take()) {
            Candidate candidate = answer.candidate();
            if (answer.fetched() instanceof Fetched.Dropped dropped) {
                slots.release();
                drop(candidate, 0, dropped.reason());
            } else if (answer.fetched() instanceof Fetched.Body body) {
                Ready decoded = null;
                try {
                    decoded = decode(candidate, body);
                } catch (ImageRefusedException e) {
                    drop(candidate, body.bytes().length, e.reason());
                } finally {
                    slots.release(body);
                }
                if (decoded != null) {
                    ready.put(decoded);
                }
            }
        }
    }

    private Ready decode(Candidate candidate, Fetched.Body body) throws ImageRefusedException, InterruptedException {
        ImageHeader header = ImageHeader.read(body.bytes());
        Policy policy = lease.policy();
        if (!policy.formats().contains(header.format().name())) {
            throw new ImageRefusedException(PairDrop.NOT_AN_IMAGE, "the campaign keeps no " + header.format());
        }
        if (header.pixels() > policy.maxPixels()) {
            throw new ImageRefusedException(PairDrop.TOO_MANY_PIXELS, header.pixels() + " pixels");
        }
        byte[] pixels = parts.pictures().prepare(body.bytes(), header);
        Facts facts = new Facts(
                header,
                body.bytes().length,
                hex("SHA-256", body.bytes()),
                hex("MD5", body.bytes()),
                body.status(),
                body.at());
        return new Ready(candidate, facts, pixels, parts.model().tokenizer().ids(candidate.text()));
    }

    private void scoreAll() throws InterruptedException, IOException {
        int most = Math.min(
                parts.settings().window(), parts.model().batch(parts.settings().batch()));
        try (ClipSession session = parts.model().newSession()) {
            while (true) {
                List<Ready> batch = ready.takeAlike(most, BATCH_LINGER_MILLIS, r -> r.tokens().length);
                if (batch.isEmpty()) {
                    return;
                }
                float[][] images =
                        session.images(batch.stream().map(Ready::pixels).toList());
                float[][] texts =
                        session.tokens(batch.stream().map(Ready::tokens).toList());
                for (int i = 0; i < batch.size(); i++) {
                    float similarity = ClipSession.similarity(images[i], texts[i]);
                    Ready scored = batch.get(i);
                    if (similarity < lease.policy().threshold()) {
                        drop(scored.candidate(), scored.facts().bytes(), PairDrop.BELOW_THRESHOLD);
                    } else {
                        outcomes.settle(new Outcome.Kept(row(scored, images[i], similarity)));
                    }
                }
            }
        }
    }

    private KeptPair row(Ready r, float[] embedding, float similarity) {
        Candidate c = r.candidate();
        Facts facts = r.facts();
        return new KeptPair(
                sampleId(lease.watPath(), c.offset(), c.index()),
                c.url(),
                c.text(),
                facts.header().width(),
                facts.header().height(),
                c.license(),
                parts.model().safety().mark(embedding).orElse(null),
                similarity,
                c.page(),
                lease.watPath(),
                c.offset(),
                c.index(),
                facts.sha256(),
                facts.md5(),
                facts.bytes(),
                facts.header().format().name(),
                c.language(),
                facts.at(),
                facts.status(),
                lease.bundle(),
                embedding);
    }

    /** The first 63 bits of SHA-256 over path, offset and index: the same pair has the same id in every attempt. */
    static long sampleId(String watPath, long offset, int index) {
        byte[] place = (watPath + "\n" + offset + "\n" + index).getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.wrap(digest("SHA-256").digest(place)).getLong() >>> 1;
    }

    private Manifest manifest(WatReader reader, List<ShardWriter.Shard> shards) throws IOException {
        PairTally tally = outcomes.tally();
        Duration taken =
                Duration.between(parts.spool().startedAt(), parts.clock().instant());
        Counts counts = new Counts(
                reader.members(),
                reader.brokenMembers(),
                reader.records(),
                reader.badRecords(),
                extractor.counts().images(),
                extractor.counts().candidates(),
                tally.kept(),
                extractor.counts().dropped(),
                tally.dropped(),
                tally.bytesFetched());
        return new Manifest(
                lease.bundle(),
                parts.model().precision().wire(),
                parts.source().length(),
                extractor.digest().hex(),
                counts,
                shards.stream().map(ShardWriter.Shard::object).toList(),
                Math.max(0, taken.toMillis() / 1000.0));
    }

    private Map<String, String> metadata() {
        return Map.of(
                ShardMetadata.CAMPAIGN, lease.campaign(),
                ShardMetadata.JOB, Long.toString(lease.job()),
                ShardMetadata.ATTEMPT, lease.token().toString(),
                ShardMetadata.WORKER, worker,
                ShardMetadata.SLICE, lease.watPath() + " " + lease.slice(),
                ShardMetadata.POLICY, lease.policy().toString(),
                ShardMetadata.SCHEMA, Integer.toString(ShardColumn.SCHEMA_VERSION));
    }

    private FailureClass classify(Throwable cause) {
        if (cause instanceof InputUnavailableException) {
            return FailureClass.INPUT;
        } else if (cause instanceof java.nio.file.FileSystemException
                || cause instanceof OutOfMemoryError
                || DiskSpace.isFull(parts.folder())) {
            return FailureClass.RESOURCE;
        } else if (cause instanceof IOException || cause instanceof UncheckedIOException) {
            return FailureClass.NETWORK;
        }
        return FailureClass.BUG;
    }

    private static String hex(String algorithm, byte[] bytes) {
        return HexFormat.of().formatHex(digest(algorithm).digest(bytes));
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }
}
