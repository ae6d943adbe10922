package dev.gleaner.tracker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.ProtocolVersion;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Volunteers as a tracker sees them: calls over HTTP, one connection pool, all on one event loop. */
final class Load implements AutoCloseable {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final byte[] NO_LIMITS =
            "{\"leasesPerWorker\":0,\"leasesPerAddress\":0,\"leasesPerInvitation\":0,\"jobsPerDay\":0}"
                    .getBytes(StandardCharsets.UTF_8);
    private static final byte[] NO_FILES = "{\"files\":{}}".getBytes(StandardCharsets.UTF_8);
    private static final int SLICES = 1_000;

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client;
    private final List<Integer> ports;
    private final AtomicInteger turn = new AtomicInteger();
    private final String operator;
    private final String bundle;
    private final byte[] manifest;
    private final List<String> workers = new ArrayList<>();

    Load(int port, String operator, int connections) throws IOException {
        this(List.of(port), operator, connections);
    }

    /** @param ports of several trackers, called in turn */
    Load(List<Integer> ports, String operator, int connections) throws IOException {
        this.operator = operator;
        this.ports = List.copyOf(ports);
        this.client = vertx.createHttpClient(
                new HttpClientOptions().setDefaultHost("127.0.0.1"),
                new PoolOptions().setHttp1MaxSize(connections).setMaxWaitQueueSize(-1));
        try {
            this.bundle = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(NO_FILES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        this.manifest =
                JSON.writeValueAsBytes(new Manifest(bundle, "fp32", 1, "0".repeat(32), Counts.none(), List.of(), 1));
    }

    Future<JsonNode> call(HttpMethod method, String path, String token, byte[] body) {
        int port = ports.get(Math.floorMod(turn.getAndIncrement(), ports.size()));
        return client.request(method, port, "127.0.0.1", path)
                .compose(request -> request.putHeader("Authorization", "Bearer " + token)
                        .putHeader("Content-Type", "application/json")
                        .putHeader(ProtocolVersion.HEADER, Integer.toString(ProtocolVersion.CURRENT))
                        .send(Buffer.buffer(body)))
                .compose(response -> response.body().map(bytes -> {
                    if (response.statusCode() != 200) {
                        throw new IllegalStateException(path + " answers " + response.statusCode() + ": " + bytes);
                    }
                    try {
                        return JSON.readTree(bytes.getBytes());
                    } catch (IOException e) {
                        throw new IllegalStateException("no JSON from " + path, e);
                    }
                }));
    }

    /** A result without objects. */
    byte[] manifest() {
        return manifest;
    }

    /** The registered workers' tokens. */
    List<String> workers() {
        return workers;
    }

    Swarm swarm(long jobMillis) {
        return new Swarm(vertx, this, jobMillis);
    }

    private static <T> T await(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }

    /** Makes a campaign of so many jobs, and registers workers, who may take what they can. */
    void prepare(int jobs, int workerCount) throws IOException {
        await(call(HttpMethod.POST, "/v1/operator/limits", operator, NO_LIMITS));
        await(call(HttpMethod.PUT, "/v1/operator/bundles/" + bundle + "/bundle.json", operator, NO_FILES));
        List<String> paths = new ArrayList<>();
        for (int i = 0; i * SLICES < jobs; i++) {
            paths.add("crawl-data/wat/" + i + ".warc.wat.gz");
        }
        CampaignSpec spec =
                new CampaignSpec("bench", "https://data.commoncrawl.org/", SLICES, bundle, Policy.laion400m());
        await(call(
                HttpMethod.POST,
                "/v1/operator/campaigns",
                operator,
                JSON.writeValueAsBytes(Map.of("spec", spec, "paths", paths))));
        register(workerCount);
    }

    private void register(int count) throws IOException {
        AtomicInteger next = new AtomicInteger();
        CompletableFuture<Void> done = new CompletableFuture<>();
        AtomicInteger lanes = new AtomicInteger(Math.min(64, count));
        for (int lane = lanes.get(); lane > 0; lane--) {
            registerNext(next, count, lanes, done);
        }
        done.join();
    }

    private void registerNext(AtomicInteger next, int count, AtomicInteger lanes, CompletableFuture<Void> done)
            throws IOException {
        int n = next.getAndIncrement();
        if (n >= count) {
            if (lanes.decrementAndGet() == 0) {
                done.complete(null);
            }
            return;
        }
        byte[] body = JSON.writeValueAsBytes(Map.of(
                "nickname",
                "bench" + n,
                "agent",
                "bench/1",
                "capabilities",
                Map.of("cpus", 1, "memoryMiB", 1, "providers", List.of("cpu"), "os", "linux")));
        call(HttpMethod.POST, "/v1/workers", "", body)
                .onSuccess(answer -> {
                    synchronized (workers) {
                        workers.add(answer.path("token").asText());
                    }
                    try {
                        registerNext(next, count, lanes, done);
                    } catch (IOException e) {
                        done.completeExceptionally(e);
                    }
                })
                .onFailure(done::completeExceptionally);
    }

    /** What a run of cycles measured. */
    record Cycles(Latencies acquire, Latencies submit) {}

    /**
     * Workers that take a job and hand it in at once, over and over.
     *
     * @param atOnce how many do so side by side
     * @param perSecond cycles begun each second by all together; 0 for as fast as they can
     */
    Cycles cycles(int atOnce, double perSecond, int seconds) {
        Cycles measured = new Cycles(new Latencies(), new Latencies());
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        CompletableFuture<Void> done = new CompletableFuture<>();
        AtomicInteger lanes = new AtomicInteger(atOnce);
        long pause = perSecond == 0 ? 0 : (long) (1e9 * atOnce / perSecond);
        vertx.getOrCreateContext().runOnContext(go -> {
            for (int lane = 0; lane < atOnce; lane++) {
                long first = perSecond == 0 ? 0 : pause * lane / atOnce;
                String worker = workers.get(lane % workers.size());
                later(first, () -> cycle(worker, pause, until, measured, lanes, done));
            }
        });
        done.join();
        return measured;
    }

    private void later(long nanos, Runnable task) {
        if (nanos < 1_000_000) {
            task.run();
        } else {
            vertx.setTimer(TimeUnit.NANOSECONDS.toMillis(nanos), id -> task.run());
        }
    }

    private void cycle(
            String worker, long pause, long until, Cycles measured, AtomicInteger lanes, CompletableFuture<Void> done) {
        long began = System.nanoTime();
        if (done.isDone()) {
            return;
        }
        if (began >= until) {
            if (lanes.decrementAndGet() == 0) {
                done.complete(null);
            }
            return;
        }
        String body =
                "{\"request\":\"" + Long.toString(began, 36) + lanes.hashCode() + "\",\"max\":1,\"waitSeconds\":0}";
        call(HttpMethod.POST, "/v1/leases", worker, body.getBytes(StandardCharsets.UTF_8))
                .compose(answer -> {
                    JsonNode lease = answer.path("leases").path(0);
                    if (lease.isMissingNode()) {
                        return Future.failedFuture("no job was left: " + answer);
                    }
                    long granted = System.nanoTime();
                    measured.acquire.add(granted - began);
                    String path = "/v1/leases/" + lease.path("job").asLong() + "/"
                            + lease.path("token").asText() + "/submit";
                    return call(HttpMethod.POST, path, worker, manifest).onSuccess(verdict -> {
                        // A tracker under load may judge later; handed in it is.
                        if (verdict.path("outcome").asText().equalsIgnoreCase("rejected")) {
                            done.completeExceptionally(new IllegalStateException("not accepted: " + verdict));
                        }
                        measured.submit.add(System.nanoTime() - granted);
                    });
                })
                .onSuccess(ok -> later(
                        pause == 0 ? 0 : Math.max(0, pause - (System.nanoTime() - began)),
                        () -> cycle(worker, pause, until, measured, lanes, done)))
                .onFailure(done::completeExceptionally);
    }

    /** Gives each of the first workers so many leases. @return heartbeat bodies, one a worker */
    List<byte[]> lease(int workerCount, int leasesEach) throws IOException {
        List<byte[]> bodies = new ArrayList<>();
        for (int w = 0; w < workerCount; w++) {
            List<Heartbeat.Beat> beats = new ArrayList<>();
            for (int call = 0; beats.size() < leasesEach; call++) {
                int max = Math.min(8, leasesEach - beats.size());
                byte[] body = JSON.writeValueAsBytes(Map.of("request", "l" + call, "max", max, "waitSeconds", 0));
                JsonNode answer = await(call(HttpMethod.POST, "/v1/leases", workers.get(w), body));
                for (JsonNode lease : answer.path("leases")) {
                    beats.add(new Heartbeat.Beat(
                            lease.path("job").asLong(),
                            dev.gleaner.protocol.lease.FencingToken.parse(
                                    lease.path("token").asText()),
                            "fetch",
                            10,
                            1,
                            0));
                }
                if (answer.path("leases").isEmpty()) {
                    throw new IOException("no job was left for the bench's workers");
                }
            }
            bodies.add(JSON.writeValueAsBytes(new Heartbeat.Request(beats)));
        }
        return bodies;
    }

    /**
     * Heartbeats of workers that each have their leases.
     *
     * @param everySeconds each worker beats so often, spread evenly; 0 for as fast as they can, 64 at once
     */
    Latencies heartbeats(List<byte[]> bodies, double everySeconds, int seconds) {
        Latencies measured = new Latencies();
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        CompletableFuture<Void> done = new CompletableFuture<>();
        int lanes = everySeconds == 0 ? Math.min(64, bodies.size()) : bodies.size();
        AtomicInteger left = new AtomicInteger(lanes);
        long pause = (long) (everySeconds * 1e9);
        vertx.getOrCreateContext().runOnContext(go -> {
            for (int lane = 0; lane < lanes; lane++) {
                int mine = lane;
                later(pause * lane / lanes, () -> beat(mine, bodies, pause, until, measured, left, done));
            }
        });
        done.join();
        return measured;
    }

    private void beat(
            int worker,
            List<byte[]> bodies,
            long pause,
            long until,
            Latencies measured,
            AtomicInteger left,
            CompletableFuture<Void> done) {
        long began = System.nanoTime();
        if (began >= until) {
            if (left.decrementAndGet() == 0) {
                done.complete(null);
            }
            return;
        }
        call(HttpMethod.POST, "/v1/heartbeats", workers.get(worker), bodies.get(worker))
                .onSuccess(answer -> {
                    long now = System.nanoTime();
                    measured.add(now - began);
                    long wait = Math.min(Math.max(0, pause - (now - began)), Math.max(0, until - now) + 1_000_000);
                    later(pause == 0 ? 0 : wait, () -> beat(worker, bodies, pause, until, measured, left, done));
                })
                .onFailure(done::completeExceptionally);
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
