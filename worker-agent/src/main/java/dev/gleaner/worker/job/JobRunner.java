package dev.gleaner.worker.job;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.worker.clip.UnknownTextException;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.extract.Extractor;
import dev.gleaner.worker.fetch.FetchLimits;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.Slots;
import dev.gleaner.worker.image.ImageFormat;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.pipeline.Channel;
import dev.gleaner.worker.pipeline.Line;
import dev.gleaner.worker.shard.BatchReader;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.PreparedPicture;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.wat.InputUnavailableException;
import dev.gleaner.worker.wat.WatReader;
import dev.gleaner.worker.wat.WatSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * The line of one job: extract → fetch → decode and resize → CLIP → keep → shard, joined by bounded channels; or its first or its
 * second half.
 *
 * <p>Make one for each job; {@link #run} once, on any thread; {@link #cancel} and {@link #progress} from any other.
 */
public final class JobRunner {
    /** The precision of what nobody has scored. */
    private static final String UNSCORED = "none";

    private static final long[] NO_TOKENS = {};
    private static final long WIDTH_SECONDS = 10;

    private final Lease lease;
    private final String worker;
    private final Parts parts;
    private final Line line;
    private final Outcomes outcomes;
    private final Extractor extractor;
    private final Channel<Candidate> extracted;
    private final Channel<Candidate> candidates;
    private final Channel<FetchStage.Answer> answers;
    private final Channel<ReadyPair> ready;
    private final Slots slots;
    private volatile String stage = "extract";
    private final AtomicLong found = new AtomicLong();
    private final LongAdder pictures = new LongAdder();
    private final LongAdder late = new LongAdder();
    private final LongAdder badCertificates = new LongAdder();

    /**
     * What a job needs and does not own.
     *
     * @param work what to do
     * @param pictures decodes and resizes
     * @param width how many requests are under way; learns from this job
     * @param connection tells whether the machine is connected, when nobody answers
     * @param screening tells what to leave out
     * @param clock of this machine
     * @param spool of this lease
     * @param folder for the job's files; exists
     */
    public record Parts(
            Work work,
            Fetcher fetcher,
            Preprocessor pictures,
            LineSettings settings,
            FetchWidth width,
            Connection connection,
            Screening screening,
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

    public JobRunner(Lease lease, String worker, Parts parts) {
        this.lease = lease;
        this.worker = worker;
        this.parts = parts;
        this.line = new Line("job-" + lease.job());
        LineSettings settings = parts.settings();
        this.candidates = line.channel(4 * settings.fetches());
        this.extracted = parts.screening().isNeeded() ? line.channel(ScreenStage.MOST) : candidates;
        this.answers = line.channel(settings.fetches());
        this.ready = line.channel(settings.window());
        this.slots = new Slots(parts.width().width(), settings.bodyBytes());
        this.extractor = new Extractor(lease.policy(), this::found);
        this.outcomes = new Outcomes(
                parts.spool(),
                () -> new ShardWriter(parts.folder(), lease.policy().rowsPerShard(), metadata()),
                folder -> new BatchWriter(folder, metadata()),
                parts.folder());
    }

    /**
     * Does the job.
     *
     * @throws JobFailedException when it cannot be done
     * @throws Line.CancelledException after {@link #cancel}
     */
    public JobResult run() throws JobFailedException, Line.CancelledException, InterruptedException {
        Ending ending = begin();
        ScheduledExecutorService learn = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "width");
            thread.setDaemon(true);
            return thread;
        });
        try {
            outcomes.recall();
            ScheduledFuture<?> unused =
                    learn.scheduleWithFixedDelay(this::learnWidth, WIDTH_SECONDS, WIDTH_SECONDS, TimeUnit.SECONDS);
            line.run();
            BitSet unwanted = unwanted();
            stage = "write";
            List<Shard> shards = outcomes.finish(unwanted);
            Manifest manifest = ending.manifest(shards);
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
            learn.shutdownNow();
            slots.close();
            outcomes.close();
        }
    }

    /** Which of the kept pictures shall not leave this machine. */
    private BitSet unwanted() throws JobFailedException {
        if (!parts.screening().isNeeded()) {
            return new BitSet();
        }
        stage = "screen";
        try {
            return parts.screening().pictures(outcomes.pictures());
        } catch (IOException e) {
            throw new JobFailedException(
                    FailureClass.NETWORK, "the tracker cannot be asked what to leave out: " + e.getMessage(), e);
        }
    }

    /** Makes tokens of what strangers wrote. */
    private interface Texts {
        long[] of(String text) throws UnknownTextException;
    }

    /** What the manifest says of links, once the line has run. */
    private interface Ending {
        Manifest manifest(List<Shard> shards) throws IOException;
    }

    /** Puts the stages on the line. */
    private Ending begin() {
        if (parts.work() instanceof Work.Whole whole) {
            Scorer scorer = new Scorer(lease, whole.model(), parts.settings(), outcomes);
            Ending ending = fetch(whole.source(), whole.model().precision().wire(), scorer::tokens);
            line.stage("score", scorer.threads(), () -> scorer.run(ready));
            return ending;
        } else if (parts.work() instanceof Work.Fetch fetch) {
            Ending ending = fetch(fetch.source(), UNSCORED, text -> NO_TOKENS);
            line.stage("pack", 1, this::packAll);
            return ending;
        } else if (parts.work() instanceof Work.Score score) {
            Scorer scorer = new Scorer(lease, score.model(), parts.settings(), outcomes);
            found.set(score.fetched().counts().candidates());
            outcomes.takeOver(score.fetched().counts());
            line.stage("unpack", 1, () -> unpackAll(score.batches(), scorer), ready);
            line.stage("score", scorer.threads(), () -> scorer.run(ready));
            return shards -> manifest(score, shards);
        }
        throw new IllegalStateException("no line for " + parts.work());
    }

    /** The first half: from the WAT to pictures. */
    private Ending fetch(WatSource source, String precision, Texts tokens) {
        WatReader reader = new WatReader(source);
        FetchStage fetching = new FetchStage(
                candidates,
                answers,
                new JobsWeb(),
                parts.connection(),
                (candidate, reason) -> drop(candidate, 0, reason),
                Thread::sleep);
        line.stage("extract", 1, () -> reader.read(lease.slice(), extractor::accept), extracted);
        if (extracted != candidates) {
            ScreenStage screen = new ScreenStage(
                    extracted, candidates, parts.screening(), (candidate, reason) -> drop(candidate, 0, reason));
            line.stage("screen", 1, screen::run, candidates);
        }
        line.stage("fetch", 1, fetching::run, answers);
        line.stage("decode", parts.settings().decoders(), () -> decodeAll(tokens), ready);
        return shards -> manifest(source, reader, precision, shards);
    }

    private void packAll() throws InterruptedException, IOException {
        for (ReadyPair pair = ready.take(); pair != null; pair = ready.take()) {
            outcomes.pack(pair.prepared(lease.watPath()));
        }
    }

    private void unpackAll(List<Path> batches, Scorer scorer) throws InterruptedException, IOException {
        stage = "score";
        for (Path batch : batches) {
            try {
                unpack(batch, scorer);
            } catch (IOException e) {
                // Its bytes are those that the tracker named: no other worker would make more of it.
                throw new InputUnavailableException(String.valueOf(e.getMessage()));
            }
        }
    }

    private void unpack(Path batch, Scorer scorer) throws InterruptedException, IOException {
        BatchReader.read(batch, picture -> {
            Candidate candidate = new Candidate(
                    picture.url(),
                    picture.text(),
                    picture.pageUrl(),
                    picture.license(),
                    picture.language(),
                    picture.watOffset(),
                    picture.index());
            if (!outcomes.isSettled(candidate)) {
                try {
                    long[] tokens = scorer.tokens(picture.text());
                    ready.put(new ReadyPair(candidate, facts(picture), picture.pixels(), tokens));
                } catch (UnknownTextException e) {
                    drop(candidate, picture.imageBytes(), PairDrop.UNKNOWN_TEXT);
                }
            }
        });
    }

    private static ReadyPair.Facts facts(PreparedPicture picture) throws IOException {
        try {
            return new ReadyPair.Facts(
                    new ImageHeader(ImageFormat.valueOf(picture.format()), picture.width(), picture.height()),
                    picture.imageBytes(),
                    picture.hashes(),
                    picture.httpStatus(),
                    picture.fetchedAt());
        } catch (IllegalArgumentException e) {
            throw new IOException("a batch has a picture of no known format", e);
        }
    }

    /** Makes the fetching wider or narrower, by how pictures came since the last time. */
    private void learnWidth() {
        boolean held = answers.size() > answers.capacity() / 2 || ready.size() == ready.capacity();
        int width = parts.width().next(new FetchWidth.Period(pictures.sumThenReset(), late.sumThenReset(), held));
        slots.resize(width);
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
                extracted.put(candidate);
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
            return parts.fetcher().fetch(candidate.url(), limits, slots).thenApply(fetched -> {
                if (fetched instanceof Fetched.Body body) {
                    pictures.increment();
                    badCertificates.add(body.badCertificate() ? 1 : 0);
                } else if (fetched instanceof Fetched.Dropped dropped && dropped.reason() == PairDrop.TIMEOUT) {
                    late.increment();
                }
                return fetched;
            });
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

    private void decodeAll(Texts tokens) throws InterruptedException, IOException {
        for (FetchStage.Answer answer = answers.take(); answer != null; answer = answers.take()) {
            Candidate candidate = answer.candidate();
            if (answer.fetched() instanceof Fetched.Dropped dropped) {
                slots.release();
                drop(candidate, 0, dropped.reason());
            } else if (answer.fetched() instanceof Fetched.Body body) {
                ReadyPair decoded = null;
                try {
                    decoded = decode(candidate, body, tokens);
                } catch (ImageRefusedException e) {
                    drop(candidate, body.bytes().length, e.reason());
                } catch (UnknownTextException e) {
                    drop(candidate, body.bytes().length, PairDrop.UNKNOWN_TEXT);
                } finally {
                    slots.release(body);
                }
                if (decoded != null) {
                    ready.put(decoded);
                }
            }
        }
    }

    private ReadyPair decode(Candidate candidate, Fetched.Body body, Texts tokens)
            throws ImageRefusedException, UnknownTextException, InterruptedException {
        ImageHeader header = ImageHeader.read(body.bytes());
        Policy policy = lease.policy();
        if (!policy.formats().contains(header.format().name())) {
            throw new ImageRefusedException(PairDrop.NOT_AN_IMAGE, "the campaign keeps no " + header.format());
        }
        if (header.pixels() > policy.maxPixels()) {
            throw new ImageRefusedException(PairDrop.TOO_MANY_PIXELS, header.pixels() + " pixels");
        }
        byte[] pixels = parts.pictures().prepare(body.bytes(), header);
        ReadyPair.Facts facts = new ReadyPair.Facts(
                header,
                body.bytes().length,
                new ImageHashes(
                        hex("SHA-256", body.bytes()), hex("MD5", body.bytes()), hex("SHA-1", body.bytes()), null),
                body.status(),
                body.at());
        return new ReadyPair(candidate, facts, pixels, tokens.of(candidate.text()));
    }

    /** What was found out about the links stays as it was; what became of the pictures is new. */
    private Manifest manifest(Work.Score score, List<Shard> shards) {
        Counts before = score.fetched().counts();
        Counts counts = new Counts(
                before.members(),
                before.brokenMembers(),
                before.records(),
                before.badRecords(),
                before.images(),
                before.candidates(),
                outcomes.tally().kept(),
                before.extractDrops(),
                outcomes.tally().dropped(),
                before.bytesFetched(),
                before.badCertificates());
        return new Manifest(
                lease.bundle(),
                score.model().precision().wire(),
                score.fetched().watBytes(),
                score.fetched().candidateDigest(),
                counts,
                shards.stream().map(Shard::object).toList(),
                seconds());
    }

    private double seconds() {
        Duration taken =
                Duration.between(parts.spool().startedAt(), parts.clock().instant());
        return Math.max(0, taken.toMillis() / 1000.0);
    }

    private Manifest manifest(WatSource source, WatReader reader, String precision, List<Shard> shards)
            throws IOException {
        PairTally tally = outcomes.tally();
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
                tally.bytesFetched(),
                lease.policy().toleratesBadCertificates() ? badCertificates.sum() : null);
        return new Manifest(
                lease.bundle(),
                precision,
                source.length(),
                extractor.digest().hex(),
                counts,
                shards.stream().map(Shard::object).toList(),
                seconds());
    }

    private Map<String, String> metadata() {
        return Map.of(
                ShardMetadata.CAMPAIGN, lease.campaign(),
                ShardMetadata.JOB, Long.toString(lease.job()),
                ShardMetadata.ATTEMPT, lease.token().toString(),
                ShardMetadata.WORKER, worker,
                ShardMetadata.SLICE, lease.watPath() + " " + lease.slice(),
                ShardMetadata.POLICY, lease.policy().toString(),
                ShardMetadata.SCHEMA,
                        Integer.toString(
                                parts.work() instanceof Work.Fetch
                                        ? BatchColumn.SCHEMA_VERSION
                                        : ShardColumn.SCHEMA_VERSION));
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
