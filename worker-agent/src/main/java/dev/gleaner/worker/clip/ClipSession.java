package dev.gleaner.worker.clip;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.TranslateException;
import dev.gleaner.worker.image.Preprocessor;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;

/** Embeds batches of pictures and texts. One thread; close it before its model. */
public final class ClipSession implements AutoCloseable {
    private static final int PIXELS = Preprocessor.SIZE * Preprocessor.SIZE;
    private final BundleManifest manifest;
    private final ClipTokenizer tokenizer;
    private final Predictor<NDList, NDList> image;
    private final Predictor<NDList, NDList> text;
    private final NDManager memory;
    private final float[][] levels;

    ClipSession(
            BundleManifest manifest,
            ClipTokenizer tokenizer,
            Predictor<NDList, NDList> image,
            Predictor<NDList, NDList> text,
            NDManager memory) {
        this.manifest = manifest;
        this.tokenizer = tokenizer;
        this.image = image;
        this.text = text;
        this.memory = memory;
        this.levels = levels(manifest.image());
    }

    /** For each channel, the model's input for each of the 256 levels. */
    private static float[][] levels(BundleManifest.Image image) {
        float[][] table = new float[3][256];
        for (int channel = 0; channel < 3; channel++) {
            double mean = image.mean().get(channel);
            double std = image.std().get(channel);
            for (int level = 0; level < 256; level++) {
                table[channel][level] = (float) ((level / 255.0 - mean) / std);
            }
        }
        return table;
    }

    /**
     * Embeds pictures as {@link Preprocessor#prepare} makes them.
     *
     * @return an embedding of unit length for each, in order
     * @throws IllegalStateException when the model fails
     */
    public float[][] images(List<byte[]> pictures) {
        float[] input = new float[pictures.size() * 3 * PIXELS];
        int at = 0;
        for (byte[] rgb : pictures) {
            for (int channel = 0; channel < 3; channel++) {
                float[] level = levels[channel];
                for (int p = channel; p < 3 * PIXELS; p += 3) {
                    input[at++] = level[rgb[p] & 255];
                }
            }
        }
        Shape shape = new Shape(pictures.size(), 3, Preprocessor.SIZE, Preprocessor.SIZE);
        try (NDManager batch = memory.newSubManager()) {
            NDArray array = batch.create(FloatBuffer.wrap(input), shape);
            array.setName(manifest.image().input());
            return embeddings(image, array, pictures.size());
        }
    }

    /** Embeds texts. */
    public float[][] texts(List<String> texts) {
        return tokens(texts.stream().map(tokenizer::ids).toList());
    }

    /**
     * Embeds texts given as {@link ClipTokenizer#ids}, padded to the longest of the batch: attention is causal, so padding
     * changes nothing. Texts of like length cost least.
     */
    public float[][] tokens(List<long[]> texts) {
        int longest = 0;
        for (long[] row : texts) {
            longest = Math.max(longest, row.length);
        }
        LongBuffer input = LongBuffer.allocate(texts.size() * longest);
        for (long[] row : texts) {
            input.put(row);
            for (int i = row.length; i < longest; i++) {
                input.put(manifest.text().pad());
            }
        }
        try (NDManager batch = memory.newSubManager()) {
            NDArray array = batch.create(input.flip(), new Shape(texts.size(), longest));
            array.setName(manifest.text().input());
            return embeddings(text, array, texts.size());
        }
    }

    private float[][] embeddings(Predictor<NDList, NDList> encoder, NDArray input, int count) {
        try (NDList output = encoder.predict(new NDList(input))) {
            float[] flat = output.get(0).toFloatArray();
            int length = manifest.embedding();
            if (flat.length != count * length) {
                throw new IllegalStateException("the model gives " + flat.length / Math.max(1, count)
                        + " values for an embedding, the manifest says " + length);
            }
            float[][] rows = new float[count][];
            for (int i = 0; i < count; i++) {
                rows[i] = unit(java.util.Arrays.copyOfRange(flat, i * length, (i + 1) * length));
            }
            return rows;
        } catch (TranslateException e) {
            throw new IllegalStateException("the model failed: " + e.getMessage(), e);
        }
    }

    private static float[] unit(float[] vector) {
        double squares = 0;
        for (float v : vector) {
            squares += (double) v * v;
        }
        double length = Math.sqrt(squares);
        if (!(length > 0) || Double.isInfinite(length)) {
            throw new IllegalStateException("the model gives an embedding of length " + length);
        }
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (vector[i] / length);
        }
        return vector;
    }

    /** Cosine similarity of two embeddings of unit length. */
    public static float similarity(float[] a, float[] b) {
        double dot = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
        }
        return (float) Math.max(-1, Math.min(1, dot));
    }

    @Override
    public void close() {
        image.close();
        text.close();
    }
}
