package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.protocol.shard.ShardColumn;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A worker in a few calls, that hands in whatever pairs it likes. */
final class HandMade {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String root;
    private final HttpClient http = HttpClient.newHttpClient();
    private String name = "";
    private String id = "";
    private String token = "";
    private int requests;

    /** @param root address of the tracker, ending in a slash */
    HandMade(String root) {
        this.root = root;
    }

    /** A call of an operator's. */
    static void call(String address, String token, Object body) throws Exception {
        HttpResponse<String> response = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(address))
                                .header("Authorization", "Bearer " + token)
                                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertEquals(200, response.statusCode(), response.body());
    }

    private JsonNode post(String path, Object body) throws Exception {
        HttpResponse<byte[]> response = http.send(
                HttpRequest.newBuilder(URI.create(root + path))
                        .header("Gleaner-Protocol", "1")
                        .header("Authorization", "Bearer " + token)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        assertEquals(200, response.statusCode(), () -> path + ": " + new String(response.body()));
        return JSON.readTree(response.body());
    }

    /** Takes the next job there is and hands in a pair for each text, with what the address says; it is accepted. */
    void handIn(Path folder, String nickname, String url, List<String> texts, String nsfw) throws Exception {
        assertEquals("ACCEPTED", outcome(folder, nickname, url, texts, nsfw));
    }

    private void enrol(String nickname) throws Exception {
        JsonNode me = post(
                "v1/workers",
                Map.of(
                        "nickname",
                        nickname,
                        "agent",
                        "hand/1",
                        "capabilities",
                        Map.of("cpus", 1, "memoryMiB", 512, "providers", List.of("cpu"), "os", "linux")));
        token = me.path("token").asText();
        id = me.path("worker").asText();
        name = nickname;
    }

    /** As above; says what the tracker answers. The same name again is the same worker. */
    String outcome(Path folder, String nickname, String url, List<String> texts, String nsfw) throws Exception {
        if (!nickname.equals(name)) {
            enrol(nickname);
        }
        JsonNode lease = post("v1/leases", Map.of("request", "r" + ++requests, "max", 1, "waitSeconds", 5))
                .path("leases")
                .path(0);
        Map<String, String> metadata = Map.of(
                ShardMetadata.CAMPAIGN, lease.path("campaign").asText(),
                ShardMetadata.JOB, lease.path("job").asText(),
                ShardMetadata.ATTEMPT, lease.path("token").asText(),
                ShardMetadata.WORKER, id,
                ShardMetadata.SCHEMA, Integer.toString(ShardColumn.SCHEMA_VERSION));
        ShardWriter writer = new ShardWriter(Files.createTempDirectory(folder, "hand"), 100, metadata);
        for (int i = 0; i < texts.size(); i++) {
            writer.add(new KeptPair(
                    i,
                    url,
                    texts.get(i),
                    640,
                    480,
                    null,
                    new PictureMarks(nsfw, null, null),
                    0.4f,
                    "https://example.org/",
                    lease.path("watPath").asText(),
                    i,
                    0,
                    new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                    9_000,
                    "JPEG",
                    "en",
                    null,
                    Instant.now(),
                    200,
                    lease.path("bundle").asText(),
                    new float[] {1}));
        }
        Shard shard = writer.finish().get(0);
        String path = "v1/leases/" + lease.path("job").asLong() + "/"
                + lease.path("token").asText();
        JsonNode ticket = post(path + "/tickets", Map.of("objects", List.of(shard.object())))
                .path("tickets")
                .path(0);
        HttpRequest.Builder put = HttpRequest.newBuilder(
                        URI.create(root).resolve(ticket.path("url").asText()))
                .PUT(HttpRequest.BodyPublishers.ofFile(shard.file()));
        assertEquals(
                200,
                http.send(put.build(), HttpResponse.BodyHandlers.discarding()).statusCode());
        int rows = texts.size();
        Counts counts = new Counts(1, 0, 1, 0, rows, rows, rows, Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(
                lease.path("bundle").asText(), "fp32", 10, "0".repeat(32), counts, List.of(shard.object()), 1);
        return post(path + "/submit", manifest).path("outcome").asText();
    }
}
