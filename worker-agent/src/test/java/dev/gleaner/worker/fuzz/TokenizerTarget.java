package dev.gleaner.worker.fuzz;

import dev.gleaner.worker.clip.ClipTokenizer;
import dev.gleaner.worker.clip.DjlSetup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A text, of any UTF-16 units: 2 to 77 tokens. Needs a tokenizer named by {@code gleaner.fuzz.tokenizer}. */
public final class TokenizerTarget implements Target {
    private static final Target SELF =
            new TokenizerTarget(Path.of(System.getProperty("gleaner.fuzz.tokenizer", "tokenizer.json")));
    private static final int CONTEXT = 77;

    private final ClipTokenizer tokenizer;

    TokenizerTarget(Path file) {
        try {
            DjlSetup.before(Files.createTempDirectory("gleaner-fuzz"));
            tokenizer = new ClipTokenizer(file, CONTEXT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void take(byte[] bytes) {
        take(new String(bytes, StandardCharsets.UTF_8));
        take(new String(bytes, StandardCharsets.UTF_16BE));
    }

    private void take(String text) {
        int count = tokenizer.ids(text).length;
        if (count < 2 || count > CONTEXT) {
            throw new AssertionError(count + " tokens");
        }
    }

    public static void fuzzerTestOneInput(byte[] bytes) throws Exception {
        SELF.take(bytes);
    }
}
