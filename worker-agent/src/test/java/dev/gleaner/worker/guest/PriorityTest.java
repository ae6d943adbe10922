package dev.gleaner.worker.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PriorityTest {
    @Test
    void theNiceValueIsWhatTheSystemSaysItIs() throws Exception {
        assumeTrue(
                Files.exists(Path.of("/proc/self/stat")) && Files.isExecutable(Path.of("/bin/ps")),
                "/proc and ps are needed");
        Process ps = new ProcessBuilder(
                        "ps",
                        "-o",
                        "ni=",
                        "-p",
                        Long.toString(ProcessHandle.current().pid()))
                .start();
        String said = new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(Integer.parseInt(said), Priority.now().orElseThrow());
    }
}
