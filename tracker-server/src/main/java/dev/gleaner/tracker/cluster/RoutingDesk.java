package dev.gleaner.tracker.cluster;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.tracker.lease.Caller;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.Ending;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.lease.LeaseQuery;
import dev.gleaner.tracker.ledger.Share;
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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
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
    /** During a rolling restart some trackers are newer than others and say more. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    /** How long an idle worker waits here before the other trackers are asked again. */
    private static final Duration LOOK_AROUND = Duration.ofSeconds(4);

    private final Peers peers;
    private final LeaseDesk here;
    private final InstantSource clock;
    private final RandomGenerator random;

    /** What travels between trackers; null where a call has no such part. */
    record Call(
            String kind,
            String worker,
            @Nullable String request,
            int max,
            @Nullable List<Heartbeat.Beat> beats,
            long job,
            @Nullable FencingToken token,
            @Nullable Caller caller,
            @Nullable Ending ending,
            @Nullable LeaseQuery query) {
        static Call about(String kind, long job, FencingToken token, @Nullable Ending ending) {
            return new Call(kind, "", null, 0, null, job, token, null, ending, null);
        }
    }

    public RoutingDesk(Peers peers, LeaseDesk here, InstantSource clock, RandomGenerator random) {
        this.peers = peers;
        this.here = here;
        this.clock = clock;
        this.random = random;
        peers.serve(this::serve);
    }

    // What others ask of this tracker

    private CompletionStage<byte[]> serve(byte[] message) {
        try {
            Call call = JSON.readValue(message, Call.class);
            return switch (call.kind()) {
                case "acquire" ->
                    here.offer(caller(call), text(call.request()), call.max(), Duration.ZERO)
                            .thenApply(offer -> bytes(offer.granted()));
                case "heartbeat" ->
                    here.heartbeat(call.worker(), call.beats() == null ? List.of() : call.beats())
                            .thenApply(RoutingDesk::bytes);
                case "submitted" -> done(() -> here.submitted(call.job(), token(call)));
                case "ended" -> {
                    Ending how = call.ending();
                    yield done(() -> here.ended(call.job(), token(call), how == null ? Ending.REVOKED : how));
                }
                case "leases" ->
                    here.leases(Objects.requireNonNull(call.query(), "a call for leases says which"))
                            .thenApply(RoutingDesk::bytes);
                case "extend" -> done(() -> here.extend(call.job(), token(call), Duration.ofSeconds(call.max())));
                case "wake" -> done(here::wake);
                default ->
                    CompletableFuture.failedFuture(
                            new IllegalArgumentException("this tracker does not know the call " + call.kind()));
            };
        } catch (IOException | RuntimeException e) {
            log.warn("A call of another tracker could not be understood: {}", e.toString());
            return CompletableFuture.failedFuture(e);
        }
    }

    private static CompletionStage<byte[]> done(Runnable task) {
        task.run();
        return CompletableFuture.completedFuture(new byte[0]);
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static Caller caller(Call call) {
        Caller caller = call.caller();
        return caller == null ? Caller.unknown(call.worker()) : caller;
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
    public CompletionStage<Offer> acquire(Caller caller, String request, int max, Duration wait) {
        Instant until = clock.instant().plus(wait);
        return here.acquire(caller, request, max, Duration.ZERO)
                .thenCompose(offer -> isAnswer(offer)
                        ? CompletableFuture.completedFuture(offer)
                        : around(caller, request, max, until));
    }

    /** A worker that this tracker has something against is not sent to the others. */
    private static boolean isAnswer(Offer offer) {
        return !offer.granted().isEmpty() || offer.objection() != null;
    }

    /** Asks the others, one after the other, then waits here for a while, and so on. */
    private CompletionStage<Offer> around(Caller caller, String request, int max, Instant until) {
        List<String> others = new ArrayList<>(peers.others());
        // A random one first, or every idle tracker would ask the same.
        Collections.rotate(others, random.nextInt(others.size() + 1));
        return ask(others, caller, request, max).thenCompose(granted -> {
            Duration left = Duration.between(clock.instant(), until);
            if (!granted.isEmpty() || left.isNegative() || left.isZero()) {
                return CompletableFuture.completedFuture(new Offer(granted, null));
            }
            Duration turn = left.compareTo(LOOK_AROUND) < 0 ? left : LOOK_AROUND;
            return here.offer(caller, request, max, turn)
                    .thenCompose(mine -> isAnswer(mine)
                            ? CompletableFuture.completedFuture(mine)
                            : around(caller, request, max, until));
        });
    }

    private CompletionStage<List<Granted>> ask(List<String> others, Caller caller, String request, int max) {
        if (others.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        Call call = new Call("acquire", caller.worker(), request, max, null, 0, null, caller, null, null);
        return request(others.get(0), call, new TypeReference<List<Granted>>() {})
                .exceptionally(silent -> List.of())
                .thenCompose(granted -> granted.isEmpty()
                        ? ask(others.subList(1, others.size()), caller, request, max)
                        : CompletableFuture.completedFuture(granted));
    }

    @Override
    public CompletionStage<List<Heartbeat.Answer>> heartbeat(String worker, List<Heartbeat.Beat> beats) {
        Map<Integer, String> owners = peers.owners();
        String self = peers.self();
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
                .thenApply(done -> inOrder(beats, parts));
    }

    /** One answer for each beat, in the order of the beats; an owner that left one out has not said that it is lost. */
    private static List<Heartbeat.Answer> inOrder(
            List<Heartbeat.Beat> beats, List<CompletableFuture<List<Heartbeat.Answer>>> parts) {
        Map<String, Heartbeat.Answer> answers = new HashMap<>();
        for (CompletableFuture<List<Heartbeat.Answer>> part : parts) {
            part.join().forEach(answer -> answers.put(answer.job() + "/" + answer.token(), answer));
        }
        return beats.stream()
                .map(beat -> answers.getOrDefault(
                        beat.job() + "/" + beat.token(),
                        new Heartbeat.Answer(beat.job(), beat.token(), Heartbeat.Verdict.CONTINUE)))
                .toList();
    }

    private CompletionStage<List<Heartbeat.Answer>> remote(String owner, String worker, List<Heartbeat.Beat> beats) {
        Call call = new Call("heartbeat", worker, null, 0, beats, 0, null, null, null, null);
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
    public CompletionStage<Leases> leases(LeaseQuery query) {
        Call call = new Call("leases", "", null, 0, null, 0, null, null, null, query);
        List<CompletableFuture<Leases>> parts = new ArrayList<>();
        parts.add(here.leases(query).toCompletableFuture());
        for (String other : peers.others()) {
            parts.add(request(other, call, new TypeReference<Leases>() {})
                    .exceptionally(silent -> new Leases(List.of(), 0, 0, 1))
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done -> parts.stream()
                        .map(CompletableFuture::join)
                        .reduce((a, b) -> together(a, b, query))
                        .orElseThrow());
    }

    private static Leases together(Leases a, Leases b, LeaseQuery query) {
        return new Leases(
                Stream.concat(a.leases().stream(), b.leases().stream())
                        .sorted(query.comparator())
                        .limit(query.limit())
                        .toList(),
                a.matched() + b.matched(),
                a.live() + b.live(),
                a.silent() + b.silent());
    }

    @Override
    public void submitted(long job, FencingToken token) {
        tell(job, Call.about("submitted", job, token, null), () -> here.submitted(job, token));
    }

    @Override
    public void ended(long job, FencingToken token, Ending how) {
        tell(job, Call.about("ended", job, token, how), () -> here.ended(job, token, how));
    }

    @Override
    public void extend(long job, FencingToken token, Duration time) {
        Call call = new Call("extend", "", null, (int) time.toSeconds(), null, job, token, null, null, null);
        tell(job, call, () -> here.extend(job, token, time));
    }

    @Override
    public void wake() {
        here.wake();
        Call call = new Call("wake", "", null, 0, null, 0, null, null, null, null);
        peers.others().forEach(other -> peers.tell(other, bytes(call)));
    }

    private void tell(long job, Call call, Runnable locally) {
        String owner = peers.owners().getOrDefault(Share.partition(job), peers.self());
        if (owner.equals(peers.self())) {
            locally.run();
        } else {
            peers.tell(owner, bytes(call));
        }
    }

    private <T> CompletionStage<T> request(String tracker, Call call, TypeReference<T> type) {
        return peers.ask(tracker, bytes(call)).thenApply(answer -> {
            try {
                return JSON.readValue(answer, type);
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
