package dev.gleaner.tracker.release;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
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
                null,
                similarity,
                "https://example.org/",
                "a.wat.gz",
                0,
                "a".repeat(64),
                "b".repeat(32),
                9_000,
                "JPEG",
                language,
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
    }
}
