package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.worker.shard.Shard;
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
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shard that is too large for one PUT: the worker's own client, the tracker's jar, and an S3 server. */
class LargeUploadIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROWS = 12_500;
    private static final byte[] BUNDLE = "{\"files\":{}}".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Random random = new Random(1);

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private int status(URI address) throws InterruptedException {
        try {
            return http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    private void send(String method, URI address, String token, byte[] body) throws Exception {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(address)
                        .header("Authorization", "Bearer " + token)
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer.body());
    }

    /** Of unit length, and so that nothing can be packed. */
    private float[] noise() {
        float[] embedding = new float[512];
        double squares = 0;
        for (int i = 0; i < embedding.length; i++) {
            embedding[i] = (float) random.nextGaussian();
            squares += embedding[i] * embedding[i];
        }
        for (int i = 0; i < embedding.length; i++) {
            embedding[i] /= (float) Math.sqrt(squares);
        }
        return embedding;
    }

    @Test
    void aLargeShardIsUploadedInPartsAndAccepted() throws Exception {
        try (Programs programs = new Programs(folder)) {
            int storePort = Programs.freePort();
            Path properties = Files.write(
                    folder.resolve("s3proxy.properties"),
                    List.of(
                            "s3proxy.endpoint=http://127.0.0.1:" + storePort,
                            "s3proxy.authorization=aws-v4",
                            "s3proxy.identity=large",
                            "s3proxy.credential=large-secret",
                            "jclouds.provider=filesystem-nio2",
                            "jclouds.filesystem.basedir=" + Files.createDirectories(folder.resolve("objects"))));
            programs.launch(
                    Map.of(),
                    Programs.java(
                            "-Duser.language=en", // In Turkish it does not know the header If-None-Match.
                            "-cp",
                            System.getProperty("gleaner.test-servers") + "/*",
                            "org.gaul.s3proxy.Main",
                            "--properties",
                            properties.toString()),
                    "store.log");
            Programs.awaitThat(() -> status(URI.create("http://127.0.0.1:" + storePort + "/")) != 0);
            int port = Programs.freePort();
            programs.launch(
                    Map.of("AWS_ACCESS_KEY_ID", "large", "AWS_SECRET_ACCESS_KEY", "large-secret"),
                    Programs.java(
                            "-jar",
                            Programs.TRACKER.toString(),
                            "serve",
                            "--data",
                            folder.resolve("data").toString(),
                            "--port",
                            Integer.toString(port),
                            "--objects",
                            "s3://gleaner-large",
                            "--s3-endpoint",
                            "http://127.0.0.1:" + storePort,
                            "--s3-part-size",
                            "5"),
                    "tracker.log");
            URI tracker = URI.create("http://127.0.0.1:" + port + "/");
            Programs.awaitThat(() -> status(tracker.resolve("/health/ready")) == 200);
            String operator =
                    Files.readString(folder.resolve("data/operator.token")).strip();
            String bundle = sha256(BUNDLE);
            send("PUT", tracker.resolve("/v1/operator/bundles/" + bundle + "/bundle.json"), operator, BUNDLE);
            Map<String, Object> spec = new LinkedHashMap<>();
            spec.put("name", "c");
            spec.put("base", "https://data.commoncrawl.org/");
            spec.put("slices", 1);
            spec.put("bundle", bundle);
            spec.put("policy", Policy.laion400m());
            send(
                    "POST",
                    tracker.resolve("/v1/operator/campaigns"),
                    operator,
                    JSON.writeValueAsBytes(Map.of("spec", spec, "paths", List.of("p0"))));

            TrackerClient client = new TrackerClient(tracker, "test/1", TrackerClient.Patience.PATIENT, random);
            Register.Response me = client.register(new Register.Request(
                    "ada", null, "test/1", new Register.Capabilities(1, 1, List.of("cpu"), "linux"), null));
            client.authenticate(me.token());
            Lease lease =
                    client.acquire(new Acquire.Request("r", 1, 0)).leases().get(0);
            Shard shard = Shards.write(folder.resolve("shards"), lease, me.worker(), ROWS, this::noise);
            assertTrue(
                    shard.object().bytes() > 11L << 20, "only " + shard.object().bytes() + " bytes");
            Tickets.Parts parts = client.tickets(lease, List.of(shard.object()))
                    .tickets()
                    .get(0)
                    .parts();
            assertEquals(3, parts.parts().size());

            client.upload(lease, shard.object(), shard.file());
            Submit.Response verdict = client.submit(lease, Shards.manifest(lease, shard, 1));
            assertEquals(Submit.Outcome.ACCEPTED, verdict.outcome(), verdict.reason());
        }
    }
}
