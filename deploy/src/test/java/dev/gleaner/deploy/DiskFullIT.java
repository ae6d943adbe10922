package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import java.io.IOException;
import java.io.OutputStream;
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
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tracker whose disk fills up: a small file system of its own in a mount namespace, filled from outside. */
class DiskFullIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_CALLS = 20_000;

    @TempDir
    Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private String address;

    /** What to put before a command so that {@code disk} is a small file system of its own; empty where that is not permitted. */
    private static Optional<List<String>> ownDisk(Path disk) throws Exception {
        for (String flags : List.of("-m", "-Urm")) {
            List<String> wrapper = List.of(
                    "unshare", flags, "sh", "-c", "mount -t tmpfs -o size=24m none " + disk + " && exec \"$@\"", "sh");
            List<String> trial = new ArrayList<>(wrapper);
            trial.add("true");
            try {
                if (new ProcessBuilder(trial).start().waitFor() == 0) {
                    return Optional.of(wrapper);
                }
            } catch (IOException e) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private HttpResponse<byte[]> send(String method, String path, String token, byte[] body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(address + path))
                        .timeout(Duration.ofSeconds(20))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    private JsonNode good(HttpResponse<byte[]> answer) throws IOException {
        assertEquals(200, answer.statusCode(), () -> new String(answer.body(), StandardCharsets.UTF_8));
        return JSON.readTree(answer.body());
    }

    private HttpResponse<byte[]> get(String path, String token) throws Exception {
        return send("GET", path, token, new byte[0]);
    }

    private HttpResponse<byte[]> post(String path, String token, Object body) throws Exception {
        return send("POST", path, token, JSON.writeValueAsBytes(body));
    }

    private HttpResponse<byte[]> acquire(String token, String request) throws Exception {
        return post("/v1/leases", token, new Acquire.Request(request, 1, 0));
    }

    private HttpResponse<byte[]> beat(String token, JsonNode lease, int finished) throws Exception {
        Heartbeat.Beat beat = new Heartbeat.Beat(
                lease.path("job").asLong(),
                FencingToken.parse(lease.path("token").asText()),
                "fetch",
                10,
                finished,
                0);
        return post("/v1/heartbeats", token, new Heartbeat.Request(List.of(beat)));
    }

    private void makeCampaign(String operator) throws Exception {
        byte[] bundle = "{\"files\":{}}".getBytes(StandardCharsets.UTF_8);
        String id =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bundle));
        good(send("PUT", "/v1/operator/bundles/" + id + "/bundle.json", operator, bundle));
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("name", "c");
        spec.put("base", "https://data.commoncrawl.org/");
        spec.put("slices", 1_000);
        spec.put("bundle", id);
        spec.put("policy", Policy.laion400m());
        List<String> paths = IntStream.range(0, 30).mapToObj(i -> "p" + i).toList();
        good(post("/v1/operator/campaigns", operator, Map.of("spec", spec, "paths", paths)));
        good(post(
                "/v1/operator/limits",
                operator,
                Map.of("leasesPerWorker", 0, "leasesPerAddress", 0, "leasesPerInvitation", 0, "jobsPerDay", 0)));
    }

    private static void fill(Path ballast) throws IOException {
        byte[] block = new byte[4096];
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            assertTrue(Files.size(ballast) > 0, "the disk was full before: " + e);
        }
    }

    @Test
    void aFullDiskStopsChangesInWordsLetsLeasesLiveAndIsOverWhenThereIsRoom() throws Exception {
        Path disk = Files.createDirectories(folder.resolve("disk"));
        Optional<List<String>> ownDisk = ownDisk(disk);
        assumeTrue(ownDisk.isPresent(), "no mount namespace is permitted here: a full disk is not tried");
        int port = Programs.freePort();
        address = "http://127.0.0.1:" + port;
        try (Programs programs = new Programs(folder)) {
            Process tracker = programs.launch(
                    ownDisk.get(),
                    Programs.TRACKER,
                    "tracker.log",
                    "serve",
                    "--data",
                    disk.toString(),
                    "--port",
                    Integer.toString(port));
            Programs.awaitThat(() -> {
                assertTrue(tracker.isAlive(), () -> programs.read("tracker.log"));
                try {
                    return get("/health/ready", "").statusCode() == 200;
                } catch (IOException e) {
                    return false;
                }
            });
            Path inside = Path.of("/proc/" + tracker.pid() + "/root" + disk);
            String operator = Files.readString(inside.resolve("operator.token")).strip();
            makeCampaign(operator);
            String token = good(post(
                            "/v1/workers",
                            "",
                            new Register.Request(
                                    "ada",
                                    null,
                                    "agent/1",
                                    new Register.Capabilities(2, 1000, List.of("cpu"), "linux"),
                                    null)))
                    .path("token")
                    .asText();
            JsonNode first = good(acquire(token, "first")).path("leases").path(0);
            good(beat(token, first, 1));

            Path ballast = inside.resolve("ballast");
            fill(ballast);
            List<JsonNode> granted = new ArrayList<>(List.of(first));
            HttpResponse<byte[]> refused = null;
            for (int i = 0; i < MOST_CALLS && refused == null; i++) {
                HttpResponse<byte[]> answer = acquire(token, "r" + i);
                if (answer.statusCode() == 200) {
                    granted.add(good(answer).path("leases").path(0));
                } else {
                    refused = answer;
                }
            }
            assertTrue(refused != null, "the disk never was full");
            assertEquals(503, refused.statusCode());
            assertTrue(refused.headers().firstValue("Retry-After").isPresent());
            assertEquals(
                    "CONTINUE",
                    good(beat(token, first, 2))
                            .path("leases")
                            .path(0)
                            .path("verdict")
                            .asText());
            good(get("/v1/operator/jobs/" + first.path("job").asLong(), operator));
            assertEquals(200, get("/health/live", "").statusCode());
            Programs.awaitThat(() -> get("/health/ready", "").statusCode() == 503);

            Files.delete(ballast);
            Programs.awaitThat(() -> get("/health/ready", "").statusCode() == 200);
            granted.add(good(acquire(token, "after")).path("leases").path(0));
            for (JsonNode lease : granted) {
                JsonNode job = good(get("/v1/operator/jobs/" + lease.path("job").asLong(), operator));
                assertEquals(
                        "leased", job.path("attempts").path(0).path("state").asText());
            }
            assertEquals(
                    granted.size(),
                    granted.stream()
                            .map(lease -> lease.path("job").asLong())
                            .distinct()
                            .count());
            assertTrue(tracker.isAlive(), "without a restart");
            System.out.println("disk full after " + (granted.size() - 2) + " more leases; all " + granted.size()
                    + " are there afterwards");
        }
    }
}
