package dev.gleaner.worker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.ClipSession;
import dev.gleaner.worker.clip.DjlSetup;
import dev.gleaner.worker.clip.UnknownTextException;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code encode}: texts and pictures to embeddings, one after the other. */
@Command(
        name = "encode",
        description =
                "Reads JSON lines {text} or {picture}, a file in base64, from stdin and prints {embedding} or {error} for each. A tracker with --encoder asks it what searches by meaning look for.",
        mixinStandardHelpOptions = true)
final class EncodeCommand implements Callable<Integer> {
    private final PrintStream out;

    @Option(names = "--model", required = true, paramLabel = "BUNDLE", description = "folder of a model bundle")
    @Nullable
    Path bundle;

    @Mixin
    HomeOption home = new HomeOption();

    EncodeCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        DjlSetup.before(home.nativeLibraries());
        try (Preprocessor pictures = IsolatedPreprocessor.start(home.nativeLibraries(), 1);
                ClipModel model =
                        ClipModel.load(Bundle.open(Objects.requireNonNull(bundle)), ClipModel.Options.PLAIN, pictures);
                ClipSession session = model.newSession();
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            say(Map.of("model", model.bundle().id()));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                say(answer(line, model, session, pictures));
            }
            return Exit.OK;
        } catch (BundleException e) {
            throw new Failure(Exit.DATA, e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    private void say(Map<String, Object> answer) {
        JsonLines.print(out, answer);
        out.flush();
    }

    private static Map<String, Object> answer(String line, ClipModel model, ClipSession session, Preprocessor pictures)
            throws InterruptedException {
        try {
            JsonNode asked = JsonLines.JSON.readTree(line);
            if (asked.path("text").isTextual()) {
                long[] tokens =
                        model.tokenizer().idsOfAnything(asked.path("text").textValue());
                return Map.of("embedding", session.tokens(List.of(tokens))[0]);
            } else if (asked.path("picture").isTextual()) {
                byte[] file = Base64.getDecoder().decode(asked.path("picture").textValue());
                byte[] prepared = pictures.prepare(file, ImageHeader.read(file));
                return Map.of("embedding", session.images(List.of(prepared))[0]);
            }
            return Map.of("error", "give a text or a picture");
        } catch (JsonProcessingException e) {
            return Map.of("error", "this is not JSON: " + e.getOriginalMessage());
        } catch (UnknownTextException | ImageRefusedException | IllegalArgumentException e) {
            return Map.of("error", String.valueOf(e.getMessage()));
        }
    }
}
