package dev.gleaner.worker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.worker.clip.ClipTokenizer;
import dev.gleaner.worker.clip.DjlSetup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tokenize}: texts to token ids. */
@Command(
        name = "tokenize",
        description = "Reads JSON lines {text} from stdin and prints {ids}: the tokens CLIP sees, not padded.",
        mixinStandardHelpOptions = true)
final class TokenizeCommand implements Callable<Integer> {
    private final PrintStream out;

    @Option(names = "--tokenizer", required = true, paramLabel = "FILE", description = "a bundle's tokenizer.json")
    @Nullable
    Path tokenizer;

    @Option(
            names = "--context",
            defaultValue = "77",
            paramLabel = "N",
            description = "most tokens of a text (default: ${DEFAULT-VALUE})")
    int context;

    @Mixin
    HomeOption home = new HomeOption();

    TokenizeCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        Path file = java.util.Objects.requireNonNull(tokenizer);
        if (!Files.isRegularFile(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no file " + file);
        }
        DjlSetup.before(home.nativeLibraries());
        try (ClipTokenizer clip = new ClipTokenizer(file, context);
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            int number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                if (!line.isBlank()) {
                    JsonLines.print(out, Map.of("ids", clip.ids(text(line, number))));
                }
            }
        }
        return Exit.OK;
    }

    private static String text(String line, int number) {
        try {
            JsonNode text = JsonLines.JSON.readTree(line).get("text");
            if (text != null && text.isTextual()) {
                return text.textValue();
            }
        } catch (JsonProcessingException e) {
            throw new Failure(Exit.DATA, "line " + number + " of stdin is not JSON: " + e.getOriginalMessage());
        }
        throw new Failure(Exit.DATA, "line " + number + " of stdin has no \"text\"");
    }
}
