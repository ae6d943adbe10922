package dev.gleaner.tracker.cluster;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.ledger.Share;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends each call to the tracker that owns its jobs. Messages may get lost: whoever does not answer in time is left out, a
 * lease is never called lost because its owner is silent, and what an owner was not told it finds in the ledger by its sweep.
 * Safe for any thread.
 */
public final class RoutingDesk implements Desk {
    private static final Logger log = LoggerFactory.getLogger(RoutingDesk.class);
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final long ANSWER_MILLIS = 3_000;
    /** How long an idle worker waits here before the other trackers are asked again. */
    private static final Duration LOOK_AROUND = Duration.ofSeconds(4);

    private final Cluster cluster;
    private final LeaseDesk here;
    private final EventBus bus;
    private final InstantSource clock;

    /** What travels between trackers; null where a call has no such part. */
    record Call(
            String kind,
            String worker,
            @Nullable String request,
            int max,
            @Nullable List<Heartbeat.Beat> beats,
            long job,
            @Nullable FencingToken token) {}

    public RoutingDesk(Cluster cluster, LeaseDesk here, Vertx vertx, InstantSource clock) {
        this.cluster = cluster;
        this.here = here;
        this.bus = vertx.eventBus();
        this.clock = clock;
        bus.<Buffer>consumer(address(cluster.self()), this::serve);
    }

    private static String address(String tracker) {
        return "gleaner.desk." + tracker;
    }

    // What others ask of this tracker

    private void serve(Message<Buffer> message) {
        try {
            Call call = JSON.readValue(message.body().getBytes(), Call.class);
            switch (call.kind()) {
                case "acquire" ->
                    reply(message, here.acquire(call.worker(), text(call.request()), call.max(), Duration.ZERO));
                case "heartbeat" ->
                    reply(message, here.heartbeat(call.worker(), call.beats() == null ? List.of() : call.beats()));
                case "submitted" -> here.submitted(call.job(), token(call));
                case "ended" -> here.ended(call.job(), token(call), call.worker());
                case "wake" -> here.wake();
                default -> message.fail(1, "this tracker does not know the call " + call.kind());
            }
        } catch (IOException | RuntimeException e) {
            log.warn("A call of another tracker could not be understood: {}", e.toString());
            message.fail(2, "malformed");
        }
    }

    private static void reply(Message<Buffer> message, CompletionStage<?> answer) {
        answer.whenComplete((value, error) -> {
            if (error != null) {
                message.fail(3, String.valueOf(error.getMessage()));
            } else {
                message.reply(Buffer.buffer(bytes(value)));
            }
        });
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static FencingToken token(Call call) {
        FencingToken token = call.token();
        if (token == null) {
            throw new IllegalArgumentException("the call " + call.kind() + " needs a token");
        }
        return token;
    }

    // What this tracker's callers ask

    @Override
    public CompletionStage<List<Granted>> acquire(String worker, String request, int max, Duration wait) {
        Instant until = clock.instant().plus(wait);
        return here.acquire(worker, request, max, Duration.ZERO)
                .thenCompose(granted -> granted.isEmpty()
                        ? around(worker, request, max, until)
                        : CompletableFuture.completedFuture(granted));
    }

    /** Asks the others, one after the other, then waits here for a while, and so on. */
    private CompletionStage<List<Granted>> around(String worker, String request, int max, Instant until) {
        List<String> others = new ArrayList<>(cluster.others());
        Collections.shuffle(others);
        return ask(others, worker, request, max).thenCompose(granted -> {
            Duration left = Duration.between(clock.instant(), until);
            if (!granted.isEmpty() || left.isNegative() || left.isZero()) {
                return CompletableFuture.completedFuture(granted);
            }
            Duration turn = left.compareTo(LOOK_AROUND) < 0 ? left : LOOK_AROUND;
            return here.acquire(worker, request, max, turn)
                    .thenCompose(mine -> mine.isEmpty()
                            ? around(worker, request, max, until)
                            : CompletableFuture.completedFuture(mine));
        });
    }

    private CompletionStage<List<Granted>> ask(List<String> others, String worker, String request, int max) {
        if (others.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        Call call = new Call("acquire", worker, request, max, null, 0, null);
        return request(others.get(0), call, new TypeReference<List<Granted>>() {})
                .exceptionally(silent -> List.of())
                .thenCompose(granted -> granted.isEmpty()
                        ? ask(others.subList(1, others.size()), worker, request, max)
                        : CompletableFuture.completedFuture(granted));
    }

    @Override
    public CompletionStage<List<Heartbeat.Answer>> heartbeat(String worker, List<Heartbeat.Beat> beats) {
        Map<Integer, String> owners = cluster.owners();
        String self = cluster.self();
        Map<String, List<Heartbeat.Beat>> byOwner = new HashMap<>();
        for (Heartbeat.Beat beat : beats) {
            byOwner.computeIfAbsent(owners.getOrDefault(Share.partition(beat.job()), self), owner -> new ArrayList<>())
                    .add(beat);
        }
        List<CompletableFuture<List<Heartbeat.Answer>>> parts = new ArrayList<>();
        byOwner.forEach((owner, part) ->
                parts.add((owner.equals(self) ? here.heartbeat(worker, part) : remote(owner, worker, part))
                        .toCompletableFuture()));
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done ->
                        parts.stream().flatMap(part -> part.join().stream()).toList());
    }

    private CompletionStage<List<Heartbeat.Answer>> remote(String owner, String worker, List<Heartbeat.Beat> beats) {
        Call call = new Call("heartbeat", worker, null, 0, beats, 0, null);
        return request(owner, call, new TypeReference<List<Heartbeat.Answer>>() {})
                .exceptionally(silent -> {
                    log.warn(
                            "The owner of {} leases does not answer: owner={} cause={}",
                            beats.size(),
                            owner,
                            silent.toString());
                    return beats.stream()
                            .map(beat -> new Heartbeat.Answer(beat.job(), beat.token(), Heartbeat.Verdict.CONTINUE))
                            .toList();
                });
    }

    @Override
    public void submitted(long job, FencingToken token) {
        tell(job, new Call("submitted", "", null, 0, null, job, token), () -> here.submitted(job, token));
    }

    @Override
    public void ended(long job, FencingToken token, String worker) {
        tell(job, new Call("ended", worker, null, 0, null, job, token), () -> here.ended(job, token, worker));
    }

    @Override
    public void wake() {
        here.wake();
        Call call = new Call("wake", "", null, 0, null, 0, null);
        cluster.others().forEach(other -> bus.send(address(other), Buffer.buffer(bytes(call))));
    }

    private void tell(long job, Call call, Runnable locally) {
        String owner = cluster.owner(job).orElse(cluster.self());
        if (owner.equals(cluster.self())) {
            locally.run();
        } else {
            bus.send(address(owner), Buffer.buffer(bytes(call)));
        }
    }

    private <T> CompletionStage<T> request(String tracker, Call call, TypeReference<T> type) {
        return bus.<Buffer>request(
                        address(tracker),
                        Buffer.buffer(bytes(call)),
                        new DeliveryOptions().setSendTimeout(ANSWER_MILLIS))
                .toCompletionStage()
                .thenApply(message -> {
                    try {
                        return JSON.readValue(message.body().getBytes(), type);
                    } catch (IOException e) {
                        throw new UncheckedIOException("another tracker's answer cannot be read", e);
                    }
                });
    }

    private static byte[] bytes(@Nullable Object value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (IOException e) {
            throw new IllegalStateException("records can always be written", e);
        }
    }
}
