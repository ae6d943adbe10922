package dev.gleaner.worker.clip;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import java.io.IOException;

/** The two encoders in one precision. Safe for any thread; sessions made from it are for one each. */
final class Encoders implements AutoCloseable {
    private final BundleManifest manifest;
    private final ClipTokenizer tokenizer;
    private final Precision precision;
    private final ZooModel<NDList, NDList> image;
    private final ZooModel<NDList, NDList> text;

    private Encoders(
            BundleManifest manifest,
            ClipTokenizer tokenizer,
            Precision precision,
            ZooModel<NDList, NDList> image,
            ZooModel<NDList, NDList> text) {
        this.manifest = manifest;
        this.tokenizer = tokenizer;
        this.precision = precision;
        this.image = image;
        this.text = text;
    }

    /** @throws BundleException when a file is no model that this ONNX Runtime takes */
    static Encoders load(
            Bundle bundle, ClipTokenizer tokenizer, Precision precision, String image, String text, int threads)
            throws BundleException {
        ZooModel<NDList, NDList> first = model(bundle, image, threads);
        try {
            return new Encoders(bundle.manifest(), tokenizer, precision, first, model(bundle, text, threads));
        } catch (BundleException e) {
            first.close();
            throw e;
        }
    }

    private static ZooModel<NDList, NDList> model(Bundle bundle, String file, int threads) throws BundleException {
        try {
            return Criteria.builder()
                    .setTypes(NDList.class, NDList.class)
                    .optEngine("OnnxRuntime")
                    .optModelPath(bundle.file(file))
                    .optTranslator(new NoopTranslator(null))
                    .optOption("intraOpNumThreads", Integer.toString(threads))
                    .optOption("interOpNumThreads", "1")
                    .build()
                    .loadModel();
        } catch (IOException | ModelNotFoundException | MalformedModelException | RuntimeException e) {
            throw new BundleException(file + " of bundle " + bundle.name() + " cannot be loaded: " + e.getMessage(), e);
        }
    }

    Precision precision() {
        return precision;
    }

    ClipSession newSession() {
        return new ClipSession(manifest, tokenizer, image.newPredictor(), text.newPredictor(), image.getNDManager());
    }

    @Override
    public void close() {
        image.close();
        text.close();
    }
}
