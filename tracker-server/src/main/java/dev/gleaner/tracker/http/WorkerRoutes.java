package dev.gleaner.tracker.http;

import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Release;
import dev.gleaner.protocol.lease.Screen;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.Refusal;
import dev.gleaner.tracker.service.ScreenCalls;
import dev.gleaner.tracker.service.WorkerCalls;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/** The lease protocol's addresses. */
final class WorkerRoutes {
    private static final int MOST_ASKING = 50_000;
    private static final int MOST_OTHERS = 5_000;
    private static final String LEASE = "/v1/leases/:job/:token";

    /** Some eight thousand links with their sites and pages. */
    private static final long SCREEN_BYTES = 2 << 20;

    private final WorkerCalls workers;
    private final ScreenCalls screens;
    private final BundleShelf bundles;
    private final @Nullable FileObjectStore store;
    private final ClientAddress addresses;

    /** Long polls are many and cost little; the other calls are short and cost the ledger or a processor. */
    private final Admission askers = new Admission(MOST_ASKING, new SecureRandom());

    private final Admission others = new Admission(MOST_OTHERS, new SecureRandom());

    /** @param store takes uploads itself, null when workers upload elsewhere */
    WorkerRoutes(
            WorkerCalls workers,
            ScreenCalls screens,
            BundleShelf bundles,
            @Nullable FileObjectStore store,
            ClientAddress addresses) {
        this.workers = workers;
        this.screens = screens;
        this.bundles = bundles;
        this.store = store;
        this.addresses = addresses;
    }

    void add(Router router, Calls calls, Uploads uploads) {
        calls.worker(
                "/v1/leases",
                askers,
                workers,
                (worker, ctx) -> workers.acquire(worker, Requests.body(ctx, Acquire.Request.class)));
        calls.worker(
                "/v1/heartbeats",
                others,
                workers,
                (worker, ctx) -> workers.heartbeat(worker, Requests.body(ctx, Heartbeat.Request.class)));
        calls.worker(
                LEASE + "/submit",
                others,
                workers,
                (worker, ctx) ->
                        workers.submit(worker.worker(), Requests.job(ctx), Requests.token(ctx), Requests.bytes(ctx)));
        calls.post(
                LEASE + "/tickets",
                ctx -> Calls.done(workers.tickets(
                        worker(ctx),
                        Requests.job(ctx),
                        Requests.token(ctx),
                        Requests.body(ctx, Tickets.Request.class))));
        calls.post(
                LEASE + "/screen",
                SCREEN_BYTES,
                ctx -> Calls.done(screens.screen(
                        worker(ctx),
                        Requests.job(ctx),
                        Requests.token(ctx),
                        Requests.body(ctx, Screen.Request.class))));
        calls.post(
                LEASE + "/inputs",
                ctx -> Calls.done(workers.inputs(worker(ctx), Requests.job(ctx), Requests.token(ctx))));
        calls.worker(
                LEASE + "/release",
                others,
                workers,
                (worker, ctx) -> Calls.empty(workers.release(
                        worker.worker(),
                        Requests.job(ctx),
                        Requests.token(ctx),
                        Requests.body(ctx, Release.Request.class))));
        calls.worker(
                LEASE + "/fail",
                others,
                workers,
                (worker, ctx) -> Calls.empty(workers.fail(
                        worker.worker(),
                        Requests.job(ctx),
                        Requests.token(ctx),
                        Requests.body(ctx, Fail.Request.class))));
        calls.post(
                "/v1/workers",
                ctx -> workers.register(Requests.body(ctx, Register.Request.class), addresses.source(ctx.request())));
        calls.post(
                "/v1/workers/token",
                ctx -> Calls.empty(workers.changeToken(worker(ctx), Requests.body(ctx, Register.NewToken.class))));
        router.get("/v1/bundles/:id/:file").handler(ctx -> bundleFile(ctx, calls));
        FileObjectStore own = store;
        if (own != null) {
            router.put("/v1/objects/*").handler(ctx -> uploads.object(ctx, own));
            router.get("/v1/objects/*").handler(ctx -> object(ctx, calls, own));
        }
    }

    private String worker(RoutingContext ctx) {
        return workers.authenticate(Requests.bearer(ctx)).worker();
    }

    private static void object(RoutingContext ctx, Calls calls, FileObjectStore store) {
        calls.blocking(() -> {
                    try {
                        return store.linked(
                                Uploads.key(ctx),
                                Requests.number(ctx.request().getParam("expires", ""), "expires"),
                                ctx.request().getParam("signature", ""));
                    } catch (FileObjectStore.RefusedException e) {
                        throw new Refusal(e.code(), String.valueOf(e.getMessage()));
                    }
                })
                .compose(path -> ctx.response()
                        .putHeader("Content-Type", "application/octet-stream")
                        .sendFile(path.toString()))
                .onFailure(ctx::fail);
    }

    private void bundleFile(RoutingContext ctx, Calls calls) {
        calls.blocking(() -> bundles.file(ctx.pathParam("id"), ctx.pathParam("file")))
                .compose(path -> ctx.response()
                        .putHeader("Content-Type", "application/octet-stream")
                        .putHeader("Cache-Control", "public, max-age=31536000, immutable")
                        .sendFile(path.toString()))
                .onFailure(ctx::fail);
    }
}
