package dev.gleaner.deploy.faults;

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
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that speak the lease protocol as workers do, with real shards but without pictures: take jobs, beat, upload, hand in, and
 * try again as long as the tracker asks for it. They write down what they were told.
 */
final class Volunteers {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int TRIES = 80;

    private final URI trackers;
    private final Path folder;
    private final String bundle;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(3))
            .build();
    private final AtomicBoolean stop = new AtomicBoolean();

    /** Which volunteer was given which token. */
    final Map<String, String> granted = new ConcurrentHashMap<>();
    /** Submissions that were answered. */
    final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    /** Submissions that were called accepted. */
    final Set<String> accepted = ConcurrentHashMap.newKeySet();
    /** What must not happen. */
    final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();

    final AtomicInteger retries = new AtomicInteger();
    final AtomicInteger lost = new AtomicInteger();

    Volunteers(URI trackers, Path folder, String bundle) {
        this.trackers = trackers;
        this.folder = folder;
        this.bundle = bundle;
    }

    void stop() {
        stop.set(true);
    }

    /** An answer that is no retry. */
    private record Answer(int status, JsonNode body) {}

    /** Calls until somebody answers with something else than "later". */
    private Answer call(String method, URI address, String token, Map<String, String> headers, byte[] body)
            throws InterruptedException {
        String last = "";
        for (int tries = 0; tries < TRIES; tries++) {
            try {
                HttpRequest.Builder request = HttpRequest.newBuilder(address)
                        .timeout(Duration.ofSeconds(8))
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
                if (!token.isEmpty()) {
                    request.header("Authorization", "Bearer " + token);
                }
                headers.forEach(request::header);
                HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
                int status = response.statusCode();
                if (status < 500 && status != 429) {
                    boolean json = response.headers()
                            .firstValue("Content-Type")
                            .orElse("")
                            .contains("json");
                    return new Answer(status, json ? JSON.readTree(response.body()) : JSON.nullNode());
                }
                last = status + " " + new String(response.body(), java.nio.charset.StandardCharsets.UTF_8);
                if (status == 500 && address.toString().startsWith(trackers.toString())) {
                    wrong.add(method + " " + address.getPath() + " answers " + last);
                }
            } catch (IOException e) {
                last = e.toString();
            }
            retries.incrementAndGet();
            Thread.sleep(Math.min(2_000, 50L << Math.min(tries, 6)));
        }
        throw new IllegalStateException(
                method + " " + address + ": no answer in " + TRIES + " tries, the last: " + last);
    }

    private Answer post(String path, String token, Object body) throws IOException, InterruptedException {
        return call(
                "POST",
                trackers.resolve(path),
                token,
                Map.of("Content-Type", "application/json"),
                JSON.writeValueAsBytes(body));
    }

    /** The life of one volunteer. */
    void live(int number, long seed) {
        Random random = new Random(seed);
        String name = "v" + number;
        try {
            Answer me = post(
                    "v1/workers",
                    "",
                    Map.of(
                            "nickname",
                            name,
                            "agent",
                            "fault-test/1",
                            "capabilities",
                            Map.of("cpus", 1, "memoryMiB", 1, "providers", List.of("cpu"), "os", "linux")));
            String token = me.body.path("token").asText();
            for (int round = 0; !stop.get(); round++) {
                Answer answer = post(
                        "v1/leases",
                        token,
                        Map.of("request", name + "." + round, "max", 1 + random.nextInt(3), "waitSeconds", 2));
                if (answer.status != 200) {
                    wrong.add("acquire answers " + answer);
                    return;
                }
                if (answer.body.path("leases").isEmpty()) {
                    Thread.sleep(200); // A tracker may say no at once.
                }
                for (JsonNode lease : answer.body.path("leases")) {
                    work(name, token, me.body.path("worker").asText(), lease, random);
                }
            }
        } catch (IOException | RuntimeException e) {
            wrong.add(name + ": " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void work(String name, String token, String worker, JsonNode lease, Random random)
            throws IOException, InterruptedException {
        long job = lease.path("job").asLong();
        String fence = lease.path("token").asText();
        String attempt = job + "/" + fence;
        String before = granted.put(attempt, name);
        if (before != null && !before.equals(name)) {
            wrong.add("token " + attempt + " was granted to " + before + " and to " + name);
        }
        for (int beat = random.nextInt(3); beat > 0; beat--) {
            Thread.sleep(random.nextInt(400));
            post("v1/heartbeats", token, Map.of("leases", List.of(beat(job, fence, beat))));
        }
        Path shards = Files.createTempDirectory(folder, "shard");
        Shard shard = shard(shards, lease, worker);
        String path = "v1/leases/" + attempt;
        Answer tickets = post(path + "/tickets", token, Map.of("objects", List.of(shard.object())));
        if (tickets.status != 200) {
            over(attempt, tickets);
            return;
        }
        upload(path, token, shard, tickets);
        Counts counts = new Counts(1, 0, 1, 0, 2, 2, 2, Map.of(), Map.of(), 10);
        Manifest manifest = new Manifest(bundle, "fp32", 10, "0".repeat(31) + "1", counts, List.of(shard.object()), 1);
        Answer verdict = post(path + "/submit", token, manifest);
        if (verdict.status != 200) {
            over(attempt, verdict);
            return;
        }
        acknowledged.add(attempt);
        String outcome = verdict.body.path("outcome").asText().toLowerCase(java.util.Locale.ROOT);
        if (outcome.equals("accepted")) {
            accepted.add(attempt);
        } else if (outcome.equals("rejected")) {
            wrong.add("an honest result was rejected: " + attempt + " " + verdict.body);
        }
    }

    private void over(String attempt, Answer answer) {
        if (answer.body.path("code").asText().equals("lease-lost")) {
            lost.incrementAndGet();
        } else {
            wrong.add(attempt + " is answered with " + answer);
        }
    }

    private static Map<String, Object> beat(long job, String fence, int finished) {
        return Map.of(
                "job", job, "token", fence, "stage", "fetch", "candidates", 2, "finished", finished, "kept", finished);
    }

    /** Uploads until the store has it; a second answer to the same ticket is as good as the first. */
    private void upload(String path, String token, Shard shard, Answer tickets)
            throws IOException, InterruptedException {
        JsonNode ticket = tickets.body.path("tickets").path(0);
        for (int tries = 0; tries < 10; tries++) {
            Map<String, String> headers = new java.util.HashMap<>();
            ticket.path("headers")
                    .properties()
                    .forEach(header ->
                            headers.put(header.getKey(), header.getValue().asText()));
            Answer put = call(
                    "PUT",
                    trackers.resolve(ticket.path("url").asText()),
                    "",
                    headers,
                    Files.readAllBytes(shard.file()));
            if (put.status / 100 == 2 || put.status == 412) {
                return;
            }
            Answer again = post(path + "/tickets", token, Map.of("objects", List.of(shard.object())));
            ticket = again.body.path("tickets").path(0);
        }
        wrong.add("an upload was refused ten times: " + path);
    }

    private Shard shard(Path folder, JsonNode lease, String worker) throws IOException {
        ShardWriter writer = new ShardWriter(
                folder,
                100,
                Map.of(
                        ShardMetadata.CAMPAIGN,
                        lease.path("campaign").asText(),
                        ShardMetadata.JOB,
                        lease.path("job").asText(),
                        ShardMetadata.ATTEMPT,
                        lease.path("token").asText(),
                        ShardMetadata.WORKER,
                        worker,
                        ShardMetadata.SCHEMA,
                        Integer.toString(ShardColumn.SCHEMA_VERSION)));
        for (int row = 0; row < 2; row++) {
            writer.add(new KeptPair(
                    row,
                    "https://example.org/" + row + ".jpg",
                    "a text",
                    640,
                    480,
                    null,
                    PictureMarks.NONE,
                    0.31f,
                    "https://example.org/",
                    lease.path("watPath").asText(),
                    0,
                    row,
                    new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                    10_000,
                    "JPEG",
                    null,
                    null,
                    Instant.EPOCH,
                    200,
                    bundle,
                    new float[] {1, 0}));
        }
        return writer.finish().get(0);
    }
}
