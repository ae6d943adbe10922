package dev.gleaner.protocolapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.release.Version;
import dev.gleaner.protocol.release.WorkerRelease;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionTest {
    @Test
    void theOrderOfSemanticVersioningsOwnExampleHolds() {
        List<Version> ordered = List.of(
                        "0.9.12",
                        "1.0.0-alpha",
                        "1.0.0-alpha.1",
                        "1.0.0-alpha.beta",
                        "1.0.0-beta",
                        "1.0.0-beta.2",
                        "1.0.0-beta.11",
                        "1.0.0-rc.1",
                        "1.0.0",
                        "1.0.1-SNAPSHOT",
                        "1.0.1",
                        "1.10.0",
                        "2.0.0")
                .stream()
                .map(text -> Version.parse(text).orElseThrow())
                .toList();
        for (int i = 0; i < ordered.size(); i++) {
            for (int j = 0; j < ordered.size(); j++) {
                assertEquals(
                        Integer.compare(i, j),
                        Integer.signum(ordered.get(i).compareTo(ordered.get(j))),
                        ordered.get(i) + " and " + ordered.get(j));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.2",
                "1.2.3.4",
                "v1.2.3",
                "1.2.3-",
                "1.2.3-..",
                "../../../etc",
                "1.2.3-a/b",
                "1234567.0.0",
                "1.2.3+build",
                "1.2.3\n"
            })
    void whatIsNoVersionIsNotTakenForOne(String text) {
        assertTrue(Version.parse(text).isEmpty());
    }

    @Test
    void aReleaseIsWholeOrNone() {
        String id = "a".repeat(64);
        String signature = java.util.Base64.getEncoder().encodeToString(new byte[64]);
        assertTrue(new WorkerRelease("1.2.3", id, signature).offered());
        assertThrows(IllegalArgumentException.class, () -> new WorkerRelease("1.2.3", "", ""));
        assertThrows(IllegalArgumentException.class, () -> new WorkerRelease("", id, signature));
        assertThrows(IllegalArgumentException.class, () -> new WorkerRelease("1.2.3", "../" + id, signature));
        assertThrows(IllegalArgumentException.class, () -> new WorkerRelease("1.2.3", id, "AAAA"));
    }
}
