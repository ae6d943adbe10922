package dev.gleaner.worker.clip;

import dev.gleaner.worker.image.Preprocessor;
import java.io.IOException;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two encoders of a bundle, loaded and proved. Sessions made from it are for one thread each and share the weights.
 *
 * <p>{@link DjlSetup#before} must have run first.
 */
public final class ClipModel implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ClipModel.class);
    /** 8-bit answers differ from other machines' in the third digit: not for a gain that is hardly one. */
    private static final double WORTH_IT = 1.3;

    private final Bundle bundle;
    private final Encoders encoders;
    private final ClipTokenizer tokenizer;
    private final SafetyHead safety;

    private ClipModel(Bundle bundle, Encoders encoders, ClipTokenizer tokenizer, SafetyHead safety) {
        this.bundle = bundle;
        this.encoders = encoders;
        this.tokenizer = tokenizer;
        this.safety = safety;
    }

    /**
     * What the volunteer decided.
     *
     * @param threads intra-op threads of each session; with several sessions, one each does best on a CPU
     */
    public record Options(int threads, Precision precision) {
        /** One thread a session, exact arithmetic. */
        public static final Options PLAIN = new Options(1, Precision.FP32);
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
            SafetyHead safety = manifest.safety() == null
                    ? SafetyHead.NONE
                    : SafetyHead.of(bundle.read(manifest.safety().file(), BundleManifest.SafetyCategories.class));
            GoldenTest golden = GoldenTest.of(bundle, tokenizer, pictures);
            return new ClipModel(bundle, encoders(bundle, options, tokenizer, golden), tokenizer, safety);
        } catch (BundleException | RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    private static Encoders encoders(Bundle bundle, Options options, ClipTokenizer tokenizer, GoldenTest golden)
            throws BundleException {
        BundleManifest manifest = bundle.manifest();
        BundleManifest.Reduced reduced = manifest.int8();
        if (options.precision() == Precision.INT8) {
            if (reduced == null) {
                throw new BundleException("bundle " + bundle.name() + " has no 8-bit encoders");
            }
            Encoders small = int8(bundle, reduced, tokenizer, options);
            return orClose(small, () -> golden.requireNear(small));
        }
        Encoders exact = Encoders.load(
                bundle,
                tokenizer,
                Precision.FP32,
                manifest.image().file(),
                manifest.text().file(),
                options.threads());
        orClose(exact, () -> golden.requireExact(exact));
        if (options.precision() == Precision.FP32 || reduced == null) {
            return exact;
        }
        Encoders small;
        try {
            Encoders loaded = int8(bundle, reduced, tokenizer, options);
            small = orClose(loaded, () -> golden.requireNear(loaded));
        } catch (BundleException e) {
            log.info("The 8-bit encoders are not used: {}", e.getMessage());
            return exact;
        }
        double gain = golden.seconds(exact) / golden.seconds(small);
        boolean worth = gain >= WORTH_IT;
        log.info(
                "The {} encoders are used: 8-bit is {} times as fast here",
                worth ? "8-bit" : "exact",
                String.format(Locale.ROOT, "%.1f", gain));
        (worth ? exact : small).close();
        return worth ? small : exact;
    }

    private static Encoders int8(Bundle bundle, BundleManifest.Reduced files, ClipTokenizer tokenizer, Options options)
            throws BundleException {
        return Encoders.load(bundle, tokenizer, Precision.INT8, files.image(), files.text(), options.threads());
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
        return encoders.precision();
    }

    /** Marks pictures by the bundle's safety categories. */
    public SafetyHead safety() {
        return safety;
    }

    public ClipTokenizer tokenizer() {
        return tokenizer;
    }

    /** A session for one thread. */
    public ClipSession newSession() {
        return encoders.newSession();
    }

    @Override
    public void close() {
        tokenizer.close();
        encoders.close();
    }
}
