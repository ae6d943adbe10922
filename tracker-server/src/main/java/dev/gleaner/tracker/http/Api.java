package dev.gleaner.tracker.http;

import dev.gleaner.dashboard.Dashboard;
import dev.gleaner.protocol.Problem;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.ProtocolVersion;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Release;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.Json;
import dev.gleaner.tracker.service.Judge;
import dev.gleaner.tracker.service.OperatorCalls;
import dev.gleaner.tracker.service.Refusal;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.service.WorkerCalls;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.StaticHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tracker's HTTP face, as {@code docs/protocol/openapi.yaml} describes it: finds the call, reads its JSON, renders the
 * answer or the problem. Handlers run on the event loop; what blocks is handed to the worker pool.
 */
public final class Api {
    private static final Logger log = LoggerFactory.getLogger(Api.class);
    private static final long MAX_CALL_BYTES = 1 << 20;
    private static final int MOST_ASKING = 50_000;
    private static final int MOST_OTHERS = 5_000;
    private static final long MAX_CAMPAIGN_BYTES = 256L << 20;
    private static final long MAX_BUNDLE_FILE_BYTES = 8L << 30;

    private final Vertx vertx;
    private final Services services;
    /** Long polls are many and cost little; the other calls are short and cost the ledger or a processor. */
    private final Admission askers = new Admission(MOST_ASKING, new SecureRandom());

    private final Admission others = new Admission(MOST_OTHERS, new SecureRandom());

    /**
     * What the API calls.
     *
     * @param uploads takes uploads itself, null when workers upload elsewhere
     * @param meters all meters in Prometheus' text format
     * @param operatorTokenHash SHA-256 of the operators' token
     */
    public record Services(
            WorkerCalls workers,
            OperatorCalls operators,
            Judge judge,
            BundleShelf bundles,
            ObjectStore store,
            @Nullable FileObjectStore uploads,
            Ledger ledger,
            Supplier<String> meters,
            String version,
            String operatorTokenHash) {}

    public Api(Vertx vertx, Services services) {
        this.vertx = vertx;
        this.services = services;
    }

    public Router router() {
        Router router = Router.router(vertx);
        router.route().handler(Api::secure);
        router.route().failureHandler(this::failed);
        router.route("/v1/*").handler(Api::negotiate);

        get(
                router,
                "/v1",
                ctx -> Map.of(
                        "name", "gleaner-tracker",
                        "version", services.version,
                        "protocol", ProtocolVersion.CURRENT,
                        "oldest_protocol", ProtocolVersion.OLDEST_SERVED));
        get(router, "/v1/campaigns", ctx -> Map.of("campaigns", services.operators.campaigns()));
        get(router, "/v1/campaigns/:name", ctx -> services.operators.campaign(ctx.pathParam("name")));
        get(router, "/v1/status", ctx -> status());

        post(
                router,
                "/v1/workers",
                MAX_CALL_BYTES,
                ctx -> services.workers.register(body(ctx, Register.Request.class)));
        worker(
                router,
                "/v1/leases",
                askers,
                (worker, ctx) -> services.workers.acquire(worker, body(ctx, Acquire.Request.class)));
        worker(
                router,
                "/v1/heartbeats",
                others,
                (worker, ctx) -> services.workers.heartbeat(worker, body(ctx, Heartbeat.Request.class)));
        String lease = "/v1/leases/:job/:token";
        post(
                router,
                lease + "/tickets",
                MAX_CALL_BYTES,
                ctx -> done(
                        services.workers.tickets(worker(ctx), job(ctx), token(ctx), body(ctx, Tickets.Request.class))));
        worker(
                router,
                lease + "/submit",
                others,
                (worker, ctx) -> services.workers.submit(worker, job(ctx), token(ctx), bytes(ctx)));
        worker(
                router,
                lease + "/release",
                others,
                (worker, ctx) -> empty(
                        services.workers.release(worker, job(ctx), token(ctx), body(ctx, Release.Request.class))));
        worker(
                router,
                lease + "/fail",
                others,
                (worker, ctx) ->
                        empty(services.workers.fail(worker, job(ctx), token(ctx), body(ctx, Fail.Request.class))));
        router.get("/v1/bundles/:id/:file").handler(this::bundleFile);
        FileObjectStore uploads = services.uploads;
        if (uploads != null) {
            router.put("/v1/objects/*").handler(ctx -> putObject(ctx, uploads));
        }

        router.route("/v1/operator/*").handler(this::operator);
        get(router, "/v1/operator/jobs", this::jobs);
        get(router, "/v1/operator/jobs/:job", ctx -> services.operators.job(job(ctx)));
        post(
                router,
                "/v1/operator/jobs/:job/requeue",
                MAX_CALL_BYTES,
                ctx -> services.operators.requeue(job(ctx), body(ctx, OperatorCalls.Reason.class)));
        post(
                router,
                "/v1/operator/jobs/:job/quarantine",
                MAX_CALL_BYTES,
                ctx -> services.operators.quarantine(job(ctx), body(ctx, OperatorCalls.Reason.class)));
        get(router, "/v1/operator/lease-times", ctx -> services.operators.leaseTimes());
        post(
                router,
                "/v1/operator/lease-times",
                MAX_CALL_BYTES,
                ctx -> services.operators.changeLeaseTimes(body(ctx, OperatorCalls.LeaseSeconds.class)));
        get(
                router,
                "/v1/operator/audit",
                ctx -> Map.of(
                        "audit", services.operators.audit(number(ctx.request().getParam("before", "0"), "before"), (int)
                                number(ctx.request().getParam("limit", "100"), "limit"))));
        post(
                router,
                "/v1/operator/objects/collect",
                MAX_CALL_BYTES,
                ctx -> done(services.operators.collect(body(ctx, OperatorCalls.Collect.class))));
        get(router, "/v1/operator/workers", ctx -> Map.of("workers", services.operators.workers()));
        post(router, "/v1/operator/workers/:worker/ban", MAX_CALL_BYTES, ctx -> ban(ctx, true));
        post(router, "/v1/operator/workers/:worker/unban", MAX_CALL_BYTES, ctx -> ban(ctx, false));
        post(
                router,
                "/v1/operator/campaigns",
                MAX_CAMPAIGN_BYTES,
                ctx -> services.operators.create(body(ctx, OperatorCalls.NewCampaign.class)));
        post(
                router,
                "/v1/operator/campaigns/:name/pause",
                MAX_CALL_BYTES,
                ctx -> services.operators.pause(ctx.pathParam("name"), true));
        post(
                router,
                "/v1/operator/campaigns/:name/resume",
                MAX_CALL_BYTES,
                ctx -> services.operators.pause(ctx.pathParam("name"), false));
        router.put("/v1/operator/bundles/:id/:file").handler(this::putBundleFile);

        router.get("/health/live").handler(ctx -> render(ctx, 200, Map.of("status", "live")));
        get(router, "/health/ready", ctx -> ready());
        router.get("/metrics")
                .handler(ctx -> ctx.response()
                        .putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                        .putHeader("Cache-Control", "no-store")
                        .end(services.meters.get()));
        router.get("/*")
                .handler(StaticHandler.create(Dashboard.ROOT)
                        .setCachingEnabled(false)
                        .setIndexPage("index.html"));
        router.route().handler(ctx -> refuse(ctx, ProblemCode.NOT_FOUND, "there is nothing at this address"));
        return router;
    }

    // Calls

    private interface Call {
        @Nullable
        Object of(RoutingContext ctx) throws IOException;
    }

    private interface AsyncCall {
        CompletionStage<?> of(RoutingContext ctx) throws IOException;
    }

    private void get(Router router, String path, Call call) {
        router.get(path).handler(ctx -> answer(ctx, blocking(() -> call.of(ctx))));
    }

    private void post(Router router, String path, long maxBytes, AsyncCall call) {
        Route route = router.post(path);
        route.handler(BodyHandler.create(false).setBodyLimit(maxBytes));
        route.handler(ctx -> answer(
                ctx,
                blocking(() -> call.of(ctx))
                        .compose(stage -> Future.fromCompletionStage(stage, vertx.getOrCreateContext()))));
    }

    private interface WorkerCall {
        CompletionStage<?> of(String worker, RoutingContext ctx) throws IOException;
    }

    /** A worker's call that never blocks: it stays on the event loop unless the ledger must be asked who calls. */
    private void worker(Router router, String path, Admission admission, WorkerCall call) {
        Route route = router.post(path);
        route.handler(BodyHandler.create(false).setBodyLimit(MAX_CALL_BYTES));
        route.handler(ctx -> {
            OptionalInt stayAway = admission.enter();
            if (stayAway.isPresent()) {
                ctx.response().putHeader("Retry-After", Integer.toString(stayAway.getAsInt()));
                refuse(ctx, ProblemCode.TOO_MANY_REQUESTS, "many workers call at once; come again later");
                return;
            }
            ctx.addEndHandler(ended -> admission.leave());
            String token = bearer(ctx);
            Optional<Ledger.WorkerRow> known = services.workers.authenticateQuickly(token);
            Future<Ledger.WorkerRow> caller = known.isPresent()
                    ? Future.succeededFuture(known.get())
                    : blocking(() -> services.workers.authenticate(token));
            answer(ctx, caller.compose(worker -> {
                try {
                    return Future.fromCompletionStage(call.of(worker.worker(), ctx), vertx.getOrCreateContext());
                } catch (IOException e) {
                    return Future.failedFuture(e);
                }
            }));
        });
    }

    private <T> Future<T> blocking(Callable<T> work) {
        return vertx.executeBlocking(work, false);
    }

    private void answer(RoutingContext ctx, Future<?> result) {
        result.onSuccess(value -> render(ctx, 200, value)).onFailure(ctx::fail);
    }

    private static CompletionStage<?> done(Object value) {
        return java.util.concurrent.CompletableFuture.completedFuture(value);
    }

    private static CompletionStage<?> empty(CompletionStage<Void> stage) {
        return stage.thenApply(ok -> Map.of());
    }

    private CompletionStage<WorkerView> ban(RoutingContext ctx, boolean banned) {
        return services.operators
                .ban(ctx.pathParam("worker"), banned)
                .whenComplete((worker, error) -> services.workers.forget());
    }

    private Object jobs(RoutingContext ctx) {
        String after = ctx.request().getParam("after", "0");
        String limit = ctx.request().getParam("limit", "100");
        return Map.of(
                "jobs",
                services.operators.jobs(
                        ctx.request().getParam("campaign"),
                        ctx.request().getParam("state"),
                        number(after, "after"),
                        (int) number(limit, "limit")));
    }

    private Map<String, Object> status() {
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("campaigns", services.operators.campaigns());
        status.put(
                "workers",
                services.operators.workers().stream().map(Api::publicView).toList());
        status.put("recent", services.judge.recent());
        return status;
    }

    /** What everybody may see of a worker. */
    private static Map<String, Object> publicView(WorkerView worker) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("nickname", worker.nickname());
        view.put("team", worker.team());
        view.put("live", worker.live());
        view.put("accepted", worker.accepted());
        view.put("kept", worker.kept());
        return view;
    }

    private Map<String, String> ready() throws IOException {
        services.ledger.requireWritable();
        try {
            services.store.requireWritable();
        } catch (IOException e) {
            throw new Refusal(
                    ProblemCode.STORAGE_UNAVAILABLE, "the object storage cannot be written: " + e.getMessage());
        }
        return Map.of("status", "ready");
    }

    private void bundleFile(RoutingContext ctx) {
        blocking(() -> services.bundles.file(ctx.pathParam("id"), ctx.pathParam("file")))
                .compose(path -> ctx.response()
                        .putHeader("Content-Type", "application/octet-stream")
                        .putHeader("Cache-Control", "public, max-age=31536000, immutable")
                        .sendFile(path.toString()))
                .onFailure(ctx::fail);
    }

    private void putObject(RoutingContext ctx, FileObjectStore uploads) {
        ctx.request().pause();
        String key = ctx.request().path().substring("/v1/objects/".length());
        FileObjectStore.Link link = new FileObjectStore.Link(
                key,
                number(ctx.request().getParam("bytes", ""), "bytes"),
                ctx.request().getParam("sha256", ""),
                number(ctx.request().getParam("expires", ""), "expires"),
                ctx.request().getParam("signature", ""));
        try {
            uploads.check(link);
        } catch (FileObjectStore.RefusedException e) {
            throw new Refusal(e.code(), String.valueOf(e.getMessage()));
        }
        receive(ctx, uploads::newUpload, link.bytes(), file -> {
            try {
                uploads.take(link, file);
            } catch (FileObjectStore.RefusedException e) {
                throw new Refusal(e.code(), String.valueOf(e.getMessage()));
            }
        });
    }

    private void putBundleFile(RoutingContext ctx) {
        ctx.request().pause();
        long length = number(
                ctx.request().getHeader("Content-Length") == null
                        ? ""
                        : ctx.request().getHeader("Content-Length"),
                "Content-Length");
        if (length > MAX_BUNDLE_FILE_BYTES) {
            throw new Refusal(
                    ProblemCode.BODY_TOO_LARGE, "a bundle's file has at most " + MAX_BUNDLE_FILE_BYTES + " bytes");
        }
        receive(
                ctx,
                services.bundles::newUpload,
                length,
                file -> services.bundles.take(ctx.pathParam("id"), ctx.pathParam("file"), file));
    }

    private interface Taking {
        void take(Path file) throws IOException;
    }

    /** Streams a body of exactly the announced length to a new file, then hands the file on. */
    private void receive(RoutingContext ctx, Callable<Path> place, long bytes, Taking taking) {
        if (!Long.toString(bytes).equals(ctx.request().getHeader("Content-Length"))) {
            ctx.response().putHeader("Connection", "close");
            throw new Refusal(ProblemCode.UPLOAD_MISMATCH, "Content-Length must be " + bytes);
        }
        blocking(place)
                .compose(path -> vertx.fileSystem()
                        .open(path.toString(), new OpenOptions().setWrite(true).setTruncateExisting(true))
                        .compose(file -> ctx.request().pipeTo(file))
                        .compose(ok -> blocking(() -> {
                            requireAll(path, bytes);
                            taking.take(path);
                            return path;
                        }))
                        .onFailure(e -> vertx.fileSystem().delete(path.toString())))
                .onSuccess(ok -> render(ctx, 200, Map.of()))
                .onFailure(ctx::fail);
    }

    /** All announced bytes have come over the wire, so a shorter file is the disk's fault and not the sender's. */
    private static void requireAll(Path file, long bytes) throws IOException {
        if (Files.size(file) != bytes) {
            throw new IOException(
                    "only " + Files.size(file) + " of " + bytes + " received bytes could be written to " + file);
        }
    }

    // Requests

    private static <T> T body(RoutingContext ctx, Class<T> type) {
        return Json.read(bytes(ctx), type);
    }

    private static byte[] bytes(RoutingContext ctx) {
        Buffer buffer = ctx.body().buffer();
        return buffer == null ? new byte[0] : buffer.getBytes();
    }

    private static long job(RoutingContext ctx) {
        return number(ctx.pathParam("job"), "job");
    }

    private static FencingToken token(RoutingContext ctx) {
        try {
            return FencingToken.parse(ctx.pathParam("token"));
        } catch (IllegalArgumentException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    private static long number(String text, String name) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, name + " must be a whole number");
        }
    }

    private String worker(RoutingContext ctx) {
        return services.workers.authenticate(bearer(ctx)).worker();
    }

    private void operator(RoutingContext ctx) {
        if (!Tokens.same(Tokens.hash(bearer(ctx)), services.operatorTokenHash)) {
            throw new Refusal(ProblemCode.UNAUTHORIZED, "send the operators' token as Authorization: Bearer");
        }
        ctx.next();
    }

    private static String bearer(RoutingContext ctx) {
        String header = ctx.request().getHeader("Authorization");
        return header != null && header.startsWith("Bearer ")
                ? header.substring("Bearer ".length()).trim()
                : "";
    }

    private static void negotiate(RoutingContext ctx) {
        String spoken = ctx.request().getHeader(ProtocolVersion.HEADER);
        if (spoken != null) {
            int version = (int) Math.min(Integer.MAX_VALUE, number(spoken, ProtocolVersion.HEADER));
            if (!ProtocolVersion.serves(version)) {
                boolean old = version < ProtocolVersion.OLDEST_SERVED;
                throw new Refusal(
                        ProblemCode.UPDATE_REQUIRED,
                        "this tracker serves protocol " + ProtocolVersion.OLDEST_SERVED + " to "
                                + ProtocolVersion.CURRENT + ", the caller speaks " + version + "; "
                                + (old ? "update the worker" : "the tracker is older than the worker"));
            }
        }
        ctx.next();
    }

    private static void secure(RoutingContext ctx) {
        ctx.response()
                .putHeader(
                        "Content-Security-Policy",
                        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer");
        ctx.next();
    }

    // Answers

    private static void render(RoutingContext ctx, int status, @Nullable Object value) {
        HttpServerResponse response = ctx.response();
        if (!response.ended() && !response.closed()) {
            response.setStatusCode(status)
                    .putHeader("Content-Type", "application/json")
                    .putHeader("Cache-Control", "no-store");
            response.end(Buffer.buffer(Json.bytes(value == null ? Map.of() : value)));
        }
    }

    private void failed(RoutingContext ctx) {
        Throwable cause = ctx.failure();
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof Refusal refusal) {
            refuse(ctx, refusal.code(), String.valueOf(refusal.getMessage()));
        } else if (cause instanceof Ledger.LedgerException) {
            log.error("Ledger cannot be used: {}", cause.getMessage());
            refuse(ctx, ProblemCode.LEDGER_UNAVAILABLE, "the ledger cannot be used now; try again later");
        } else if (cause instanceof FileSystemException
                || cause instanceof UncheckedIOException
                || cause instanceof IOException) {
            log.error("Storage cannot be used: {}", cause.toString());
            refuse(ctx, ProblemCode.STORAGE_UNAVAILABLE, "the storage cannot be used now; try again later");
        } else if (ctx.statusCode() == 413) {
            refuse(ctx, ProblemCode.BODY_TOO_LARGE, "the body is larger than this call allows");
        } else if (ctx.statusCode() == 405) {
            refuse(
                    ctx,
                    ProblemCode.METHOD_NOT_ALLOWED,
                    "this address does not take " + ctx.request().method());
        } else if (ctx.statusCode() >= 400 && ctx.statusCode() < 500) {
            refuse(
                    ctx,
                    ctx.statusCode() == 404 ? ProblemCode.NOT_FOUND : ProblemCode.MALFORMED_REQUEST,
                    "the request cannot be understood");
        } else {
            log.error(
                    "Call failed by a bug: method={} path={}",
                    ctx.request().method(),
                    ctx.request().path(),
                    cause);
            refuse(ctx, ProblemCode.INTERNAL, "the tracker failed; its log says why");
        }
    }

    private static void refuse(RoutingContext ctx, ProblemCode code, String detail) {
        HttpServerResponse response = ctx.response();
        if (response.ended() || response.closed() || response.headWritten()) {
            return;
        }
        response.setStatusCode(code.status())
                .putHeader("Content-Type", Problem.MEDIA_TYPE)
                .putHeader("Cache-Control", "no-store");
        if (code.status() == 503 || code.status() == 429) {
            if (!response.headers().contains("Retry-After")) {
                // Not the same for all: they would come back together.
                response.putHeader(
                        "Retry-After",
                        Integer.toString(2 + ThreadLocalRandom.current().nextInt(9)));
            }
        }
        if (!ctx.request().method().equals(HttpMethod.GET) && !ctx.request().isEnded()) {
            response.putHeader("Connection", "close");
        }
        response.end(Buffer.buffer(Json.bytes(Problem.of(code, detail))));
    }
}
