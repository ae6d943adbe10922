package dev.gleaner.worker.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        return WorkerCommand.execute(new PrintStream(out, true), new PrintStream(err, true), args);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "extract",
                "preprocess",
                "tokenize",
                "score",
                "fetch",
                "run",
                "ctl",
                "new-token",
                "bench",
                "doctor"
            })
    void everyCommandExplainsItself(String command) {
        assertEquals(Exit.OK, run(command, "--help"));
        assertTrue(
                out.toString(StandardCharsets.UTF_8).contains("Usage: worker-agent " + command),
                out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void wrongUseEndsWith64AndAMissingInputWith66() {
        assertEquals(Exit.USAGE, run());
        assertEquals(Exit.USAGE, run("extract"));
        assertEquals(Exit.USAGE, run("extract", "--wat", "x", "--slice", "3/2"));
        assertEquals(Exit.USAGE, run("run", "--tracker", "http://tracker.example.org/", "--home", folder.toString()));
        assertTrue(err().contains("https"), err());
        assertEquals(
                Exit.NO_INPUT,
                run("extract", "--wat", folder.resolve("none.wat.gz").toString()));
        assertTrue(err().contains("none.wat.gz"), err());
        assertEquals(
                Exit.NO_INPUT,
                run("score", "--model", "x", folder.resolve("none.png").toString(), "text"));
        assertEquals(
                Exit.NO_INPUT,
                run("tokenize", "--tokenizer", folder.resolve("none.json").toString()));
    }

    @Test
    void theHomesFileSaysWhatTheCommandLineDoesNot() throws Exception {
        Files.writeString(folder.resolve("worker.conf"), "tracker = http://tracker.example.org/\nhours = 22-07\n");
        assertEquals(Exit.USAGE, run("run", "--home", folder.toString()));
        assertTrue(err().contains("must be an https address"), err());
        Files.writeString(folder.resolve("worker.conf"), "tracker = https://tracker.example.org/\nhours = late\n");
        assertEquals(Exit.USAGE, run("run", "--home=" + folder));
        assertTrue(err().contains("hours are like 22-07"), err());
        Files.writeString(folder.resolve("worker.conf"), "hour = 22-07\n");
        assertEquals(Exit.CONFIG, run("run", "--home", folder.toString(), "--tracker", "https://tracker.example.org/"));
        assertTrue(err().contains("no options: hour"), err());
    }

    @Test
    void ctlSaysThatNobodyListens() {
        assertEquals(Exit.UNAVAILABLE, run("ctl", "status", "--home", folder.toString()));
        assertTrue(err().contains("no worker listens in " + folder), err());
    }

    @Test
    void aBrokenWatIsReadAsFarAsItGoes() throws Exception {
        Path wat = folder.resolve("x.wat.gz");
        Files.write(wat, new byte[] {1, 2, 3});
        assertEquals(Exit.OK, run("extract", "--wat", wat.toString()));
        assertTrue(err().contains("\"candidates\":0"), err());
    }

    @Test
    void doctorSaysInWordsThatNoTrackerAnswers() {
        assertEquals(Exit.UNAVAILABLE, run("doctor", "--tracker", "http://127.0.0.1:1", "--home", folder.toString()));
        assertTrue(
                out.toString(StandardCharsets.UTF_8).contains("Something must be mended first."),
                out.toString(StandardCharsets.UTF_8));
    }
}
