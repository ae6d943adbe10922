package dev.gleaner.worker.tracker;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.Problem;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.ProtocolVersion;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Inputs;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Release;
import dev.gleaner.protocol.lease.Screen;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.release.WorkerRelease;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.wat.InputUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls of the lease protocol. Retries what may be retried, with a jittered exponential back-off that a {@code
 * Retry-After} overrides; everything else comes out as {@link ProblemException}. Safe for any thread.
 */
public final class TrackerClient {
    private static final Logger log = LoggerFactory.getLogger(TrackerClient.class);
    private static final int MAX_ANSWER_BYTES = 8 << 20;
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration UPLOAD_TIMEOUT = Duration.ofMinutes(15);
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(com.fasterxml.jackson.databind.MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .build();

    private final HttpClient http;
    private final URI base;
    private final String userAgent;
    private final Patience patience;
    private final RandomGenerator jitter;
    private final UploadPace uploads;
    private volatile @Nullable String token;

    /**
     * How long a call is tried.
     *
     * @param tries most tries of one call
     * @param first delay after the first failure, before jitter
     * @param longest delay
     */
    public record Patience(int tries, Duration first, Duration longest) {
        /** 1 s, 2 s, 4 s … at most 5 minutes, for about half an hour. */
        public static final Patience PATIENT = new Patience(14, Duration.ofSeconds(1), Duration.ofMinutes(5));
    }

    public TrackerClient(URI base, String userAgent, Patience patience, RandomGenerator jitter) {
        this(base, userAgent, patience, jitter, UploadPace.FREE);
    }

    /** @param uploads how fast uploads may go */
    public TrackerClient(URI base, String userAgent, Patience patience, RandomGenerator jitter, UploadPace uploads) {
        this.uploads = uploads;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(15))
                .build();
        this.base = base.getPath().endsWith("/") ? base : URI.create(base + "/");
        this.userAgent = userAgent;
        this.patience = patience;
        this.jitter = jitter;
    }

    /** Sends this token with every call from now on. */
    public void authenticate(String secret) {
        token = secret;
    }

    public Register.Response register(Register.Request request) throws IOException {
        return post("v1/workers", request, Register.Response.class);
    }

    /** @param hash SHA-256 of the token that this worker made for itself */
    public void changeToken(String hash) throws IOException {
        post("v1/workers/token", new Register.NewToken(hash), Map.class);
    }

    public Acquire.Response acquire(Acquire.Request request) throws IOException {
        return post("v1/leases", request, Acquire.Response.class);
    }

    /** One try only: the next beat comes soon. */
    public Heartbeat.Response heartbeat(Heartbeat.Request request) throws IOException {
        return call("v1/heartbeats", request, Heartbeat.Response.class, 1);
    }

    /** Whether a lease is this worker's; renews it if so. One try only. */
    boolean isLive(Lease lease) throws IOException {
        Heartbeat.Beat beat = new Heartbeat.Beat(lease.job(), lease.token(), "resume", 0, 0, 0);
        return heartbeat(new Heartbeat.Request(List.of(beat))).leases().stream()
                .anyMatch(a -> a.job() == lease.job() && a.verdict() == Heartbeat.Verdict.CONTINUE);
    }

    /** Whether the tracker's address answers anything at all. */
    boolean answers() throws InterruptedException {
        HttpRequest request =
                request("health/live").timeout(Duration.ofSeconds(15)).GET().build();
        try {
            http.send(request, HttpResponse.BodyHandlers.discarding());
            return true;
        } catch (IOException e) {
            log.debug("the tracker does not answer", e);
            return false;
        }
    }

    public Tickets.Response tickets(Lease lease, List<ShardObject> objects) throws IOException {
        return post(path(lease, "tickets"), new Tickets.Request(objects, true), Tickets.Response.class);
    }

    public Submit.Response submit(Lease lease, Manifest manifest) throws IOException {
        return post(path(lease, "submit"), manifest, Submit.Response.class);
    }

    /** One try only: a lease that cannot be given back runs out by itself. */
    public void release(Lease lease, String reason) throws IOException {
        call(path(lease, "release"), new Release.Request(reason), Map.class, 1);
    }

    public void fail(Lease lease, Fail.Request request) throws IOException {
        post(path(lease, "fail"), request, Map.class);
    }

    /** The release of the worker that the tracker offers. One try only. */
    public WorkerRelease workerRelease() throws IOException {
        HttpResponse<InputStream> response =
                send(request("v1/worker-release").timeout(CALL_TIMEOUT).GET().build());
        if (response.statusCode() != 200) {
            throw problem(response);
        }
        try (InputStream in = response.body()) {
            return JSON.readValue(in.readNBytes(MAX_ANSWER_BYTES), WorkerRelease.class);
        }
    }

    /** What of these is to be left out. */
    Screen.Response screen(Lease lease, Screen.Request request) throws IOException {
        return post(path(lease, "screen"), request, Screen.Response.class);
    }

    /** What a scoring job works on. */
    Inputs.Response inputs(Lease lease) throws IOException {
        return post(path(lease, "inputs"), Map.of(), Inputs.Response.class);
    }

    /**
     * Fetches one file of a scoring job; does nothing if it is there already.
     *
     * @throws InputUnavailableException when it is gone, or is another one than the tracker says
     * @throws IOException when it cannot be had now; also for a refused link, which says nothing against the batch
     */
    void download(Inputs.Input input, Path to) throws IOException {
        if (Files.isRegularFile(to) && isThe(input, to)) {
            return;
        }
        HttpRequest request = HttpRequest.newBuilder(base.resolve(input.url()))
                .timeout(UPLOAD_TIMEOUT)
                .header("User-Agent", userAgent)
                .GET()
                .build();
        HttpResponse<InputStream> response = send(request);
        try (InputStream in = response.body()) {
            if (response.statusCode() == 404 || response.statusCode() == 410) {
                throw new InputUnavailableException("a batch is gone: status " + response.statusCode());
            } else if (response.statusCode() != 200) {
                throw new IOException("a batch cannot be fetched now: status " + response.statusCode());
            }
            try (OutputStream out = Files.newOutputStream(to)) {
                byte[] buffer = new byte[1 << 16];
                long left = input.bytes();
                for (int got = in.read(buffer); got >= 0 && left >= 0; got = in.read(buffer)) {
                    left -= got;
                    if (left >= 0) {
                        out.write(buffer, 0, got);
                    }
                }
            }
        }
        if (!isThe(input, to)) {
            throw new InputUnavailableException("a batch has other bytes than the tracker says");
        }
    }

    private static boolean isThe(Inputs.Input input, Path file) throws IOException {
        return Files.size(file) == input.bytes() && Bundle.sha256(file).equals(input.sha256());
    }

    /** A file of a bundle on the tracker's shelf. */
    public InputStream bundleFile(String bundle, String file) throws IOException {
        HttpRequest request = request("v1/bundles/" + bundle + "/" + file)
                .timeout(UPLOAD_TIMEOUT)
                .GET()
                .build();
        HttpResponse<InputStream> response = send(request);
        if (response.statusCode() != 200) {
            throw problem(response);
        }
        return response.body();
    }

    /** Uploads one object, asking for a new ticket when the old one has run out. */
    public void upload(Lease lease, ShardObject object, Path file) throws IOException {
        PartsDone done = new PartsDone();
        int tried = 0;
        while (true) {
            int before = done.count();
            IOException failure;
            try {
                put(tickets(lease, List.of(object)).tickets().get(0), file, done);
                return;
            } catch (ProblemException e) {
                if (e.action() != ProblemCode.Action.RETRY && e.action() != ProblemCode.Action.RETRY_WITH_NEW_TICKET) {
                    throw e;
                }
                failure = e;
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                failure = e;
            }
            tried = done.count() > before ? 1 : tried + 1;
            if (tried >= patience.tries()) {
                throw failure;
            }
            pause(tried, 0, "upload of " + object.name(), failure);
        }
    }

    private void put(Tickets.Ticket ticket, Path file, PartsDone done) throws IOException {
        Tickets.Parts parts = ticket.parts();
        try (FileChannel bytes = FileChannel.open(file)) {
            if (parts == null) {
                put(ticket.url(), ticket.headers(), FileSlice.body(bytes, 0, bytes.size(), uploads));
                return;
            }
            for (Tickets.Part part : done.missing(parts)) {
                put(part.url(), Map.of(), FileSlice.body(bytes, part.offset(), part.bytes(), uploads));
                done.taken(part);
            }
        }
    }

    private void put(String url, Map<String, String> headers, HttpRequest.BodyPublisher body) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(url))
                .timeout(UPLOAD_TIMEOUT)
                .header("User-Agent", userAgent)
                .PUT(body);
        headers.forEach(request::header);
        HttpResponse<InputStream> response = send(request.build());
        int status = response.statusCode();
        // An object store takes each object once: a second answer to the same ticket means that the first PUT came
        // through.
        boolean alreadyThere = status == 412 && headers.containsKey("If-None-Match");
        if (status / 100 == 2 || alreadyThere) {
            response.body().close();
            return;
        }
        ProblemException problem = problem(response);
        boolean refused = problem.code().equals(Optional.of(ProblemCode.NOT_FOUND)) && status < 500 && status != 404;
        throw refused
                ? new ProblemException(Problem.of(ProblemCode.TICKET_INVALID, "the object store answers " + status))
                : problem;
    }

    private static String path(Lease lease, String call) {
        return "v1/leases/" + lease.job() + "/" + lease.token() + "/" + call;
    }

    private <T> T post(String path, Object body, Class<T> type) throws IOException {
        return call(path, body, type, patience.tries());
    }

    private <T> T call(String path, Object body, Class<T> type, int tries) throws IOException {
        HttpRequest request = request(path)
                .timeout(CALL_TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                .build();
        for (int attempt = 1; ; attempt++) {
            long retryAfter = 0;
            IOException failure;
            try {
                HttpResponse<InputStream> response = send(request);
                if (response.statusCode() / 100 == 2) {
                    try (InputStream in = response.body()) {
                        return JSON.readValue(in.readNBytes(MAX_ANSWER_BYTES), type);
                    }
                }
                retryAfter = response.headers().firstValueAsLong("Retry-After").orElse(0);
                ProblemException problem = problem(response);
                if (problem.action() != ProblemCode.Action.RETRY) {
                    throw problem;
                }
                failure = problem;
            } catch (ProblemException | InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                failure = e;
            }
            if (attempt >= tries) {
                throw failure;
            }
            pause(attempt, retryAfter, "call of " + path, failure);
        }
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path))
                .header("User-Agent", userAgent)
                .header("Accept", "application/json")
                .header(ProtocolVersion.HEADER, Integer.toString(ProtocolVersion.CURRENT));
        String secret = token;
        return secret == null ? request : request.header("Authorization", "Bearer " + secret);
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }

    private static ProblemException problem(HttpResponse<InputStream> response) throws IOException {
        byte[] body;
        try (InputStream in = response.body()) {
            body = in.readNBytes(64 << 10);
        }
        try {
            Problem problem = JSON.readValue(body, Problem.class);
            if (problem.code() != null) {
                return new ProblemException(problem);
            }
        } catch (IOException e) {
            log.debug("answer is no problem document: status={}", response.statusCode(), e);
        }
        int status = response.statusCode();
        ProblemCode guessed =
                status >= 500 || status == 429 || status == 408 ? ProblemCode.INTERNAL : ProblemCode.NOT_FOUND;
        return new ProblemException(Problem.of(
                guessed,
                "the tracker's address answers status " + status + " without a problem document; is it a tracker?"));
    }

    private void pause(int attempt, long retryAfterSeconds, String what, IOException cause)
            throws InterruptedIOException {
        double exponential = patience.first().toMillis() * Math.pow(2, Math.min(30, attempt - 1));
        long millis = (long)
                (Math.min((double) patience.longest().toMillis(), exponential) * (0.5 + jitter.nextDouble() / 2));
        millis = Math.max(
                millis, Math.min(retryAfterSeconds * 1000, patience.longest().toMillis()));
        log.info(
                "{} will be tried again: in={}ms cause={}",
                what,
                millis,
                cause instanceof ProblemException ? cause.getMessage() : cause.toString());
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }
}
