package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.shard.HalfFloat;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.tracker.explore.Encoder;
import dev.gleaner.tracker.explore.PairIndex;
import dev.gleaner.tracker.release.PairRow;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tracker's encoder is the worker's jar: the two meet only in lines of JSON. */
@Tag("jdk")
class EncoderIT {
    private static final Path BUNDLE = Path.of("model/demo-bundle");

    @TempDir
    Path folder;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);

    /** Those of the bundle's own pairs of which text and picture belong together. */
    private static List<JsonNode> truePairs() throws IOException {
        List<JsonNode> pairs = new ArrayList<>();
        for (JsonNode pair : new ObjectMapper()
                .readTree(BUNDLE.resolve("golden.json").toFile())
                .path("pairs")) {
            if (pair.path("similarity").asDouble() > 0.3) {
                pairs.add(pair);
            }
        }
        return pairs;
    }

    private static float[] embedded(Encoder.Answer answer) {
        return assertInstanceOf(Encoder.Answer.Embedding.class, answer, answer.toString())
                .numbers();
    }

    private static PairRow row(long id, String text, float[] embedding) {
        ByteBuffer halves = ByteBuffer.allocate(2 * embedding.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float number : embedding) {
            halves.putShort(HalfFloat.of(number));
        }
        return new PairRow(
                id,
                "https://example.org/" + id,
                text,
                1,
                1,
                null,
                PictureMarks.NONE,
                1,
                "https://example.org/",
                "w",
                0,
                new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                1,
                "PNG",
                null,
                null,
                0,
                200,
                "m",
                halves.flip().order(ByteOrder.LITTLE_ENDIAN),
                1,
                "t",
                "w");
    }

    @Test
    void wordsFindThePictureThatShowsWhatTheySayAndPicturesFindThemselves() throws Exception {
        List<JsonNode> pairs = truePairs();
        assertTrue(pairs.size() >= 3);
        try (Encoder encoder = new Encoder(Programs.WORKER, folder.resolve("home"), now::get)) {
            List<byte[]> pictures = new ArrayList<>();
            try (PairIndex.Builder builder = new PairIndex.Builder(folder.resolve("index"))) {
                for (JsonNode pair : pairs) {
                    byte[] png = Base64.getDecoder().decode(pair.path("png").asText());
                    String text = pair.path("text").asText();
                    builder.add(row(pictures.size(), text, embedded(encoder.picture(BUNDLE, png))));
                    pictures.add(png);
                }
            }
            try (PairIndex index = new PairIndex(folder.resolve("index"))) {
                for (int i = 0; i < pairs.size(); i++) {
                    String text = pairs.get(i).path("text").asText().toUpperCase(Locale.ROOT);
                    assertEquals(
                            i,
                            index.near(embedded(encoder.text(BUNDLE, text)), 3)
                                    .get(0)
                                    .sampleId());
                    assertEquals(
                            i,
                            index.near(embedded(encoder.picture(BUNDLE, pictures.get(i))), 3)
                                    .get(0)
                                    .sampleId());
                }
                assertEquals(List.of(), index.near(new float[] {1, 0}, 3), "of another model");
            }
            Encoder.Answer none = encoder.picture(BUNDLE, new byte[100]);
            assertInstanceOf(Encoder.Answer.Refused.class, none);
            assertInstanceOf(Encoder.Answer.Refused.class, encoder.text(BUNDLE, "x"), "a word the toy does not know");
            embedded(encoder.text(BUNDLE, "a red circle"));
        }
    }

    /** Those that this test has started: an earlier one's may still be ending. */
    private List<ProcessHandle> encoders() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info()
                        .commandLine()
                        .map(line -> line.contains(" encode ") && line.contains(folder.toString()))
                        .orElse(false))
                .toList();
    }

    @Test
    void aProcessThatDiesIsStartedAnewAfterAWhileAndAnIdleOneEnds() throws Exception {
        try (Encoder encoder = new Encoder(Programs.WORKER, folder.resolve("home"), now::get)) {
            embedded(encoder.text(BUNDLE, "a red circle"));
            assertEquals(1, encoders().size());
            ProcessHandle first = encoders().get(0);
            first.destroyForcibly();
            first.onExit().join();
            embedded(encoder.text(BUNDLE, "a red circle"));
            encoder.restIfIdle();
            assertEquals(1, encoders().size(), "somebody asked a moment ago");
            now.set(now.get().plus(Duration.ofMinutes(11)));
            encoder.restIfIdle();
            Programs.awaitThat(() -> encoders().isEmpty());
        }
    }

    @Test
    void whatIsNoWorkerIsSaidToBeNoneAndNotTriedAgainAtOnce() throws Exception {
        try (Encoder encoder = new Encoder(Programs.TRACKER, folder.resolve("home"), now::get)) {
            assertThrows(IOException.class, () -> encoder.text(BUNDLE, "a red circle"));
            IOException again = assertThrows(IOException.class, () -> encoder.text(BUNDLE, "a red circle"));
            assertTrue(again.getMessage().contains("tried again"), again.getMessage());
            now.set(now.get().plusSeconds(20));
            assertThrows(IOException.class, () -> encoder.text(BUNDLE, "a red circle"));
            now.set(now.get().plusSeconds(11));
            IOException later = assertThrows(IOException.class, () -> encoder.text(BUNDLE, "a red circle"));
            assertFalse(later.getMessage().contains("tried again"), later.getMessage());
        }
    }

    @Test
    void whoStopsTheTrackerDoesNotWaitForAnAnswer() throws Exception {
        Encoder encoder = new Encoder(Programs.WORKER, folder.resolve("home"), now::get);
        CompletableFuture<Encoder.Answer> asked = CompletableFuture.supplyAsync(() -> {
            try {
                return encoder.text(BUNDLE, "a red circle");
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        Programs.awaitThat(() -> !encoders().isEmpty());
        encoder.close();
        assertThrows(Exception.class, asked::join);
        assertThrows(IOException.class, () -> encoder.text(BUNDLE, "a red circle"));
        Programs.awaitThat(() -> encoders().isEmpty());
        assertTrue(Files.isDirectory(folder));
    }
}
