package dev.gleaner.tracker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * Many volunteers with real timing: each takes a job, beats every 30 s while it works, hands it in, takes the next. Jobs take between
 * half and one and a half times as long as said. All on one event loop.
 */
final class Swarm {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final long BEAT_MILLIS = 30_000;

    private final Vertx vertx;
    private final Load load;
    private final long jobMillis;
    private final Random random = new Random(1);
    private final CompletableFuture<Void> failure = new CompletableFuture<>();
    private boolean measuring;
    private boolean over;

    final Latencies acquire = new Latencies();
    final Latencies beat = new Latencies();
    final Latencies submit = new Latencies();

    Swarm(Vertx vertx, Load load, long jobMillis) {
        this.vertx = vertx;
        this.load = load;
        this.jobMillis = jobMillis;
    }

    /** Lets the workers join one after the other for so long. They are in the midst of their first jobs then, as in a steady swarm. */
    void join(List<String> workers, int seconds) {
        vertx.getOrCreateContext().runOnContext(go -> {
            for (int i = 0; i < workers.size(); i++) {
                String worker = workers.get(i);
                long first = 1 + 1_000L * seconds * i / workers.size();
                vertx.setTimer(first, id -> take(worker, (long) (random.nextDouble() * jobMillis)));
            }
        });
        pass(seconds);
    }

    /** Notes for so long what calls take. */
    void measure(int seconds) {
        vertx.getOrCreateContext().runOnContext(go -> measuring = true);
        pass(seconds);
        vertx.getOrCreateContext().runOnContext(go -> measuring = false);
    }

    void end() {
        vertx.getOrCreateContext().runOnContext(go -> over = true);
    }

    private void pass(int seconds) {
        CompletableFuture<Void> passed = new CompletableFuture<>();
        vertx.setTimer(1_000L * seconds, id -> passed.complete(null));
        CompletableFuture.anyOf(passed, failure).join();
    }

    private long duration() {
        return (long) (jobMillis * (0.5 + random.nextDouble()));
    }

    private void take(String worker, long work) {
        if (over) {
            return;
        }
        long began = System.nanoTime();
        call("/v1/leases", worker, new Acquire.Request(Long.toString(began, 36), 1, 20), answer -> {
            note(acquire, began);
            JsonNode lease = answer.path("leases").path(0);
            if (lease.isMissingNode()) {
                fail(new IOException("no job was left: " + answer));
                return;
            }
            work(worker, lease, work);
        });
    }

    private void work(String worker, JsonNode lease, long left) {
        if (left <= BEAT_MILLIS) {
            vertx.setTimer(Math.max(1, left), id -> handIn(worker, lease));
            return;
        }
        vertx.setTimer(BEAT_MILLIS, id -> {
            if (over) {
                return;
            }
            Heartbeat.Beat one = new Heartbeat.Beat(
                    lease.path("job").asLong(),
                    FencingToken.parse(lease.path("token").asText()),
                    "fetch",
                    1_000_000,
                    1_000_000 - left,
                    0);
            long began = System.nanoTime();
            call("/v1/heartbeats", worker, new Heartbeat.Request(List.of(one)), answer -> {
                note(beat, began);
                work(worker, lease, left - BEAT_MILLIS);
            });
        });
    }

    private void handIn(String worker, JsonNode lease) {
        if (over) {
            return;
        }
        long began = System.nanoTime();
        String path = "/v1/leases/" + lease.path("job").asLong() + "/"
                + lease.path("token").asText() + "/submit";
        call(path, worker, load.manifest(), verdict -> {
            note(submit, began);
            take(worker, duration());
        });
    }

    private void note(Latencies latencies, long began) {
        if (measuring) {
            latencies.add(System.nanoTime() - began);
        }
    }

    private interface Then {
        void with(JsonNode answer);
    }

    private void call(String path, String worker, Object body, Then then) {
        try {
            byte[] bytes = body instanceof byte[] raw ? raw : JSON.writeValueAsBytes(body);
            load.call(HttpMethod.POST, path, worker, bytes)
                    .onSuccess(then::with)
                    .onFailure(this::fail);
        } catch (IOException e) {
            fail(e);
        }
    }

    private void fail(Throwable cause) {
        if (!over) {
            over = true;
            failure.completeExceptionally(cause);
        }
    }
}
