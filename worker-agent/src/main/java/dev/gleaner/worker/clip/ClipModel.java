package dev.gleaner.worker.clip;

import dev.gleaner.protocol.Printable;
import dev.gleaner.worker.image.Preprocessor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two encoders of a bundle, loaded and proved. Sessions made from it are for one thread each and share the weights.
 *
 * <p>{@link DjlSetup#before} must have run first.
 */
public final class ClipModel implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ClipModel.class);
    /** With fewer bits answers differ from other machines' in the third digit: not for a gain that is hardly one. */
    private static final double WORTH_IT = 1.3;

    private static final int TIMED_BATCH = 8;
    private static final int LARGEST_BATCH = 128;
    private static final double GAIN = 0.95;

    private final Bundle bundle;
    private final List<Encoders> encoders;
    /** Of each session on a device of its own; 0 on a CPU. */
    private final int batch;

    private final AtomicInteger sessions = new AtomicInteger();
    private final ClipTokenizer tokenizer;
    private final Heads heads;

    private ClipModel(Bundle bundle, List<Encoders> encoders, int batch, ClipTokenizer tokenizer, Heads heads) {
        this.bundle = bundle;
        this.encoders = encoders;
        this.batch = batch;
        this.tokenizer = tokenizer;
        this.heads = heads;
    }

    /**
     * What the volunteer decided.
     *
     * @param threads intra-op threads of each session on a CPU; with several sessions, one each does best
     * @param providers to try, best first; empty: those that this build carries
     * @param probe proves that a device can be used without taking this process down
     */
    public record Options(int threads, Precision precision, List<Provider> providers, Probe probe) {
        /** One thread a session on the CPU, exact arithmetic. */
        public static final Options PLAIN = onCpu(1, Precision.FP32);

        public Options {
            providers = List.copyOf(providers);
        }

        /** The same in another precision. */
        public Options with(Precision other) {
            return new Options(threads, other, providers, probe);
        }

        public static Options onCpu(int threads, Precision precision) {
            return new Options(threads, precision, List.of(Provider.CPU), Probe.NONE);
        }
    }

    /**
     * Loads the encoders and proves them on the bundle's golden vectors.
     *
     * @param pictures decodes the golden pictures as it will the real ones
     * @throws BundleException when the bundle cannot be loaded, or computes something else here than where it was made
     */
    public static ClipModel load(Bundle bundle, Options options, Preprocessor pictures) throws BundleException {
        BundleManifest manifest = bundle.manifest();
        ClipTokenizer tokenizer;
        try {
            tokenizer = new ClipTokenizer(
                    bundle.file(manifest.text().tokenizer()), manifest.text().context());
        } catch (IOException | RuntimeException e) {
            throw new BundleException("the tokenizer of bundle " + bundle.name() + " cannot be loaded: " + e, e);
        }
        try {
            GoldenTest golden = GoldenTest.of(bundle, tokenizer, pictures);
            List<Encoders> encoders = encoders(bundle, options, tokenizer, golden);
            try {
                Heads heads = Heads.load(bundle, golden.images());
                boolean own = encoders.get(0).place().provider() != Provider.CPU;
                return new ClipModel(bundle, encoders, own ? bestBatch(encoders.get(0), golden) : 0, tokenizer, heads);
            } catch (BundleException | RuntimeException e) {
                encoders.forEach(Encoders::close);
                throw e;
            }
        } catch (BundleException | RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    /** The encoders on every device of the first provider that passes, one set for each. */
    private static List<Encoders> encoders(Bundle bundle, Options options, ClipTokenizer tokenizer, GoldenTest golden)
            throws BundleException {
        List<Provider> wanted = options.providers().isEmpty() ? Provider.byDefault() : options.providers();
        List<Provider> carried = Provider.carried();
        BundleException last = new BundleException(
                "ONNX Runtime does not load on this machine, and bundle " + bundle.name() + " needs it");
        for (Provider provider : wanted) {
            if (!carried.contains(provider)) {
                last = new BundleException(
                        "this build carries no " + provider.wire() + "; one made with -Pgpu has CUDA and TensorRT");
                log.info("Provider {} is not used: {}", provider.wire(), last.getMessage());
                continue;
            }
            List<Encoders> found = new ArrayList<>();
            for (int device = 0; device < provider.mostDevices(); device++) {
                Encoders.Place place = new Encoders.Place(provider, device, options.threads());
                try {
                    if (provider != Provider.CPU) {
                        options.probe().require(bundle, place);
                    }
                    found.add(encodersAt(bundle, options.precision(), tokenizer, golden, place));
                } catch (BundleException e) {
                    last = e;
                    if (device == 0) {
                        log.info(
                                "Provider {} is not used: {}",
                                provider.wire(),
                                Printable.of(String.valueOf(e.getMessage()), 300));
                    }
                    break;
                }
            }
            if (!found.isEmpty()) {
                log.info("Provider {} is used: devices={}", provider.wire(), found.size());
                return found;
            }
        }
        throw last;
    }

    private static Encoders encodersAt(
            Bundle bundle, Precision wish, ClipTokenizer tokenizer, GoldenTest golden, Encoders.Place place)
            throws BundleException {
        if (wish == Precision.INT8 || wish == Precision.FP16) {
            return near(bundle, wish, tokenizer, golden, place);
        }
        Encoders best = Encoders.load(bundle, tokenizer, Precision.FP32, place);
        Encoders exact = best;
        orClose(exact, () -> golden.requireExact(exact));
        if (wish == Precision.FP32) {
            return exact;
        }
        double time = golden.seconds(exact, TIMED_BATCH);
        for (Precision precision : Precision.worthTrying(place.provider())) {
            if (bundle.manifest().reduced(precision) == null) {
                continue;
            }
            try {
                Encoders other = near(bundle, precision, tokenizer, golden, place);
                double otherTime = golden.seconds(other, TIMED_BATCH);
                boolean better = time / otherTime >= WORTH_IT;
                log.info(
                        "Encoders were compared: {} takes {} ms for {} pairs, {} {} ms; {} is used",
                        best.precision().wire(),
                        Math.round(time * 1000),
                        TIMED_BATCH,
                        precision.wire(),
                        Math.round(otherTime * 1000),
                        (better ? other : best).precision().wire());
                (better ? best : other).close();
                best = better ? other : best;
                time = better ? otherTime : time;
            } catch (BundleException e) {
                log.info("The {} encoders are not used: {}", precision.wire(), e.getMessage());
            }
        }
        return best;
    }

    /** Encoders with fewer bits that come near enough to the exact ones. */
    private static Encoders near(
            Bundle bundle, Precision precision, ClipTokenizer tokenizer, GoldenTest golden, Encoders.Place place)
            throws BundleException {
        Encoders loaded = Encoders.load(bundle, tokenizer, precision, place);
        return orClose(loaded, () -> golden.requireNear(loaded));
    }

    /** On a device of its own: twice as many pairs in a call as long as that makes each cheaper by a twentieth. */
    private static int bestBatch(Encoders encoders, GoldenTest golden) {
        int best = TIMED_BATCH;
        double each = golden.seconds(encoders, best) / best;
        for (int batch = 2 * best; batch <= LARGEST_BATCH; batch *= 2) {
            double now;
            try {
                now = golden.seconds(encoders, batch) / batch;
            } catch (RuntimeException e) {
                log.info(
                        "Batches of {} are too much for this device: {}",
                        batch,
                        Printable.of(String.valueOf(e.getMessage()), 200));
                break;
            }
            if (now > each * GAIN) {
                break;
            }
            best = batch;
            each = now;
        }
        log.info("Batches of {} are used: {} pairs a second and device", best, Math.round(1 / each));
        return best;
    }

    private interface Proof {
        void run() throws BundleException;
    }

    private static Encoders orClose(Encoders encoders, Proof proof) throws BundleException {
        try {
            proof.run();
            return encoders;
        } catch (BundleException | RuntimeException e) {
            encoders.close();
            throw e;
        }
    }

    public Bundle bundle() {
        return bundle;
    }

    /** In which the encoders compute. */
    public Precision precision() {
        return encoders.get(0).precision();
    }

    /** What they compute with. */
    public Provider provider() {
        return encoders.get(0).place().provider();
    }

    /** Sessions that do best together, given that so many would on a CPU. */
    public int sessions(int onCpu) {
        return batch == 0 ? onCpu : encoders.size();
    }

    /** Pairs in a call that do best, given that so many would on a CPU. */
    public int batch(int onCpu) {
        return batch == 0 ? onCpu : batch;
    }

    public ClipTokenizer tokenizer() {
        return tokenizer;
    }

    /** A session for one thread, on the next device in turn. */
    public ClipSession newSession() {
        return encoders.get(Math.floorMod(sessions.getAndIncrement(), encoders.size()))
                .newSession();
    }

    /** Marks pictures by their embeddings; for one thread. */
    public Heads.Session newHeads() {
        return heads.newSession();
    }

    @Override
    public void close() {
        tokenizer.close();
        heads.close();
        encoders.forEach(Encoders::close);
    }
}
