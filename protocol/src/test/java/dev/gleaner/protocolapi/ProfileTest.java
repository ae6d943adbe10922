package dev.gleaner.protocolapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.Profile;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProfileTest {
    @Test
    void everyPairIsCountedOnceInEachMap() {
        Profile.Builder builder = new Profile.Builder();
        builder.add(0.3f, "en-US", "JPEG", 640, 480, "https://creativecommons.org/licenses/by-sa/4.0/");
        builder.add(0.319f, "de_AT", "PNG", 1_024, 10, "https://creativecommons.org/publicdomain/zero/1.0/");
        builder.add(1.0001f, null, "WEBP", 1, 1, null);
        builder.add(-0.5f, "x".repeat(90), "<b>", 100_000, 1, "https://example.org/licenses/steal/");
        Profile profile = builder.build();
        assertEquals(Map.of("0.30", 2L, "0.98", 1L, "-0.50", 1L), profile.similarity());
        assertEquals(Map.of("en", 1L, "de", 1L, "none", 1L, "other", 1L), profile.language());
        assertEquals(Map.of("JPEG", 1L, "PNG", 1L, "WEBP", 1L, "other", 1L), profile.format());
        assertEquals(Map.of("512", 1L, "1024", 1L, "1", 1L, "65536", 1L), profile.size());
        assertEquals(Map.of("by-sa", 1L, "publicdomain", 1L, "none", 1L, "other", 1L), profile.license());
        Profile twice = profile.plus(profile).plus(Profile.none());
        assertEquals(8, twice.language().values().stream().mapToLong(n -> n).sum());
    }

    @Test
    void inventedLanguagesDoNotMakeItGrow() {
        Profile sum = Profile.none();
        for (char a = 'a'; a <= 'z'; a++) {
            Profile.Builder builder = new Profile.Builder();
            for (char b = 'a'; b <= 'z'; b++) {
                builder.add(0.3f, "" + a + b, "JPEG", 1, 1, null);
            }
            sum = sum.plus(builder.build());
        }
        assertTrue(sum.language().size() <= 200, sum.language().size() + " languages");
        assertEquals(26 * 26, sum.language().values().stream().mapToLong(n -> n).sum());
    }
}
