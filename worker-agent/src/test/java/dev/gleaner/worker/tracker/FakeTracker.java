package dev.gleaner.worker.tracker;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.gleaner.protocol.Problem;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.lease.Tickets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Speaks the lease protocol on loopback: a call that a test scripted is answered as scripted, any other as by a tracker that finds
 * everything in order. Calls go by the last part of their path.
 */
final class FakeTracker implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "fake-tracker");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Deque<Answer>> scripts = new ConcurrentHashMap<>();
    private final List<Call> calls = new CopyOnWriteArrayList<>();

    /** A call as it arrived. */
    record Call(String name, String method, String path, Headers headers, byte[] body) {
        <T> T as(Class<T> type) throws IOException {
            return JSON.readValue(body, type);
        }
    }

    /** What a call is answered; after it nothing more is sent. */
    @FunctionalInterface
    interface Answer {
        void give(HttpExchange exchange, Call call) throws Exception;
    }

    FakeTracker() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** A client that tries each call three times and hardly waits. */
    TrackerClient client() {
        return new TrackerClient(
                address(),
                "test/1",
                new TrackerClient.Patience(3, Duration.ofMillis(1), Duration.ofMillis(2)),
                new Random(1));
    }

    /** Answers calls of this name in this order, and with the last of the answers from then on. */
    FakeTracker on(String name, Answer... answers) {
        scripts.put(name, new ArrayDeque<>(List.of(answers)));
        return this;
    }

    /** All calls of this name, in the order in which they arrived. */
    List<Call> calls(String name) {
        return calls.stream().filter(call -> call.name().equals(name)).toList();
    }

    /** The names of all calls but heartbeats, in the order in which they arrived. */
    List<String> names() {
        return calls.stream()
                .map(Call::name)
                .filter(name -> !name.equals("heartbeats"))
                .toList();
    }

    static Answer json(Object value) {
        return (exchange, call) -> send(exchange, 200, JSON.writeValueAsBytes(value));
    }

    static Answer problem(ProblemCode code) {
        return (exchange, call) ->
                send(exchange, code.status(), JSON.writeValueAsBytes(Problem.of(code, "as the test wants it")));
    }

    static Answer bytes(byte[] bytes) {
        return (exchange, call) -> send(exchange, 200, bytes);
    }

    /** A status with nothing that says more. */
    static Answer status(int status) {
        return (exchange, call) -> exchange.sendResponseHeaders(status, -1);
    }

    /** The connection ends without an answer. */
    static Answer cut() {
        return (exchange, call) -> {};
    }

    /** Grants nothing, and asks for the next call at once. */
    static Acquire.Response nothing() {
        return new Acquire.Response(List.of(), "nothing to do", 1);
    }

    /** The answer to each beat, with a directive for the worker as a whole. */
    static Answer beats(Heartbeat.Verdict verdict, Heartbeat.Directive directive) {
        return (exchange, call) -> {
            List<Heartbeat.Answer> answers = call.as(Heartbeat.Request.class).leases().stream()
                    .map(beat -> new Heartbeat.Answer(beat.job(), beat.token(), verdict))
                    .toList();
            json(new Heartbeat.Response(answers, directive, null, 0, null, null))
                    .give(exchange, call);
        };
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        exchange.getRequestBody().transferTo(body);
        Call call = new Call(
                path.substring(path.lastIndexOf('/') + 1),
                exchange.getRequestMethod(),
                path,
                exchange.getRequestHeaders(),
                body.toByteArray());
        calls.add(call);
        try (exchange) {
            next(call).give(exchange, call);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private Answer next(Call call) {
        Deque<Answer> script = scripts.get(call.name());
        if (script == null) {
            return usual(call);
        }
        synchronized (script) {
            return script.size() > 1 ? script.remove() : script.element();
        }
    }

    private static Answer usual(Call call) {
        return switch (call.name()) {
            case "workers" -> json(new Register.Response("w1", "secret", 1, false));
            case "leases" -> json(nothing());
            case "heartbeats" -> beats(Heartbeat.Verdict.CONTINUE, Heartbeat.Directive.NONE);
            case "tickets" -> FakeTracker::tickets;
            case "submit" -> json(new Submit.Response(Submit.Outcome.ACCEPTED, null));
            default -> call.method().equals("GET") ? status(404) : json(Map.of());
        };
    }

    private static void tickets(HttpExchange exchange, Call call) throws Exception {
        List<Tickets.Ticket> tickets = call.as(Tickets.Request.class).objects().stream()
                .map(object -> new Tickets.Ticket(
                        object.name(), "/objects/" + object.name(), Map.of("If-None-Match", "*"), 300))
                .toList();
        json(new Tickets.Response(tickets)).give(exchange, call);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
