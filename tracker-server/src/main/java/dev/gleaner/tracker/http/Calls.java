package dev.gleaner.tracker.http;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.service.WorkerCalls;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Puts calls at addresses. Handlers run on the event loop; what blocks is handed to the worker pool. */
final class Calls {
    static final long MAX_BYTES = 1 << 20;
    /** A caller that sends its few bytes more slowly than this is not let sit on them. */
    private static final long BODY_MILLIS = 60_000;

    private static final String BODY_TIMER = "body timer";

    private final Vertx vertx;
    private final Router router;

    Calls(Vertx vertx, Router router) {
        this.vertx = vertx;
        this.router = router;
    }

    interface Call {
        @Nullable
        Object of(RoutingContext ctx) throws IOException;
    }

    interface AsyncCall {
        CompletionStage<?> of(RoutingContext ctx) throws IOException;
    }

    interface WorkerCall {
        CompletionStage<?> of(Roster.WorkerRow worker, RoutingContext ctx) throws IOException;
    }

    void get(String path, Call call) {
        router.get(path).handler(ctx -> answer(ctx, blocking(() -> call.of(ctx))));
    }

    /** A GET whose answer comes later. */
    void getLater(String path, AsyncCall call) {
        router.get(path)
                .handler(ctx -> answer(
                        ctx,
                        blocking(() -> call.of(ctx))
                                .compose(stage -> Future.fromCompletionStage(stage, vertx.getOrCreateContext()))));
    }

    void post(String path, AsyncCall call) {
        post(path, MAX_BYTES, call);
    }

    void post(String path, long maxBytes, AsyncCall call) {
        read(path, maxBytes)
                .handler(ctx -> answer(
                        ctx,
                        blocking(() -> call.of(ctx))
                                .compose(stage -> Future.fromCompletionStage(stage, vertx.getOrCreateContext()))));
    }

    /** A worker's call that never blocks: it stays on the event loop unless the ledger must be asked who calls. */
    void worker(String path, Admission admission, WorkerCalls workers, WorkerCall call) {
        read(path, MAX_BYTES).handler(ctx -> {
            OptionalInt stayAway = admission.enter();
            if (stayAway.isPresent()) {
                ctx.response().putHeader("Retry-After", Integer.toString(stayAway.getAsInt()));
                Answers.refuse(ctx, ProblemCode.TOO_MANY_REQUESTS, "many workers call at once; come again later");
                return;
            }
            ctx.addEndHandler(ended -> admission.leave());
            String token = Requests.bearer(ctx);
            Optional<Roster.WorkerRow> known = workers.authenticateQuickly(token);
            Future<Roster.WorkerRow> caller = known.isPresent()
                    ? Future.succeededFuture(known.get())
                    : blocking(() -> workers.authenticate(token));
            answer(ctx, caller.compose(worker -> {
                try {
                    return Future.fromCompletionStage(call.of(worker, ctx), vertx.getOrCreateContext());
                } catch (IOException e) {
                    return Future.failedFuture(e);
                }
            }));
        });
    }

    /** Reads the body whole: not more than so many bytes, and not for ever. */
    private Route read(String path, long maxBytes) {
        // Handlers of one route must not come before its body's.
        router.post(path).handler(ctx -> {
            ctx.put(BODY_TIMER, closeAfter(ctx, BODY_MILLIS + maxBytes / Uploads.SLOWEST_BYTES_PER_MILLI));
            ctx.next();
        });
        Route route = router.post(path).handler(BodyHandler.create(false).setBodyLimit(maxBytes));
        return route.handler(ctx -> {
            Long timer = ctx.remove(BODY_TIMER);
            vertx.cancelTimer(timer);
            ctx.next();
        });
    }

    /** Closes the connection after this time; the timer goes with the exchange. */
    long closeAfter(RoutingContext ctx, long millis) {
        long timer = vertx.setTimer(millis, id -> ctx.request().connection().close());
        ctx.addEndHandler(ended -> vertx.cancelTimer(timer));
        return timer;
    }

    <T> Future<T> blocking(Callable<T> work) {
        return vertx.executeBlocking(work, false);
    }

    static void answer(RoutingContext ctx, Future<?> result) {
        result.onSuccess(value -> Answers.render(ctx, 200, value)).onFailure(ctx::fail);
    }

    static CompletionStage<?> done(Object value) {
        return CompletableFuture.completedFuture(value);
    }

    static CompletionStage<?> empty(CompletionStage<Void> stage) {
        return stage.thenApply(ok -> Map.of());
    }
}
