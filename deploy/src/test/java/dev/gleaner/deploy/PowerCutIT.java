package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Register;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pulls the plug. The tracker's data lie on a file system in an image file; a copy of the image holds what a power cut would leave: what
 * was synced, and nothing that only the system's memory knew. A kill cannot show that, for the system outlives it.
 */
class PowerCutIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] BUNDLE = "{\"files\":{}}".getBytes(StandardCharsets.UTF_8);
    private static final long IMAGE_BYTES = 96L << 20;
    private static final int LEASES = 200;

    @TempDir
    Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private Path disk;
    private Path image;

    @BeforeEach
    void makeImage() throws Exception {
        disk = Files.createDirectories(folder.resolve("disk"));
        image = folder.resolve("image");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(IMAGE_BYTES);
        }
        boolean possible = succeeds(List.of("mkfs.ext4", "-q", image.toString())) && succeeds(on(image, "true"));
        assumeTrue(possible, "no file system in a file can be mounted here: a power cut is not tried");
    }

    private static boolean succeeds(List<String> command) throws InterruptedException {
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

    /** A command that sees the image's file system at {@code disk}; nobody else does. Nothing is written back for minutes unasked. */
    private List<String> on(Path ofImage, String... command) {
        List<String> wrapper = new ArrayList<>(List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -o loop,commit=300 " + ofImage + " " + disk + " && exec \"$@\"",
                "sh"));
        wrapper.addAll(List.of(command));
        return wrapper;
    }

    private HttpResponse<byte[]> send(int port, String method, String path, String token, byte[] body)
            throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(Duration.ofSeconds(20))
                        .header("Authorization", "Bearer " + token)
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    private byte[] good(int port, String method, String path, String token, Object body) throws Exception {
        byte[] bytes = body instanceof byte[] raw ? raw : JSON.writeValueAsBytes(body);
        HttpResponse<byte[]> answer = send(port, method, path, token, bytes);
        assertEquals(200, answer.statusCode(), () -> new String(answer.body(), StandardCharsets.UTF_8));
        return answer.body();
    }

    /** @return its port */
    private int start(Programs programs, Path ofImage, String log, List<Process> started) throws Exception {
        int port = Programs.freePort();
        Process tracker = programs.launch(
                on(ofImage),
                Programs.TRACKER,
                log,
                "serve",
                "--data",
                disk.resolve("data").toString(),
                "--port",
                Integer.toString(port));
        started.add(tracker);
        Programs.awaitThat(() -> {
            assertTrue(tracker.isAlive(), () -> programs.read(log));
            try {
                return send(port, "GET", "/health/ready", "", new byte[0]).statusCode() == 200;
            } catch (IOException e) {
                return false;
            }
        });
        return port;
    }

    @Test
    void whatWasAcknowledgedIsThereAfterAPowerCut() throws Exception {
        String bundle =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(BUNDLE));
        List<Process> started = new ArrayList<>();
        List<JsonNode> leases = new ArrayList<>();
        Path cut = folder.resolve("cut");
        String operator;
        try (Programs programs = new Programs(folder)) {
            int port = start(programs, image, "before.log", started);
            Path inside = Path.of("/proc/" + started.get(0).pid() + "/root" + disk);
            operator = Files.readString(inside.resolve("data/operator.token")).strip();
            Map<String, Object> spec = new LinkedHashMap<>();
            spec.put("name", "c");
            spec.put("base", "https://data.commoncrawl.org/");
            spec.put("slices", LEASES);
            spec.put("bundle", bundle);
            spec.put("policy", Policy.laion400m());
            good(port, "PUT", "/v1/operator/bundles/" + bundle + "/bundle.json", operator, BUNDLE);
            good(port, "POST", "/v1/operator/campaigns", operator, Map.of("spec", spec, "paths", List.of("p0")));
            Map<String, Integer> noLimits =
                    Map.of("leasesPerWorker", 0, "leasesPerAddress", 0, "leasesPerInvitation", 0, "jobsPerDay", 0);
            good(port, "POST", "/v1/operator/limits", operator, noLimits);
            Register.Capabilities machine = new Register.Capabilities(1, 1, List.of("cpu"), "linux");
            String token = JSON.readTree(good(
                            port,
                            "POST",
                            "/v1/workers",
                            "",
                            new Register.Request("ada", null, "test/1", machine, null)))
                    .path("token")
                    .asText();
            Path careless = inside.resolve("careless");
            Files.writeString(careless, "written and never synced");
            for (int i = 0; i < LEASES; i++) {
                byte[] answer = good(port, "POST", "/v1/leases", token, new Acquire.Request("r" + i, 1, 0));
                leases.add(JSON.readTree(answer).path("leases").path(0));
            }
            Files.copy(image, cut);
        }
        try (Programs programs = new Programs(folder)) {
            int port = start(programs, cut, "after.log", started);
            Path careless = Path.of("/proc/" + started.get(1).pid() + "/root" + disk.resolve("careless"));
            assertTrue(
                    !Files.exists(careless) || Files.size(careless) == 0,
                    "the cut took nothing, so that it proves nothing");
            for (JsonNode lease : leases) {
                JsonNode job = JSON.readTree(good(
                        port, "GET", "/v1/operator/jobs/" + lease.path("job").asLong(), operator, new byte[0]));
                assertEquals(
                        "leased", job.path("attempts").path(0).path("state").asText());
                assertEquals(
                        lease.path("token").asText().replaceAll(".*-", ""),
                        job.path("attempts").path(0).path("number").asText());
            }
            assertEquals(
                    new String(BUNDLE, StandardCharsets.UTF_8),
                    new String(
                            good(port, "GET", "/v1/bundles/" + bundle + "/bundle.json", "", new byte[0]),
                            StandardCharsets.UTF_8));
            System.out.println(
                    "power cut: all " + leases.size() + " acknowledged leases are there, the unsynced file is not");
        }
    }
}
