package dev.gleaner.worker.cli;

import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.ClipSession;
import dev.gleaner.worker.clip.DjlSetup;
import dev.gleaner.worker.clip.Heads;
import dev.gleaner.worker.clip.UnknownTextException;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.PerceptualHash;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code score}: the similarity of a picture and texts. */
@Command(
        name = "score",
        description = "Prints the cosine similarity of a picture and each text, as JSON, after the bundle's self-test.",
        mixinStandardHelpOptions = true)
final class ScoreCommand implements Callable<Integer> {
    private final PrintStream out;

    @Option(names = "--model", required = true, paramLabel = "BUNDLE", description = "folder of a model bundle")
    @Nullable
    Path bundle;

    @Option(names = "--embeddings", description = "print the embeddings, too")
    boolean embeddings;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "a picture file")
    @Nullable
    Path image;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "TEXT", description = "one or more texts")
    List<String> texts = List.of();

    @Mixin
    HomeOption home = new HomeOption();

    ScoreCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path file = java.util.Objects.requireNonNull(image);
        if (!Files.isRegularFile(file)) {
            throw new Failure(Exit.NO_INPUT, "there is no file " + file);
        }
        DjlSetup.before(home.nativeLibraries());
        byte[] bytes = Files.readAllBytes(file);
        try (Preprocessor pictures = IsolatedPreprocessor.start(home.nativeLibraries(), 1);
                ClipModel model = ClipModel.load(
                        Bundle.open(java.util.Objects.requireNonNull(bundle)), ClipModel.Options.PLAIN, pictures);
                ClipSession session = model.newSession();
                Heads.Session heads = model.newHeads()) {
            byte[] prepared = pictures.prepare(bytes, ImageHeader.read(bytes));
            float[] picture = session.images(List.of(prepared))[0];
            PictureMarks marks = heads.marks(List.of(picture)).get(0);
            List<long[]> tokens = new ArrayList<>();
            for (String text : texts) {
                tokens.add(model.tokenizer().idsOfAnything(text));
            }
            float[][] said = session.tokens(tokens);
            List<Map<String, Object>> scores = new ArrayList<>();
            for (int i = 0; i < said.length; i++) {
                Map<String, Object> score = new LinkedHashMap<>();
                score.put("text", texts.get(i));
                score.put("similarity", ClipSession.similarity(picture, said[i]));
                if (embeddings) {
                    score.put("embedding", said[i]);
                }
                scores.add(score);
            }
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("model", model.bundle().id());
            answer.put("image", file.toString());
            putIfAny(answer, "nsfw", marks.nsfw());
            putIfAny(answer, "aesthetic", marks.aesthetic());
            putIfAny(answer, "pwatermark", marks.watermark());
            answer.put("phash", String.format("%016x", PerceptualHash.of(prepared)));
            if (embeddings) {
                answer.put("embedding", picture);
            }
            answer.put("scores", scores);
            JsonLines.print(out, answer);
            return Exit.OK;
        } catch (BundleException e) {
            throw new Failure(Exit.DATA, e.getMessage() == null ? e.toString() : e.getMessage());
        } catch (UnknownTextException e) {
            throw new Failure(Exit.DATA, String.valueOf(e.getMessage()));
        } catch (ImageRefusedException e) {
            throw new Failure(Exit.DATA, file + ": " + e.getMessage());
        }
    }

    private static void putIfAny(Map<String, Object> answer, String key, @Nullable Object value) {
        if (value != null) {
            answer.put(key, value);
        }
    }
}
