package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gleaner.deploy.faults.FaultWorld;
import dev.gleaner.tracker.cli.TrackerCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The two jars as people start them, their output in files of a folder. Ends on close what it started. */
final class Programs implements AutoCloseable {
    static final Path TRACKER = Path.of("../tracker-server/target/tracker-server.jar");
    static final Path WORKER = Path.of("../worker-agent/target/worker-agent.jar");

    /** Programs that live for seconds spend most of them in the optimizing compiler; C1 and one thread of collection do. */
    private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m");

    private final Path folder;
    private final List<Process> started = new ArrayList<>();
    private int runs;

    Programs(Path folder) {
        this.folder = folder;
    }

    /** @param said everything that it printed */
    record Ended(int code, String said) {}

    interface Condition {
        boolean holds() throws Exception;
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** A command line of this Java for a program that lives for seconds. */
    static List<String> java(String... more) {
        List<String> command =
                new ArrayList<>(List.of(java(), "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir")));
        command.addAll(QUICK);
        command.addAll(Arrays.asList(more));
        return command;
    }

    /** Whether this machine has such a program. */
    static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Skips a test that speaks to a worker by {@code ctl} where the path of its home leaves no room for a socket, unix(7). */
    static void assumeRoomForASocket(Path home) {
        assumeTrue(
                home.resolve("ctl.sock").toAbsolutePath().toString().length() < 100,
                "a socket's path has at most 108 bytes, and this folder's leaves too few");
    }

    static int freePort() throws IOException {
        return FaultWorld.freePort();
    }

    static void awaitThat(Condition condition) throws Exception {
        Instant until = Instant.now().plus(Duration.ofSeconds(60));
        while (!holds(condition, until)) {
            assertTrue(Instant.now().isBefore(until), "it did not come true in a minute");
            Thread.sleep(100);
        }
    }

    /** Who asks a program that has just been killed or started may be cut off: that is an answer for later. */
    private static boolean holds(Condition condition, Instant until) throws Exception {
        try {
            return condition.holds();
        } catch (IOException e) {
            if (Instant.now().isAfter(until)) {
                throw e;
            }
            return false;
        }
    }

    Process launch(Path jar, String log, String... arguments) throws IOException {
        return launch(List.of(), jar, log, arguments);
    }

    /** @param wrapper a program that starts what follows it on its command line */
    Process launch(List<String> wrapper, Path jar, String log, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(java("-jar", jar.toString()));
        command.addAll(Arrays.asList(arguments));
        return launch(Map.of(), command, log);
    }

    Process launch(Map<String, String> environment, List<String> command, String log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(log).toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    Ended run(Path jar, String... arguments) throws Exception {
        String log = "run-" + runs++ + ".log";
        Process process = launch(jar, log, arguments);
        assertTrue(process.waitFor(90, TimeUnit.SECONDS), () -> "hangs: " + read(log));
        return new Ended(process.exitValue(), read(log));
    }

    /**
     * Runs a command of the tracker's in this process, as its jar would: starting a Java for each costs more than what it does.
     * {@link JoiningIT} and {@link WalkIT} run such commands as people do.
     */
    Ended operate(String... arguments) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            int code = TrackerCommand.execute(out, out, arguments);
            return new Ended(code, said.toString(StandardCharsets.UTF_8));
        }
    }

    String read(String log) {
        try {
            return Files.readString(folder.resolve(log));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }
}
