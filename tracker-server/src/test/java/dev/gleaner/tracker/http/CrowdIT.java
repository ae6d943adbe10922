package dev.gleaner.tracker.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Register;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** All workers of an effort at one moment, as after an outage. */
class CrowdIT extends ApiHarness {
    private static final int WORKERS = 2_000;

    private final AtomicInteger requests = new AtomicInteger();

    /** Calls, and comes again as the answer says. */
    private CompletableFuture<JsonNode> ask(String path, String token, Object body) {
        requests.incrementAndGet();
        HttpRequest request;
        try {
            request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tracker.port() + path))
                    .header("Authorization", "Bearer " + token)
                    .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                    .build();
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray()).thenCompose(answer -> {
            if (answer.statusCode() == 429 || answer.statusCode() == 503) {
                long seconds = answer.headers().firstValueAsLong("Retry-After").orElse(1);
                Executor later = CompletableFuture.delayedExecutor(seconds, TimeUnit.SECONDS);
                return CompletableFuture.supplyAsync(() -> path, later).thenCompose(same -> ask(same, token, body));
            }
            try {
                return answer.statusCode() == 200
                        ? CompletableFuture.completedFuture(JSON.readTree(answer.body()))
                        : CompletableFuture.failedFuture(new IOException(path + " answers " + answer.statusCode()));
            } catch (IOException e) {
                return CompletableFuture.failedFuture(e);
            }
        });
    }

    @Test
    void everyWorkerOfACrowdGetsAJobOfItsOwnWithoutAStormOfRetries() throws Exception {
        String bundle = uploadBundle();
        post(
                "/v1/operator/campaigns",
                campaign(
                        "c",
                        bundle,
                        IntStream.range(0, WORKERS).mapToObj(i -> "p" + i).toList()),
                operator);
        Register.Capabilities machine = new Register.Capabilities(1, 512, List.of("cpu"), "linux");
        Set<Long> jobs = ConcurrentHashMap.newKeySet();
        CompletableFuture<?>[] crowd = IntStream.range(0, WORKERS)
                .mapToObj(i -> ask("/v1/workers", "", new Register.Request("w" + i, null, "test/1", machine, null))
                        .thenCompose(
                                me -> ask("/v1/leases", me.path("token").asText(), new Acquire.Request("r", 1, 10)))
                        .thenAccept(answer -> jobs.add(
                                answer.path("leases").path(0).path("job").asLong())))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(crowd).get(120, TimeUnit.SECONDS);
        assertEquals(WORKERS, jobs.size());
        System.out.println("crowd: " + WORKERS + " workers came in and got a job with " + requests + " requests");
        assertTrue(requests.get() <= 1.2 * 2 * WORKERS, requests + " requests");
    }
}
