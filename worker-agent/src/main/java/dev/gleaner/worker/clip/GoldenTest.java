package dev.gleaner.worker.clip;

import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * The self-test before the first lease: pictures and texts whose token ids and embeddings are known must come out the same
 * on this machine, through the same decode, resize, tokenize and encode as real pairs.
 */
final class GoldenTest {
    /** Cosines of two machines differ in the fourth digit; those of a wrong model in the first. */
    private static final double SIMILARITY_TOLERANCE = 0.005;
    /** How near embeddings with fewer bits must come to the exact ones. */
    private static final double NEAR = 0.99;
    /** Share of pairs, all golden pictures with all golden texts, that both precisions must keep or drop alike. */
    private static final double AGREEMENT = 0.99;

    private final BundleManifest manifest;
    private final List<BundleManifest.GoldenPair> pairs;
    private final List<byte[]> pictures;
    private final List<long[]> texts;

    private GoldenTest(
            BundleManifest manifest, List<BundleManifest.GoldenPair> pairs, List<byte[]> pictures, List<long[]> texts) {
        this.manifest = manifest;
        this.pairs = pairs;
        this.pictures = pictures;
        this.texts = texts;
    }

    /** @throws BundleException when tokenizer or preprocessing give something else here */
    static GoldenTest of(Bundle bundle, ClipTokenizer tokenizer, Preprocessor preprocessor) throws BundleException {
        BundleManifest manifest = bundle.manifest();
        List<BundleManifest.GoldenPair> pairs = bundle.read(manifest.golden().file(), BundleManifest.GoldenPairs.class)
                .pairs();
        if (pairs.isEmpty()) {
            throw new BundleException("bundle " + bundle.name() + " has no golden pairs to test with");
        }
        List<byte[]> pictures = new ArrayList<>();
        List<long[]> texts = new ArrayList<>();
        for (BundleManifest.GoldenPair pair : pairs) {
            long[] ids = tokenizer.ids(pair.text());
            if (!Arrays.equals(
                    ids, pair.ids().stream().mapToLong(Integer::longValue).toArray())) {
                throw failed(manifest, "the tokenizer gives other ids");
            }
            texts.add(ids);
            byte[] file = Base64.getDecoder().decode(pair.png());
            try {
                pictures.add(preprocessor.prepare(file, ImageHeader.read(file)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw failed(manifest, "it was interrupted");
            } catch (ImageRefusedException e) {
                throw failed(manifest, String.valueOf(e.getMessage()));
            }
        }
        return new GoldenTest(manifest, pairs, pictures, texts);
    }

    /** The golden pictures' embeddings, as the bundle has them. */
    List<float[]> images() {
        return pairs.stream().map(pair -> floats(pair.image())).toList();
    }

    private record Outcome(List<float[]> images, List<float[]> texts) {}

    private Outcome embed(Encoders encoders) throws BundleException {
        List<float[]> images = new ArrayList<>();
        List<float[]> said = new ArrayList<>();
        try (ClipSession session = encoders.newSession()) {
            for (int i = 0; i < pairs.size(); i++) {
                images.add(session.images(List.of(pictures.get(i)))[0]);
                said.add(session.tokens(List.of(texts.get(i)))[0]);
            }
        } catch (RuntimeException e) {
            throw failed(manifest, String.valueOf(e.getMessage()));
        }
        return new Outcome(images, said);
    }

    /** Every embedding must reach the manifest's own {@code min_cosine}. */
    void requireExact(Encoders encoders) throws BundleException {
        Outcome here = embed(encoders);
        requireCosine(here, manifest.golden().minCosine());
        for (int i = 0; i < pairs.size(); i++) {
            float similarity =
                    ClipSession.similarity(here.images().get(i), here.texts().get(i));
            if (!(Math.abs(similarity - pairs.get(i).similarity()) <= SIMILARITY_TOLERANCE)) {
                throw failed(manifest, "the similarity of a pair differs");
            }
        }
    }

    /** For encoders in reduced precision: near in direction, and of the same mind about what to keep. */
    void requireNear(Encoders encoders) throws BundleException {
        Outcome here = embed(encoders);
        requireCosine(here, NEAR);
        int alike = 0;
        for (int i = 0; i < pairs.size(); i++) {
            for (int j = 0; j < pairs.size(); j++) {
                boolean exact = ClipSession.similarity(
                                floats(pairs.get(i).image()),
                                floats(pairs.get(j).textEmbedding()))
                        >= manifest.threshold();
                boolean near = ClipSession.similarity(
                                here.images().get(i), here.texts().get(j))
                        >= manifest.threshold();
                alike += exact == near ? 1 : 0;
            }
        }
        double agreement = alike / (double) (pairs.size() * pairs.size());
        if (agreement < AGREEMENT) {
            throw failed(
                    manifest, String.format(Locale.ROOT, "only %.1f %% of pairs are judged alike", 100 * agreement));
        }
    }

    private void requireCosine(Outcome here, double least) throws BundleException {
        for (int i = 0; i < pairs.size(); i++) {
            float image = ClipSession.similarity(
                    here.images().get(i), floats(pairs.get(i).image()));
            float text = ClipSession.similarity(
                    here.texts().get(i), floats(pairs.get(i).textEmbedding()));
            if (!(image >= least) || !(text >= least)) {
                throw failed(
                        manifest, "embeddings differ: cosine " + image + " for the picture, " + text + " for the text");
            }
        }
    }

    /** Seconds for a batch of pictures and texts as real ones come, the best of a few. */
    double seconds(Encoders encoders, int pairsInACall) {
        List<byte[]> batch = new ArrayList<>();
        List<long[]> said = new ArrayList<>();
        for (int i = 0; i < pairsInACall; i++) {
            batch.add(pictures.get(i % pictures.size()));
            said.add(texts.get(i % texts.size()));
        }
        double best = Double.MAX_VALUE;
        try (ClipSession session = encoders.newSession()) {
            for (int i = 0; i < 4; i++) {
                long started = System.nanoTime();
                session.images(batch);
                session.tokens(said);
                best = Math.min(best, (System.nanoTime() - started) / 1e9);
            }
        }
        return best;
    }

    private static BundleException failed(BundleManifest manifest, String why) {
        return new BundleException("self-test of bundle " + manifest.name() + " failed on this machine: " + why);
    }

    static float[] floats(List<Double> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return floats;
    }
}
