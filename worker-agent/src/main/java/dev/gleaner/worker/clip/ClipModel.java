package dev.gleaner.worker.clip;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import java.io.IOException;

/**
 * The two encoders of a bundle, loaded. Sessions made from it are for one thread each and share the weights.
 *
 * <p>{@link DjlSetup#before} must have run first.
 */
public final class ClipModel implements AutoCloseable {
    private final Bundle bundle;
    private final ZooModel<NDList, NDList> image;
    private final ZooModel<NDList, NDList> text;
    private final ClipTokenizer tokenizer;
    private final SafetyHead safety;

    private ClipModel(
            Bundle bundle,
            ZooModel<NDList, NDList> image,
            ZooModel<NDList, NDList> text,
            ClipTokenizer tokenizer,
            SafetyHead safety) {
        this.bundle = bundle;
        this.image = image;
        this.text = text;
        this.tokenizer = tokenizer;
        this.safety = safety;
    }

    /**
     * Loads the encoders and proves them on the bundle's golden vectors.
     *
     * @param threads intra-op threads of each session; with several sessions, one each does best on a CPU
     * @throws BundleException when the bundle cannot be loaded, or computes something else here than where it was made
     */
    public static ClipModel load(Bundle bundle, int threads) throws BundleException {
        ClipModel model = null;
        try {
            BundleManifest manifest = bundle.manifest();
            ZooModel<NDList, NDList> image = load(bundle, manifest.image().file(), threads);
            ZooModel<NDList, NDList> text = load(bundle, manifest.text().file(), threads);
            ClipTokenizer tokenizer = new ClipTokenizer(
                    bundle.file(manifest.text().tokenizer()), manifest.text().context());
            SafetyHead safety = manifest.safety() == null
                    ? SafetyHead.NONE
                    : SafetyHead.of(bundle.read(manifest.safety().file(), BundleManifest.SafetyCategories.class));
            model = new ClipModel(bundle, image, text, tokenizer, safety);
            GoldenTest.run(model);
            return model;
        } catch (IOException | ModelNotFoundException | MalformedModelException | RuntimeException e) {
            if (model != null) {
                model.close();
            }
            throw new BundleException("bundle " + bundle.name() + " cannot be loaded: " + e.getMessage(), e);
        } catch (BundleException e) {
            if (model != null) {
                model.close();
            }
            throw e;
        }
    }

    private static ZooModel<NDList, NDList> load(Bundle bundle, String file, int threads)
            throws IOException, ModelNotFoundException, MalformedModelException {
        return Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optEngine("OnnxRuntime")
                .optModelPath(bundle.file(file))
                .optTranslator(new NoopTranslator(null))
                .optOption("intraOpNumThreads", Integer.toString(threads))
                .optOption("interOpNumThreads", "1")
                .build()
                .loadModel();
    }

    public Bundle bundle() {
        return bundle;
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
        return new ClipSession(
                bundle.manifest(), tokenizer, image.newPredictor(), text.newPredictor(), image.getNDManager());
    }

    @Override
    public void close() {
        tokenizer.close();
        image.close();
        text.close();
    }
}
