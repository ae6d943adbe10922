package dev.gleaner.tracker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.tracker.Tracker;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.sql.LedgerCheck;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.storage.s3.S3ProxyServer;
import dev.gleaner.tracker.storage.s3.S3Settings;
import dev.gleaner.tracker.storage.s3.ServerProcess;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three trackers with one PostgreSQL and one S3 store, called as workers behind a plain round-robin proxy call them. */
@Tag("jdk")
class ClusterIT {
    private static final Path BUNDLE = Path.of("../deploy/model/demo-bundle");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int JOBS = 60;

    @TempDir
    Path folder;

    private final Random random = new Random(7);
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Tracker> trackers = new ArrayList<>();
    private final List<Integer> clusterPorts = new ArrayList<>();
    private EmbeddedPostgres postgres;
    private ServerProcess store;
    private String operator;

    @BeforeEach
    void start() throws Exception {
        postgres = EmbeddedPostgres.builder()
                .setServerConfig("unix_socket_directories", "") // Or it writes into /tmp.
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start();
        store = S3ProxyServer.start(folder);
        for (int i = 0; i < 3; i++) {
            clusterPorts.add(ServerProcess.freePort());
        }
        for (int i = 0; i < 3; i++) {
            trackers.add(tracker(i));
        }
        operator = Files.readString(folder.resolve("tracker-0/operator.token")).trim();
    }

    private Tracker tracker(int index) throws Exception {
        ClusterSettings cluster = new ClusterSettings(
                "test-" + clusterPorts.get(0),
                "127.0.0.1",
                clusterPorts.get(index),
                ServerProcess.freePort(),
                clusterPorts.stream().map(port -> "127.0.0.1:" + port).toList(),
                null);
        URI endpoint = URI.create("http://127.0.0.1:" + store.port());
        TrackerConfig config = new TrackerConfig(
                "127.0.0.1",
                0,
                folder.resolve("tracker-" + index),
                new LeaseSettings(Duration.ofSeconds(60), Duration.ofHours(1), Duration.ofSeconds(10)),
                new TrackerConfig.LedgerPlace.Postgres(postgres.getJdbcUrl("postgres", "postgres"), "postgres", ""),
                new TrackerConfig.ObjectsPlace.S3(new S3Settings(
                        endpoint,
                        endpoint,
                        "us-east-1",
                        "gleaner-cluster",
                        "",
                        false,
                        S3ProxyServer.ACCESS_KEY,
                        S3ProxyServer.SECRET_KEY,
                        null,
                        S3Settings.DEFAULT_PART_BYTES)),
                cluster,
                List.of(),
                null);
        return Tracker.start(config, InstantSource.system(), "test");
    }

    @AfterEach
    void stop() throws Exception {
        trackers.forEach(Tracker::close);
        store.close();
        postgres.close();
    }

    private Tracker any() {
        return trackers.get(random.nextInt(trackers.size()));
    }

    private JsonNode call(Tracker tracker, String method, String path, Object body, String token) throws Exception {
        byte[] bytes = body instanceof byte[] raw ? raw : body == null ? new byte[0] : JSON.writeValueAsBytes(body);
        HttpResponse<byte[]> response = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + path))
                        .timeout(Duration.ofSeconds(40))
                        .header("Authorization", "Bearer " + token)
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(bytes))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        JsonNode answer = JSON.readTree(response.body());
        assertEquals(200, response.statusCode(), path + ": " + answer);
        return answer;
    }

    private void campaign() throws Exception {
        byte[] manifest = Files.readAllBytes(BUNDLE.resolve("bundle.json"));
        String id = Tokens.hash(new String(manifest, StandardCharsets.UTF_8));
        call(any(), "PUT", "/v1/operator/bundles/" + id + "/bundle.json", manifest, operator);
        for (var names = JSON.readTree(manifest).path("files").fieldNames(); names.hasNext(); ) {
            String name = names.next();
            byte[] file = Files.readAllBytes(BUNDLE.resolve(name));
            call(any(), "PUT", "/v1/operator/bundles/" + id + "/" + name, file, operator);
        }
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("name", "c");
        spec.put("base", "https://data.commoncrawl.org/");
        spec.put("slices", 1);
        spec.put("bundle", id);
        spec.put("policy", Policy.laion400m());
        List<String> paths = IntStream.range(0, JOBS).mapToObj(i -> "p" + i).toList();
        call(any(), "POST", "/v1/operator/campaigns", Map.of("spec", spec, "paths", paths), operator);
    }

    private String register(String name) throws Exception {
        Map<String, Object> body = Map.of(
                "nickname",
                name,
                "agent",
                "test/1",
                "capabilities",
                Map.of("cpus", 1, "memoryMiB", 1, "providers", List.of("cpu"), "os", "x"));
        return call(any(), "POST", "/v1/workers", body, "").path("token").asText();
    }

    private JsonNode acquire(Tracker at, String worker, String request, int max) throws Exception {
        return call(at, "POST", "/v1/leases", Map.of("request", request, "max", max, "waitSeconds", 20), worker)
                .path("leases");
    }

    private String verdict(Tracker at, String worker, JsonNode lease) throws Exception {
        Map<String, Object> beat = new HashMap<>();
        beat.put("job", lease.path("job").asLong());
        beat.put("token", lease.path("token").asText());
        beat.put("stage", "fetch");
        beat.put("candidates", 1);
        beat.put("finished", 1);
        beat.put("kept", 0);
        return call(at, "POST", "/v1/heartbeats", Map.of("leases", List.of(beat)), worker)
                .path("leases")
                .get(0)
                .path("verdict")
                .asText();
    }

    /** Waits until the trackers share the jobs among them. */
    private void awaitShares() throws Exception {
        for (int tries = 0; tries < 200; tries++) {
            List<Integer> sizes = trackers.stream().map(Tracker::partitions).toList();
            if (sizes.stream().allMatch(n -> n > 0)
                    && sizes.stream().mapToInt(n -> n).sum() == 271) {
                return;
            }
            Thread.sleep(100);
        }
        throw new AssertionError(
                "no even share: " + trackers.stream().map(Tracker::partitions).toList());
    }

    private void aSiteThatRefusesAtOneTrackerIsSparedAtAll(List<String> workers) throws Exception {
        Map<String, Object> tally =
                Map.of("site", "example.org", "asked", 3, "refused", 1, "restSeconds", 300, "source", false);
        call(
                trackers.get(0),
                "POST",
                "/v1/heartbeats",
                Map.of("leases", List.of(), "sites", Map.of("since", 0, "tallies", List.of(tally))),
                workers.get(0));
        for (Tracker at : trackers) {
            JsonNode orders = null;
            for (int tries = 0; tries < 50 && (orders == null || orders.isEmpty()); tries++) {
                Thread.sleep(200);
                orders = call(
                                at,
                                "POST",
                                "/v1/heartbeats",
                                Map.of("leases", List.of(), "sites", Map.of("since", 0, "tallies", List.of())),
                                workers.get(1))
                        .path("sites")
                        .path("orders");
            }
            assertEquals("example.org", orders.path(0).path("site").asText(), "tracker at port " + at.port());
        }
    }

    private void aResultAtOneTrackerIsToldByAll(JsonNode lease, String worker) throws Exception {
        List<BufferedReader> streams = new ArrayList<>();
        for (Tracker at : trackers) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + at.port() + "/v1/events"))
                    .build();
            streams.add(new BufferedReader(new InputStreamReader(
                    http.send(request, HttpResponse.BodyHandlers.ofInputStream())
                            .body(),
                    StandardCharsets.UTF_8)));
        }
        Manifest manifest =
                new Manifest(lease.path("bundle").asText(), "fp32", 10, "0".repeat(32), Counts.none(), List.of(), 1);
        String path = "/v1/leases/" + lease.path("job").asLong() + "/"
                + lease.path("token").asText() + "/submit";
        assertEquals(
                "ACCEPTED",
                call(trackers.get(0), "POST", path, manifest, worker)
                        .path("outcome")
                        .asText());
        for (BufferedReader stream : streams) {
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
                String told = "\"job\":" + lease.path("job").asLong() + ",";
                for (String line = stream.readLine(); !line.contains(told); line = stream.readLine()) {
                    assertNotNull(line);
                }
            });
            stream.close();
        }
    }

    private void aLeaseIsGivenMoreTimeAtAnyTracker(JsonNode lease) throws Exception {
        Map<String, Object> ref = Map.of(
                "job", lease.path("job").asLong(), "token", lease.path("token").asText());
        for (Tracker at : trackers) {
            long seconds = 5_000 + at.port() % 1_000;
            Map<String, Object> wish = Map.of("leases", List.of(ref), "seconds", seconds, "reason", "test");
            call(at, "POST", "/v1/operator/leases/extend", wish, operator);
            long ends = 0;
            for (int tries = 0; tries < 50 && Math.abs(ends - seconds) > 10; tries++) {
                Thread.sleep(100);
                for (JsonNode shown : call(at, "GET", "/v1/operator/leases?limit=1000", null, operator)
                        .path("leases")) {
                    ends = shown.path("job").asLong() == lease.path("job").asLong()
                            ? shown.path("endsInSeconds").asLong()
                            : ends;
                }
            }
            assertTrue(Math.abs(ends - seconds) <= 10, ends + " instead of " + seconds);
        }
    }

    @Test
    void workersMayTalkToAnyTrackerAndEveryJobGoesOutOnce() throws Exception {
        awaitShares();
        campaign();
        // No worker may hold all jobs, and one tracker may own most of so few.
        List<String> workers = List.of(register("ada"), register("ben"), register("cleo"));
        Map<Long, JsonNode> leases = new HashMap<>();
        Map<Long, String> holders = new HashMap<>();
        for (int call = 0; leases.size() < JOBS; call++) {
            assertTrue(call < 60, "only " + leases.size() + " leases after " + call + " calls");
            String worker = workers.get(call % workers.size());
            for (JsonNode lease : acquire(any(), worker, "r" + call, 8)) {
                assertFalse(leases.containsKey(lease.path("job").asLong()), "a job went out twice: " + lease);
                leases.put(lease.path("job").asLong(), lease);
                holders.put(lease.path("job").asLong(), worker);
            }
        }
        for (Map.Entry<Long, JsonNode> lease : leases.entrySet()) {
            for (Tracker at : trackers) {
                assertEquals("CONTINUE", verdict(at, holders.get(lease.getKey()), lease.getValue()));
            }
        }
        JsonNode again = acquire(trackers.get(2), workers.get(0), "r0", 8);
        assertFalse(again.isEmpty(), "a repeated call gets the same leases at any tracker");

        aSiteThatRefusesAtOneTrackerIsSparedAtAll(workers);

        for (Tracker at : trackers) {
            JsonNode page = call(at, "GET", "/v1/operator/leases?limit=1000", null, operator);
            assertEquals(JOBS, page.path("matched").asInt(), "at port " + at.port());
            assertEquals(JOBS, page.path("leases").size());
            assertEquals(0, page.path("silent").asInt());
        }

        long submitted = leases.keySet().iterator().next();
        JsonNode done = leases.remove(submitted);
        aResultAtOneTrackerIsToldByAll(done, holders.remove(submitted));
        aLeaseIsGivenMoreTimeAtAnyTracker(leases.values().iterator().next());

        // One leaves in order, the others take over; nobody loses a lease.
        trackers.remove(0).close();
        awaitShares();
        for (Map.Entry<Long, JsonNode> lease : leases.entrySet()) {
            assertEquals("CONTINUE", verdict(any(), holders.get(lease.getKey()), lease.getValue()));
        }
        JsonNode first = leases.values().iterator().next();
        String worker = holders.get(first.path("job").asLong());
        String path = "/v1/leases/" + first.path("job").asLong() + "/"
                + first.path("token").asText();
        call(any(), "POST", path + "/release", Map.of("reason", "done"), worker);
        String bela = register("bela");
        JsonNode regained = acquire(any(), bela, "b1", 1);
        assertEquals(first.path("job").asLong(), regained.get(0).path("job").asLong());
        Thread.sleep(300);
        for (Tracker at : trackers) {
            assertEquals("LOST", verdict(at, worker, first));
            assertEquals("CONTINUE", verdict(at, bela, regained.get(0)));
        }

        // It comes back, and takes its share again.
        trackers.add(tracker(0));
        awaitShares();
        assertEquals("CONTINUE", verdict(trackers.get(2), bela, regained.get(0)));
        try (SqlLedger ledger = SqlLedger.postgres(
                postgres.getJdbcUrl("postgres", "postgres"),
                "postgres",
                "",
                InstantSource.system(),
                LedgerMonitor.NONE)) {
            assertEquals(List.of(), LedgerCheck.faults(ledger));
        }
    }
}
