package dev.gleaner.worker.clip;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jsoup.parser.Parser;

/**
 * A text as CLIP's tokenizer sees it: HTML entities unescaped twice, start and end token around it, cut to the context with
 * the end token last. Safe for any thread.
 */
public final class ClipTokenizer implements AutoCloseable {
    /** CLIP's own context length. */
    public static final int CLIP_CONTEXT = 77;

    private final HuggingFaceTokenizer tokenizer;
    private final int context;

    /**
     * @param file a {@code tokenizer.json} whose post-processor adds the start and end tokens
     * @param context most tokens of a text
     */
    public ClipTokenizer(Path file, int context) throws IOException {
        this.tokenizer = HuggingFaceTokenizer.newInstance(
                file,
                Map.of(
                        "addSpecialTokens",
                        "true",
                        "padding",
                        "false",
                        "truncation",
                        "false",
                        "modelMaxLength",
                        "1000000"));
        this.context = context;
    }

    /**
     * The token ids as {@link #ids} gives them.
     *
     * @throws UnknownTextException for a text that strangers wrote and the vocabulary does not know
     */
    public long[] idsOfAnything(String text) throws UnknownTextException {
        try {
            return ids(text);
        } catch (RuntimeException e) {
            throw new UnknownTextException(e);
        }
    }

    /** The token ids, 2 to {@code context} of them, without padding. */
    public long[] ids(String text) {
        String unescaped =
                text.indexOf('&') < 0 ? text : Parser.unescapeEntities(Parser.unescapeEntities(text, false), false);
        long[] ids = tokenizer.encode(unescaped.strip()).getIds();
        if (ids.length <= context) {
            return ids;
        }
        long[] cut = java.util.Arrays.copyOf(ids, context);
        cut[context - 1] = ids[ids.length - 1];
        return cut;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
