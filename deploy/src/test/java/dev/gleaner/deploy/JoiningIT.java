package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a volunteer's machine gets in and stays in: the two jars as people start them. */
class JoiningIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path TRACKER = Path.of("../tracker-server/target/tracker-server.jar");
    private static final Path WORKER = Path.of("../worker-agent/target/worker-agent.jar");
    private static final int OK = 0;
    private static final int NO_INPUT = 66;
    private static final int TEMPORARY = 75;
    private static final int NO_PERMISSION = 77;

    @TempDir
    Path folder;

    private final List<Process> started = new ArrayList<>();
    private String address;
    private int logs;

    @BeforeEach
    void start() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        address = "http://127.0.0.1:" + port;
        Process tracker = launch(
                TRACKER,
                "tracker.log",
                "serve",
                "--data",
                folder.resolve("data").toString(),
                "--port",
                Integer.toString(port));
        awaitThat(() -> tracker.isAlive() && status("/health/ready", "") == 200);
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    private Process launch(Path jar, String log, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-jar",
                jar.toString()));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(log).toFile())
                .start();
        started.add(process);
        return process;
    }

    /** @param said everything that it printed */
    private record Ended(int code, String said) {}

    private Ended run(Path jar, String... arguments) throws Exception {
        String log = "run-" + logs++ + ".log";
        Process process = launch(jar, log, arguments);
        assertTrue(process.waitFor(90, TimeUnit.SECONDS), () -> "hangs: " + read(log));
        return new Ended(process.exitValue(), read(log));
    }

    private String read(String log) {
        try {
            return Files.readString(folder.resolve(log));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Ended operator(String... words) throws Exception {
        List<String> arguments = new ArrayList<>(Arrays.asList(words));
        arguments.addAll(List.of(
                "--tracker",
                address,
                "--token-file",
                folder.resolve("data/operator.token").toString()));
        return run(TRACKER, arguments.toArray(String[]::new));
    }

    private String[] worker(String command, String home, String... more) {
        return Stream.concat(
                        Stream.of(
                                command,
                                "--tracker",
                                address,
                                "--home",
                                folder.resolve(home).toString()),
                        Arrays.stream(more))
                .toArray(String[]::new);
    }

    private Ended runUntilIdle(String home, String... more) throws Exception {
        String[] given = Stream.concat(Arrays.stream(more), Stream.of("--exit-when-idle"))
                .toArray(String[]::new);
        return run(WORKER, worker("run", home, given));
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void awaitThat(Condition condition) throws Exception {
        Instant until = Instant.now().plus(Duration.ofSeconds(60));
        while (!condition.holds()) {
            assertTrue(Instant.now().isBefore(until), "it did not come true in a minute");
            Thread.sleep(100);
        }
    }

    private int status(String path, String token) throws InterruptedException {
        try {
            return HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(address + path))
                                    .header("Authorization", "Bearer " + token)
                                    .header("Content-Type", "application/json")
                                    .method(
                                            path.startsWith("/v1") ? "POST" : "GET",
                                            HttpRequest.BodyPublishers.ofString(
                                                    "{\"request\":\"r\",\"max\":1,\"waitSeconds\":0}"))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    private Path identity(String home) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(home))) {
            return files.filter(file -> file.getFileName().toString().startsWith("identity-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private String token(String home) throws IOException {
        return JSON.readTree(identity(home).toFile()).path("token").asText();
    }

    private void write(String home, String token, String next) throws IOException {
        JsonNode was = JSON.readTree(identity(home).toFile());
        JSON.writeValue(
                identity(home).toFile(),
                Map.of(
                        "worker",
                        was.path("worker").asText(),
                        "token",
                        token,
                        "heartbeatSeconds",
                        was.path("heartbeatSeconds").asInt(),
                        "next",
                        next));
    }

    @Test
    void aWorkerThatMustBeLetInSaysSoAndWaits() throws Exception {
        assertEquals(OK, operator("enrolment", "set", "--mode", "approval").code());
        Process process = launch(WORKER, "waiting.log", worker("run", "home", "--name", "ada", "--exit-when-idle"));
        awaitThat(() -> read("waiting.log").contains("An operator must let this worker in"));
        String id = JSON.readTree(identity("home").toFile()).path("worker").asText();
        assertTrue(operator("worker", "list").said().contains("WAITS"));
        assertTrue(process.isAlive(), () -> read("waiting.log"));
        assertEquals(OK, operator("worker", "admit", id).code());
        // It would ask again within the minute that the tracker named.
        process.destroyForcibly().waitFor();
        assertEquals(OK, runUntilIdle("home").code());
    }

    @Test
    void aWorkerComesInWithItsInvitationAndNotWithAWrongOne() throws Exception {
        assertEquals(OK, operator("enrolment", "set", "--mode", "invitation").code());
        Ended without = runUntilIdle("without");
        assertEquals(NO_PERMISSION, without.code(), without.said());
        assertTrue(without.said().contains("--invitation"), without.said());
        assertEquals(
                NO_PERMISSION, runUntilIdle("wrong", "--invitation", "nonsense").code());
        String code = operator("invitation", "create", "friends", "--uses", "1")
                .said()
                .strip();
        assertEquals(OK, runUntilIdle("first", "--invitation", code).code());
        Ended second = runUntilIdle("second", "--invitation", code);
        assertEquals(NO_PERMISSION, second.code(), second.said());
        assertTrue(second.said().contains("used"), second.said());
        assertEquals(OK, runUntilIdle("first").code());
    }

    @Test
    void aNewTokenMakesTheOldOneVoidAndAChangeCutOffIsFinishedAtTheNextStart() throws Exception {
        assertEquals(OK, runUntilIdle("home").code());
        String first = token("home");
        assertEquals(200, status("/v1/leases", first));
        Ended changed = run(WORKER, worker("new-token", "home"));
        assertEquals(OK, changed.code(), changed.said());
        String second = token("home");
        assertNotEquals(first, second);
        assertFalse(changed.said().contains(second), "a secret is not for the screen");
        assertEquals(401, status("/v1/leases", first));
        assertEquals(OK, runUntilIdle("home").code());

        // The tracker has changed it and its answer was lost.
        write("home", first, second);
        assertEquals(OK, runUntilIdle("home").code());
        assertEquals(second, token("home"));

        // The tracker has not heard of it.
        write("home", second, "a-third-token-of-many-characters-0123456789");
        assertEquals(OK, runUntilIdle("home").code());
        assertEquals(401, status("/v1/leases", second));
        assertEquals(200, status("/v1/leases", token("home")));
    }

    @Test
    void whatCannotBeDoneIsSaidInWords() throws Exception {
        Ended nobody = run(WORKER, worker("new-token", "nobody"));
        assertEquals(NO_INPUT, nobody.code());
        assertTrue(nobody.said().contains("has registered"), nobody.said());
        assertEquals(OK, runUntilIdle("home").code());
        Files.writeString(identity("home"), "{\"token\":\"secret-secret");
        Ended damaged = runUntilIdle("home");
        assertTrue(damaged.said().contains("is damaged"), damaged.said());
        assertFalse(damaged.said().contains("secret-secret"), damaged.said());
    }

    @Test
    void twoWorkersDoNotShareAHome() throws Exception {
        launch(WORKER, "one.log", worker("run", "home"));
        awaitThat(() -> read("one.log").contains("Worker is ready"));
        Ended two = runUntilIdle("home");
        assertEquals(TEMPORARY, two.code(), two.said());
        assertTrue(two.said().contains("--home"), two.said());
    }
}
