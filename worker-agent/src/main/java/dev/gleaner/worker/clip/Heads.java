package dev.gleaner.worker.clip;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import dev.gleaner.protocol.shard.PictureMarks;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a bundle says of a picture beside its embedding: safety mark, how pleasing it is, whether it has a watermark. All are made of
 * the embedding alone, on the CPU, whatever the encoders run on: they cost next to nothing.
 *
 * <p>Safe for any thread; a {@link Session} is for one.
 */
public final class Heads implements AutoCloseable {
    /** ONNX Runtime's sums differ in the sixth digit from machine to machine; a head of other weights in the first. */
    private static final double TOLERANCE = 0.01;

    private static final Encoders.Place CPU = new Encoders.Place(Provider.CPU, 0, 1);

    private final SafetyHead safety;
    private final @Nullable Head aesthetic;
    private final @Nullable Head watermark;

    private Heads(SafetyHead safety, @Nullable Head aesthetic, @Nullable Head watermark) {
        this.safety = safety;
        this.aesthetic = aesthetic;
        this.watermark = watermark;
    }

    private record Head(BundleManifest.Head description, ZooModel<NDList, NDList> model) {}

    /**
     * Loads what the bundle has, and proves it on the embeddings of the golden pictures.
     *
     * @throws BundleException when a head cannot be loaded, or computes something else than where it was made
     */
    static Heads load(Bundle bundle, List<float[]> goldenImages) throws BundleException {
        BundleManifest manifest = bundle.manifest();
        SafetyHead safety = manifest.safety() == null
                ? SafetyHead.NONE
                : SafetyHead.of(bundle.read(manifest.safety().file(), BundleManifest.SafetyCategories.class));
        Head aesthetic = head(bundle, manifest.aesthetic());
        Heads heads;
        try {
            heads = new Heads(safety, aesthetic, head(bundle, manifest.watermark()));
        } catch (BundleException e) {
            close(aesthetic);
            throw e;
        }
        try {
            heads.prove(bundle, goldenImages);
            return heads;
        } catch (BundleException | RuntimeException e) {
            heads.close();
            throw e;
        }
    }

    private static @Nullable Head head(Bundle bundle, BundleManifest.@Nullable Head described) throws BundleException {
        return described == null ? null : new Head(described, Encoders.model(bundle, described.file(), CPU));
    }

    private void prove(Bundle bundle, List<float[]> goldenImages) throws BundleException {
        try (Session session = newSession()) {
            List<PictureMarks> marks = session.marks(goldenImages);
            for (int i = 0; i < marks.size(); i++) {
                prove(bundle, "aesthetic", aesthetic, i, marks.get(i).aesthetic());
                prove(bundle, "watermark", watermark, i, marks.get(i).watermark());
            }
        } catch (IllegalStateException e) {
            throw new BundleException("the heads of bundle " + bundle.name() + " do not work: " + e.getMessage(), e);
        }
    }

    private static void prove(Bundle bundle, String name, @Nullable Head head, int place, @Nullable Float found)
            throws BundleException {
        if (head == null || found == null) {
            return;
        }
        List<Double> golden = head.description.golden();
        if (golden.size() <= place || !(Math.abs(golden.get(place) - found) <= TOLERANCE)) {
            throw new BundleException("the " + name + " head of bundle " + bundle.name() + " gives " + found
                    + " for golden picture " + place + ", which is not what the manifest says");
        }
    }

    Session newSession() {
        return new Session();
    }

    @Override
    public void close() {
        close(aesthetic);
        close(watermark);
    }

    private static void close(@Nullable Head head) {
        if (head != null) {
            head.model.close();
        }
    }

    /** One thread; to be closed before the heads are. */
    public final class Session implements AutoCloseable {
        private final @Nullable Predictor<NDList, NDList> pleasing = predictor(aesthetic);
        private final @Nullable Predictor<NDList, NDList> marked = predictor(watermark);

        private Session() {}

        /**
         * Marks of pictures by their embeddings, in order.
         *
         * @throws IllegalStateException when a head fails or gives what no such head can
         */
        public List<PictureMarks> marks(List<float[]> images) {
            float[] beauty = values(aesthetic, pleasing, images);
            float[] watermarks = values(watermark, marked, images);
            List<PictureMarks> marks = new ArrayList<>();
            for (int i = 0; i < images.size(); i++) {
                if (watermarks.length > 0 && !(watermarks[i] >= 0 && watermarks[i] <= 1)) {
                    throw new IllegalStateException("a watermark's probability is " + watermarks[i]);
                }
                marks.add(new PictureMarks(
                        safety.mark(images.get(i)).orElse(null),
                        beauty.length == 0 ? null : (Float) beauty[i],
                        watermarks.length == 0 ? null : (Float) watermarks[i]));
            }
            return marks;
        }

        /** Empty when there is no such head. */
        private static float[] values(
                @Nullable Head head, @Nullable Predictor<NDList, NDList> predictor, List<float[]> images) {
            if (head == null || predictor == null || images.isEmpty()) {
                return new float[0];
            }
            int length = images.get(0).length;
            FloatBuffer input = FloatBuffer.allocate(images.size() * length);
            images.forEach(input::put);
            try (NDManager batch = head.model.getNDManager().newSubManager()) {
                NDArray array = batch.create(input.flip(), new Shape(images.size(), length));
                array.setName(head.description.input());
                try (NDList output = predictor.predict(new NDList(array))) {
                    float[] values = output.get(0).toFloatArray();
                    if (values.length != images.size()) {
                        throw new IllegalStateException(
                                "a head gives " + values.length + " values for " + images.size() + " pictures");
                    }
                    for (float value : values) {
                        if (!Float.isFinite(value)) {
                            throw new IllegalStateException("a head gives " + value);
                        }
                    }
                    return values;
                }
            } catch (TranslateException e) {
                throw new IllegalStateException("a head failed: " + e.getMessage(), e);
            }
        }

        private static @Nullable Predictor<NDList, NDList> predictor(@Nullable Head head) {
            return head == null ? null : head.model.newPredictor();
        }

        @Override
        public void close() {
            if (pleasing != null) {
                pleasing.close();
            }
            if (marked != null) {
                marked.close();
            }
        }
    }
}
