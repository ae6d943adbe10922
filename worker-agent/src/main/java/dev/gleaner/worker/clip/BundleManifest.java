package dev.gleaner.worker.clip;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code bundle.json}; the format is described in {@code docs/model-bundle.md}. */
record BundleManifest(
        int format,
        String name,
        @Nullable String license,
        int embedding,
        double threshold,
        Image image,
        Text text,
        Golden golden,
        @Nullable Safety safety,
        @Nullable Head aesthetic,
        @Nullable Head watermark,
        @Nullable Reduced int8,
        @Nullable Reduced fp16,
        Map<String, File> files) {

    static final int FORMAT = 1;

    /** The encoders in a precision with fewer bits than fp32; null when the bundle has none. */
    @Nullable
    Reduced reduced(Precision precision) {
        return switch (precision) {
            case INT8 -> int8;
            case FP16 -> fp16;
            case FP32, AUTO -> null;
        };
    }

    record File(long bytes, String sha256) {}

    record Image(String file, String input, String output, int size, List<Double> mean, List<Double> std) {}

    record Text(String file, String input, String output, int context, String tokenizer, int pad) {}

    record Golden(String file, @JsonProperty("min_cosine") double minCosine) {}

    record Safety(String file) {}

    /**
     * A small model on a picture's embedding.
     *
     * @param golden what it gives for the golden pictures, in their order
     */
    record Head(String file, String input, List<Double> golden) {}

    /** The same encoders in fewer bits, with the same inputs and outputs. */
    record Reduced(String image, String text) {}

    /** What {@code golden.json} holds. */
    record GoldenPairs(List<GoldenPair> pairs) {}

    /**
     * @param png the picture, base64
     * @param ids the text's token ids
     * @param image the picture's embedding, of unit length
     * @param textEmbedding likewise of the text
     */
    record GoldenPair(
            String png,
            String text,
            List<Integer> ids,
            List<Double> image,
            @JsonProperty("text_embedding") List<Double> textEmbedding,
            double similarity) {}

    /** What {@code safety.json} holds. */
    record SafetyCategories(List<SafetyCategory> categories) {}

    record SafetyCategory(String prompt, boolean safe, List<Double> embedding) {}
}
