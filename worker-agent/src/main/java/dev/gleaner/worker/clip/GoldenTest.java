package dev.gleaner.worker.clip;

import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import java.util.Base64;
import java.util.List;

/**
 * The self-test before the first lease: pictures and texts whose token ids and embeddings are known must come out the same
 * on this machine, through the same decode, resize, tokenize and encode as real pairs.
 */
final class GoldenTest {
    /** Cosines of two precisions differ in the fourth digit; a wrong model differs in the first. */
    private static final double SIMILARITY_TOLERANCE = 0.005;

    private GoldenTest() {}

    static void run(ClipModel model) throws BundleException {
        BundleManifest.Golden golden = model.bundle().manifest().golden();
        List<BundleManifest.GoldenPair> pairs = model.bundle()
                .read(golden.file(), BundleManifest.GoldenPairs.class)
                .pairs();
        if (pairs.isEmpty()) {
            throw new BundleException("bundle " + model.bundle().name() + " has no golden pairs to test with");
        }
        try (ClipSession session = model.newSession()) {
            for (BundleManifest.GoldenPair pair : pairs) {
                test(model, session, pair, golden.minCosine());
            }
        }
    }

    private static void test(ClipModel model, ClipSession session, BundleManifest.GoldenPair pair, double minCosine)
            throws BundleException {
        long[] ids = model.tokenizer().ids(pair.text());
        if (!java.util.Arrays.equals(
                ids, pair.ids().stream().mapToLong(Integer::longValue).toArray())) {
            throw failed(model, "the tokenizer gives other ids");
        }
        byte[] file = Base64.getDecoder().decode(pair.png());
        byte[] pixels;
        try {
            pixels = Preprocessor.prepare(file, ImageHeader.read(file));
        } catch (ImageRefusedException e) {
            throw new BundleException("self-test of bundle " + model.bundle().name() + " failed: " + e.getMessage(), e);
        }
        float[] image = session.images(List.of(pixels))[0];
        float[] text = session.texts(List.of(pair.text()))[0];
        float imageCosine = ClipSession.similarity(image, floats(pair.image()));
        float textCosine = ClipSession.similarity(text, floats(pair.textEmbedding()));
        if (!(imageCosine >= minCosine) || !(textCosine >= minCosine)) {
            throw failed(
                    model,
                    "embeddings differ: cosine " + imageCosine + " for the picture, " + textCosine + " for the text");
        }
        if (!(Math.abs(ClipSession.similarity(image, text) - pair.similarity()) <= SIMILARITY_TOLERANCE)) {
            throw failed(model, "the similarity of a pair differs");
        }
    }

    private static BundleException failed(ClipModel model, String why) {
        return new BundleException("self-test of bundle " + model.bundle().name() + " failed on this machine: " + why);
    }

    static float[] floats(List<Double> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return floats;
    }
}
