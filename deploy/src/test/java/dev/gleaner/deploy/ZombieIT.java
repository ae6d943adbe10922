package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.tracker.Tracker;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.tracker.ProblemException;
import dev.gleaner.worker.tracker.TrackerClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that stops in the midst of its upload, and goes on when its job has long been done by another. */
class ZombieIT {
    private static final byte[] BUNDLE = "{\"files\":{}}".getBytes(StandardCharsets.UTF_8);
    private static final LeaseSettings LEASES =
            new LeaseSettings(Duration.ofSeconds(20), Duration.ofHours(1), Duration.ofSeconds(5));

    @TempDir
    Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private volatile Instant now = Instant.parse("2026-11-20T12:00:00Z");

    /** A volunteer. */
    private record Person(TrackerClient client, String worker) {}

    private String operator(URI address, String method, String path, byte[] body) throws Exception {
        String token = Files.readString(folder.resolve("data/operator.token")).strip();
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(address.resolve(path))
                        .header("Authorization", "Bearer " + token)
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer.body());
        return answer.body();
    }

    private void makeCampaign(URI address) throws Exception {
        String bundle =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(BUNDLE));
        operator(address, "PUT", "/v1/operator/bundles/" + bundle + "/bundle.json", BUNDLE);
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("name", "c");
        spec.put("base", "https://data.commoncrawl.org/");
        spec.put("slices", 1);
        spec.put("bundle", bundle);
        spec.put("policy", Policy.laion400m());
        operator(
                address,
                "POST",
                "/v1/operator/campaigns",
                new ObjectMapper().writeValueAsBytes(Map.of("spec", spec, "paths", List.of("p0"))));
    }

    private static Person join(URI address, String name) throws IOException {
        TrackerClient client = new TrackerClient(
                address,
                "test/1",
                new TrackerClient.Patience(3, Duration.ofMillis(50), Duration.ofMillis(100)),
                new Random(1));
        Register.Response me = client.register(
                new Register.Request(name, null, "test/1", new Register.Capabilities(1, 1, List.of("cpu"), "x"), null));
        client.authenticate(me.token());
        return new Person(client, me.worker());
    }

    /** In steps, each of them watched: a leap would count against nobody. */
    private void pass(Duration time) throws InterruptedException {
        for (Duration left = time; !left.isZero(); left = left.minusSeconds(2)) {
            now = now.plusSeconds(2);
            Thread.sleep(600);
        }
    }

    /** Accepted objects and their digests. */
    private Map<String, String> accepted() throws IOException {
        Map<String, String> digests = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder.resolve("data/objects/accepted"))) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                digests.put(file.toString(), Digests.sha256(file));
            }
        }
        return digests;
    }

    @Test
    void aZombiesResultIsCreditedAndChangesNothingThatWasAccepted() throws Exception {
        TrackerConfig config = TrackerConfig.embedded("127.0.0.1", 0, folder.resolve("data"), LEASES);
        try (Tracker tracker = Tracker.start(config, () -> now, "test")) {
            URI address = URI.create("http://127.0.0.1:" + tracker.port() + "/");
            makeCampaign(address);
            Person ada = join(address, "ada");
            Person bela = join(address, "bela");
            Lease adas =
                    ada.client.acquire(new Acquire.Request("r", 1, 0)).leases().get(0);
            Shard adasShard = Shards.write(folder.resolve("ada"), adas, ada.worker, 3, () -> new float[] {1, 0});
            Tickets.Ticket ticket = ada.client
                    .tickets(adas, List.of(adasShard.object()))
                    .tickets()
                    .get(0);

            pass(Duration.ofSeconds(24));
            Lease belas =
                    bela.client.acquire(new Acquire.Request("r", 1, 5)).leases().get(0);
            assertEquals(
                    List.of(adas.job(), 2), List.of(belas.job(), belas.token().attempt()));
            Shard belasShard = Shards.write(folder.resolve("bela"), belas, bela.worker, 3, () -> new float[] {0, 1});
            bela.client.upload(belas, belasShard.object(), belasShard.file());
            assertEquals(
                    Submit.Outcome.ACCEPTED,
                    bela.client
                            .submit(belas, Shards.manifest(belas, belasShard, 1))
                            .outcome());
            Map<String, String> before = accepted();
            assertEquals(1, before.size());

            HttpRequest.Builder put = HttpRequest.newBuilder(address.resolve(ticket.url()))
                    .PUT(HttpRequest.BodyPublishers.ofFile(adasShard.file()));
            ticket.headers().forEach(put::header);
            assertEquals(
                    2,
                    http.send(put.build(), HttpResponse.BodyHandlers.discarding())
                                    .statusCode()
                            / 100);
            Submit.Response late = ada.client.submit(adas, Shards.manifest(adas, adasShard, 1));
            assertEquals(Submit.Outcome.ACCEPTED, late.outcome(), "the same candidates: ada gets her credit");
            assertEquals(late, ada.client.submit(adas, Shards.manifest(adas, adasShard, 1)), "the same call again");
            ProblemException other = assertThrows(
                    ProblemException.class, () -> ada.client.submit(adas, Shards.manifest(adas, adasShard, 2)));
            assertEquals(Optional.of(ProblemCode.RESULT_CONFLICT), other.code());
            assertEquals(before, accepted());
            String job = operator(address, "GET", "/v1/operator/jobs/" + adas.job(), new byte[0]);
            assertEquals(1, job.split("\"superseded\"", -1).length - 1, job);
            assertEquals(1, job.split("\"accepted\"", -1).length - 1, job);
        }
    }
}
