package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
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
    private static final int OK = 0;
    private static final int NO_INPUT = 66;
    private static final int TEMPORARY = 75;
    private static final int NO_PERMISSION = 77;

    @TempDir
    Path folder;

    private Programs programs;
    private String address;

    @BeforeEach
    void start() throws Exception {
        programs = new Programs(folder);
        int port = Programs.freePort();
        address = "http://127.0.0.1:" + port;
        Process tracker = programs.launch(
                Programs.TRACKER,
                "tracker.log",
                "serve",
                "--data",
                folder.resolve("data").toString(),
                "--port",
                Integer.toString(port));
        Programs.awaitThat(() -> tracker.isAlive() && status("/health/ready", "") == 200);
    }

    @AfterEach
    void stop() throws InterruptedException {
        programs.close();
    }

    private Programs.Ended operator(String... words) throws Exception {
        List<String> arguments = new ArrayList<>(Arrays.asList(words));
        arguments.addAll(List.of(
                "--tracker",
                address,
                "--token-file",
                folder.resolve("data/operator.token").toString()));
        return programs.run(Programs.TRACKER, arguments.toArray(String[]::new));
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

    private Programs.Ended runUntilIdle(String home, String... more) throws Exception {
        String[] given = Stream.concat(Arrays.stream(more), Stream.of("--exit-when-idle"))
                .toArray(String[]::new);
        return programs.run(Programs.WORKER, worker("run", home, given));
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
        Process process = programs.launch(
                Programs.WORKER, "waiting.log", worker("run", "home", "--name", "ada", "--exit-when-idle"));
        Programs.awaitThat(() -> programs.read("waiting.log").contains("An operator must let this worker in"));
        String id = JSON.readTree(identity("home").toFile()).path("worker").asText();
        assertTrue(operator("worker", "list").said().contains("WAITS"));
        assertTrue(process.isAlive(), () -> programs.read("waiting.log"));
        assertEquals(OK, operator("worker", "admit", id).code());
        // It would ask again within the minute that the tracker named.
        process.destroyForcibly().waitFor();
        assertEquals(OK, runUntilIdle("home").code());
    }

    @Test
    void aWorkerComesInWithItsInvitationAndNotWithAWrongOne() throws Exception {
        assertEquals(OK, operator("enrolment", "set", "--mode", "invitation").code());
        Programs.Ended without = runUntilIdle("without");
        assertEquals(NO_PERMISSION, without.code(), without.said());
        assertTrue(without.said().contains("--invitation"), without.said());
        assertEquals(
                NO_PERMISSION, runUntilIdle("wrong", "--invitation", "nonsense").code());
        String code = operator("invitation", "create", "friends", "--uses", "1")
                .said()
                .strip();
        assertEquals(OK, runUntilIdle("first", "--invitation", code).code());
        Programs.Ended second = runUntilIdle("second", "--invitation", code);
        assertEquals(NO_PERMISSION, second.code(), second.said());
        assertTrue(second.said().contains("used"), second.said());
        assertEquals(OK, runUntilIdle("first").code());
    }

    @Test
    void aNewTokenMakesTheOldOneVoidAndAChangeCutOffIsFinishedAtTheNextStart() throws Exception {
        assertEquals(OK, runUntilIdle("home").code());
        String first = token("home");
        assertEquals(200, status("/v1/leases", first));
        Programs.Ended changed = programs.run(Programs.WORKER, worker("new-token", "home"));
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
        Programs.Ended nobody = programs.run(Programs.WORKER, worker("new-token", "nobody"));
        assertEquals(NO_INPUT, nobody.code());
        assertTrue(nobody.said().contains("has registered"), nobody.said());
        assertEquals(OK, runUntilIdle("home").code());
        Files.writeString(identity("home"), "{\"token\":\"secret-secret");
        Programs.Ended damaged = runUntilIdle("home");
        assertTrue(damaged.said().contains("is damaged"), damaged.said());
        assertFalse(damaged.said().contains("secret-secret"), damaged.said());
    }

    @Test
    void twoWorkersDoNotShareAHome() throws Exception {
        programs.launch(Programs.WORKER, "one.log", worker("run", "home"));
        Programs.awaitThat(() -> programs.read("one.log").contains("Worker is ready"));
        Programs.Ended two = runUntilIdle("home");
        assertEquals(TEMPORARY, two.code(), two.said());
        assertTrue(two.said().contains("--home"), two.said());
    }

    private String ctl(String home, String word) throws Exception {
        Programs.Ended said = programs.run(
                Programs.WORKER, "ctl", word, "--home", folder.resolve(home).toString());
        assertEquals(OK, said.code(), said.said());
        return JSON.readTree(said.said()).path("state").asText();
    }

    @Test
    void aWorkerHeedsItsOwnersHoursAndWords() throws Exception {
        Programs.assumeRoomForASocket(folder.resolve("home"));
        Files.createDirectories(folder.resolve("home"));
        Path conf = folder.resolve("home/worker.conf");
        int hour = java.time.LocalTime.now().getHour();
        String notNow = (hour + 2) % 24 + "-" + (hour + 3) % 24;
        Files.writeString(conf, "hours = " + notNow + "\nnice = 5\n");
        Process process = programs.launch(Programs.WORKER, "guest.log", worker("run", "home"));
        Programs.awaitThat(() -> programs.read("guest.log").contains("Worker rests: it is not within its hours"));
        assertEquals("resting", ctl("home", "status"));
        Path stat = Path.of("/proc/" + process.pid() + "/stat");
        if (Files.exists(stat)) {
            String fields = Files.readString(stat);
            assertEquals("5", fields.substring(fields.lastIndexOf(')') + 2).split(" ", -1)[16], "nice, proc(5)");
        }
        Files.writeString(conf, "hours = always\n");
        Programs.awaitThat(() -> programs.read("guest.log").contains("Worker goes on"));
        assertEquals("waiting", ctl("home", "status"));
        ctl("home", "pause");
        Programs.awaitThat(() -> programs.read("guest.log").contains("its owner paused it"));
        ctl("home", "resume");
        ctl("home", "stop");
        assertTrue(process.waitFor(25, TimeUnit.SECONDS), () -> programs.read("guest.log"));
        assertEquals(OK, process.exitValue());
    }

    @Test
    void whatTheCommandLineSaysStandsWhateverTheFileSays() throws Exception {
        Programs.assumeRoomForASocket(folder.resolve("home"));
        int hour = java.time.LocalTime.now().getHour();
        String notNow = (hour + 2) % 24 + "-" + (hour + 3) % 24;
        Process process = programs.launch(Programs.WORKER, "given.log", worker("run", "home", "--hours", notNow));
        Programs.awaitThat(() -> programs.read("given.log").contains("Worker rests"));
        Files.writeString(folder.resolve("home/worker.conf"), "hours = always\n");
        Programs.awaitThat(() -> programs.read("given.log").contains("has changed: hours and battery hold"));
        TimeUnit.SECONDS.sleep(3);
        assertEquals("resting", ctl("home", "status"));
        ctl("home", "stop");
        assertTrue(process.waitFor(25, TimeUnit.SECONDS), () -> programs.read("given.log"));
    }
}
