package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.tracker.Tracker;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.cli.TrackerCommand;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.service.Tokens;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A running tracker over real HTTP, and calls to it that must fit the OpenAPI file. */
abstract class ApiHarness {
    static final Path BUNDLE = Path.of("../deploy/model/demo-bundle");
    static final LeaseSettings LEASES =
            new LeaseSettings(Duration.ofSeconds(20), Duration.ofHours(1), Duration.ofSeconds(5));
    static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    final TxtServer names = new TxtServer();
    Tracker tracker;
    OpenApi api;
    String operator = "";
    String worker = "";

    record Answer(int status, JsonNode body) {
        String code() {
            return body.path("code").asText();
        }
    }

    @BeforeEach
    void start() throws Exception {
        api = new OpenApi(Path.of("../docs/protocol/openapi.yaml"));
        tracker = startTracker();
        operator = Files.readString(tracker.operatorTokenFile()).trim();
    }

    Tracker startTracker() throws Exception {
        TrackerConfig plain = TrackerConfig.embedded("127.0.0.1", 0, folder.resolve("data"), LEASES);
        TrackerConfig config = new TrackerConfig(
                plain.host(),
                plain.port(),
                plain.data(),
                plain.leases(),
                plain.ledger(),
                plain.objects(),
                null,
                List.of(),
                null,
                names.address(),
                TrackerConfig.DEFAULT_KNOWN_ADDRESSES,
                null);
        return Tracker.start(config, InstantSource.system(), "test");
    }

    @AfterEach
    void stop() {
        tracker.close();
        names.close();
    }

    Answer call(String method, String path, byte[] body, String token, String version) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        if (!version.isEmpty()) {
            request.header("Gleaner-Protocol", version);
        }
        HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        String type = response.headers().firstValue("Content-Type").orElse("");
        String plain = path.replaceAll("\\?.*", "");
        assertEquals(
                "",
                api.fault(
                        method.toLowerCase(java.util.Locale.ROOT),
                        plain,
                        body,
                        response.statusCode(),
                        type,
                        response.body()));
        assertTrue(response.headers().firstValue("Content-Security-Policy").isPresent());
        return new Answer(
                response.statusCode(), type.contains("json") ? JSON.readTree(response.body()) : JSON.nullNode());
    }

    Answer get(String path, String token) throws Exception {
        return call("GET", path, null, token, "1");
    }

    Answer post(String path, Object body, String token) throws Exception {
        return call("POST", path, JSON.writeValueAsBytes(body), token, "1");
    }

    String uploadBundle() throws Exception {
        byte[] manifest = Files.readAllBytes(BUNDLE.resolve("bundle.json"));
        String id = Tokens.hash(new String(manifest, StandardCharsets.UTF_8));
        assertEquals(200, call("PUT", "/v1/operator/bundles/" + id + "/bundle.json", manifest, operator, "1").status);
        for (var names = JSON.readTree(manifest).path("files").fieldNames(); names.hasNext(); ) {
            String name = names.next();
            assertEquals(
                    200,
                    call(
                                    "PUT",
                                    "/v1/operator/bundles/" + id + "/" + name,
                                    Files.readAllBytes(BUNDLE.resolve(name)),
                                    operator,
                                    "1")
                            .status);
        }
        return id;
    }

    static Map<String, Object> campaign(String name, String bundle, List<String> paths) {
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("name", name);
        spec.put("base", "https://data.commoncrawl.org/");
        spec.put("slices", 2);
        spec.put("bundle", bundle);
        spec.put("policy", Policy.laion400m());
        return Map.of("spec", spec, "paths", paths);
    }

    void register() throws Exception {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("nickname", "ada");
        body.put("agent", "test/1");
        body.put("capabilities", Map.of("cpus", 2, "memoryMiB", 512, "providers", List.of("cpu"), "os", "linux"));
        Answer answer = post("/v1/workers", body, "");
        assertEquals(200, answer.status, answer.body.toString());
        worker = answer.body.path("token").asText();
    }

    JsonNode acquire(String request) throws Exception {
        return post("/v1/leases", Map.of("request", request, "max", 1, "waitSeconds", 0), worker)
                .body
                .path("leases")
                .path(0);
    }

    static String path(JsonNode lease, String call) {
        return "/v1/leases/" + lease.path("job").asLong() + "/"
                + lease.path("token").asText() + "/" + call;
    }

    static Map<String, Object> manifest(String bundle, List<?> objects, long kept) {
        Map<String, Object> counts = new LinkedHashMap<>(Map.of(
                "members",
                3,
                "brokenMembers",
                0,
                "records",
                3,
                "badRecords",
                0,
                "images",
                2,
                "candidates",
                kept,
                "kept",
                kept,
                "extractDrops",
                Map.of("no_text", 2 - kept),
                "pairDrops",
                Map.of(),
                "bytesFetched",
                0));
        return Map.of(
                "bundle",
                bundle,
                "precision",
                "fp32",
                "watBytes",
                100,
                "candidateDigest",
                "0".repeat(32),
                "counts",
                counts,
                "objects",
                objects,
                "seconds",
                0.5);
    }

    String cli(int expected, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<String> all = new java.util.ArrayList<>(List.of(args));
        all.addAll(List.of(
                "--tracker",
                "http://127.0.0.1:" + tracker.port(),
                "--token-file",
                tracker.operatorTokenFile().toString()));
        int code = TrackerCommand.execute(new PrintStream(out), new PrintStream(out), all.toArray(String[]::new));
        String printed = out.toString(StandardCharsets.UTF_8);
        assertEquals(expected, code, printed);
        return printed;
    }
}
