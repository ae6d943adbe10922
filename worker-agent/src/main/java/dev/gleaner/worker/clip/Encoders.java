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
    /**
     * Where they run.
     *
     * @param device number of the provider's device, from 0
     * @param threads of a session, on a CPU
     */
    record Place(Provider provider, int device, int threads) {}

    private final BundleManifest manifest;
    private final ClipTokenizer tokenizer;
    private final Precision precision;
    private final Place place;
    private final ZooModel<NDList, NDList> image;
    private final ZooModel<NDList, NDList> text;

    private Encoders(
            BundleManifest manifest,
            ClipTokenizer tokenizer,
            Precision precision,
            Place place,
            ZooModel<NDList, NDList> image,
            ZooModel<NDList, NDList> text) {
        this.manifest = manifest;
        this.tokenizer = tokenizer;
        this.precision = precision;
        this.place = place;
        this.image = image;
        this.text = text;
    }

    /** @throws BundleException when a file is no model that this ONNX Runtime takes */
    static Encoders load(Bundle bundle, ClipTokenizer tokenizer, Precision precision, Place place)
            throws BundleException {
        BundleManifest manifest = bundle.manifest();
        String image = manifest.image().file();
        String text = manifest.text().file();
        if (precision != Precision.FP32) {
            BundleManifest.Reduced reduced = manifest.reduced(precision);
            if (reduced == null) {
                throw new BundleException("bundle " + bundle.name() + " has no " + precision.wire() + " encoders");
            }
            image = reduced.image();
            text = reduced.text();
        }
        ZooModel<NDList, NDList> first = model(bundle, image, place);
        try {
            return new Encoders(manifest, tokenizer, precision, place, first, model(bundle, text, place));
        } catch (BundleException e) {
            first.close();
            throw e;
        }
    }

    /** One file of a bundle. */
    static ZooModel<NDList, NDList> model(Bundle bundle, String file, Place place) throws BundleException {
        try {
            Criteria.Builder<NDList, NDList> criteria = Criteria.builder()
                    .setTypes(NDList.class, NDList.class)
                    .optEngine("OnnxRuntime")
                    .optModelPath(bundle.file(file))
                    .optTranslator(new NoopTranslator(null))
                    .optDevice(place.provider().device(place.device()))
                    .optOption("intraOpNumThreads", Integer.toString(place.threads()))
                    .optOption("interOpNumThreads", "1");
            String option = place.provider().option();
            if (option != null) {
                criteria.optOption("ortDevice", option);
            }
            return criteria.build().loadModel();
        } catch (IOException | ModelNotFoundException | MalformedModelException | RuntimeException | LinkageError e) {
            throw new BundleException(file + " of bundle " + bundle.name() + " cannot be loaded: " + why(e), e);
        }
    }

    /** What ONNX Runtime itself said: DJL wraps it in words that say less. */
    private static String why(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage() == null ? root : root.getMessage());
    }

    Place place() {
        return place;
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
