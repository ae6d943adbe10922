package dev.gleaner.tracker.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PresetTest {
    private static PairRow row(String text, float similarity, int width, int height, @Nullable String language) {
        return new PairRow(
                1,
                "https://example.org/a.jpg",
                text,
                width,
                height,
                null,
                PictureMarks.NONE,
                similarity,
                "https://example.org/",
                "a.wat.gz",
                0,
                new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                9_000,
                "JPEG",
                language,
                null,
                0,
                200,
                "m",
                ByteBuffer.allocate(4),
                7,
                "0123456789abcdef-1",
                "w");
    }

    private static String place(String preset, PairRow row) {
        Preset p = Preset.builtIn(preset);
        return p.place(row) instanceof Preset.Place.In in
                ? p.parts().get(in.part()).name()
                : ((Preset.Place.Out) p.place(row)).reason();
    }

    @Test
    void allThatComeWithTheProgramCanBeReadAndSayWhatTheyAreFor() {
        for (String name : Preset.BUILT_IN) {
            Preset preset = Preset.builtIn(name);
            assertEquals(name, preset.name());
            assertTrue(preset.description().length() > 40, name);
            assertEquals(preset, Preset.parse(preset.json()), "written and read again it is the same");
        }
        assertThrows(IllegalArgumentException.class, () -> Preset.builtIn("none"));
    }

    private static PairRow guessed(PairRow row, @Nullable String textLanguage, PictureMarks marks) {
        return new PairRow(
                row.sampleId(),
                row.url(),
                row.text(),
                row.width(),
                row.height(),
                row.license(),
                marks,
                row.similarity(),
                row.pageUrl(),
                row.watPath(),
                row.watOffset(),
                row.hashes(),
                row.imageBytes(),
                row.format(),
                row.language(),
                textLanguage,
                row.fetchedAt(),
                row.httpStatus(),
                row.modelId(),
                row.embedding(),
                row.job(),
                row.token(),
                row.worker());
    }

    @Test
    void aGuessAtTheTextSaysMoreThanThePageDoes() {
        PairRow row = row("a good text", 0.3f, 640, 480, "de");
        assertEquals("en", place("laion-400m", guessed(row, "en", PictureMarks.NONE)));
        assertEquals("multi", place("laion-5b", row), "where nobody guessed, the page's word counts");
        assertEquals("nolang", place("laion-5b", guessed(row, "und", PictureMarks.NONE)));
        String pages = Preset.builtIn("laion-400m").json().replace("\"text\"", "\"page\"");
        assertEquals(
                new Preset.Place.Out("language"),
                Preset.parse(pages).place(guessed(row, "en", PictureMarks.NONE)),
                "a preset may want the page's word");
    }

    @Test
    void laionAestheticsPartsBySteps() {
        PairRow row = row("a good text", 0.3f, 640, 480, "en");
        assertEquals(
                "aesthetic", place("laion-aesthetics", row), "where no head looked, nothing is known to be pleasing");
        assertEquals("from-6", place("laion-aesthetics", guessed(row, null, new PictureMarks("UNLIKELY", 6f, 0.1f))));
        assertEquals("from-5", place("laion-aesthetics", guessed(row, null, new PictureMarks(null, 5.99f, null))));
        assertEquals("from-4-5", place("laion-aesthetics", guessed(row, null, new PictureMarks(null, 4.5f, 0.8f))));
        assertEquals("aesthetic", place("laion-aesthetics", guessed(row, null, new PictureMarks(null, 4.49f, 0f))));
        assertEquals("watermark", place("laion-aesthetics", guessed(row, null, new PictureMarks(null, 7f, 0.81f))));
        assertEquals("nsfw", place("laion-aesthetics", guessed(row, null, new PictureMarks("NSFW", 7f, 0f))));
    }

    @Test
    void laion400mTakesEnglishFromThirtyHundredths() {
        assertEquals("en", place("laion-400m", row("a good text", 0.3f, 640, 480, "en-GB")));
        assertEquals("similarity", place("laion-400m", row("a good text", 0.2999f, 640, 480, "en")));
        assertEquals("language", place("laion-400m", row("ein guter Text", 0.4f, 640, 480, "de")));
        assertEquals("language", place("laion-400m", row("a good text", 0.4f, 640, 480, null)));
        assertEquals("characters", place("laion-400m", row("text", 0.4f, 640, 480, "en")));
    }

    @Test
    void laion5bSplitsByLanguageAndLetsNoEnglishFallIntoTheOthers() {
        assertEquals("en", place("laion-5b", row("a good text", 0.28f, 640, 480, "en")));
        assertEquals("language", place("laion-5b", row("a good text", 0.27f, 640, 480, "en")));
        assertEquals("multi", place("laion-5b", row("ein guter Text", 0.27f, 640, 480, "de")));
        assertEquals("nolang", place("laion-5b", row("a good text", 0.27f, 640, 480, " ")));
    }

    @Test
    void datacompBasicLooksAtWordsSidesAndAspect() {
        assertEquals("en", place("datacomp-basic", row("three good words", -1, 600, 200, "en")));
        assertEquals("words", place("datacomp-basic", row("two words", 0.5f, 600, 200, "en")));
        assertEquals("characters", place("datacomp-basic", row("a b c", 0.5f, 600, 200, "en")));
        assertEquals("side", place("datacomp-basic", row("three good words", 0.5f, 199, 300, "en")));
        assertEquals("aspect", place("datacomp-basic", row("three good words", 0.5f, 601, 200, "en")));
    }

    @Test
    void anOwnPresetIsRefusedWithTheReason() {
        IllegalArgumentException wrong = assertThrows(
                IllegalArgumentException.class,
                () -> Preset.parse(
                        "{\"name\":\"x\",\"version\":1,\"description\":\"\",\"topShare\":2,\"parts\":[{\"name\":\"a\"}]}"));
        assertTrue(String.valueOf(wrong.getMessage()).contains("topShare must be"), wrong.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Preset.parse("{\"nam\":\"x\"}"));
        for (String wrongWish : List.of("\"languageOf\":\"both\"", "\"nearDuplicates\":8", "\"nearDuplicates\":-1")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Preset.parse("{\"name\":\"x\",\"version\":1,\"description\":\"\"," + wrongWish
                            + ",\"parts\":[{\"name\":\"a\"}]}"),
                    wrongWish);
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> Preset.parse(
                        "{\"name\":\"x\",\"version\":1,\"description\":\"\",\"parts\":[{\"name\":\"../a\"}]}"));
    }

    @Test
    void aPackedRowComesBackAsItWas() {
        PairRow row = row("größer\u0000 🖼", 0.31f, 640, 480, null);
        byte[] packed = row.pack();
        assertEquals(row, PairRow.unpack(packed, 0, packed.length));
        PairRow full = guessed(row, "und", new PictureMarks("UNSURE", -1.5f, 1f));
        byte[] packedFull = full.pack();
        assertEquals(full, PairRow.unpack(packedFull, 0, packedFull.length));
    }
}
