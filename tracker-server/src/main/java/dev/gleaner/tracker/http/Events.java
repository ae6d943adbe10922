package dev.gleaner.tracker.http;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.service.Feed;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Those who watch on one event loop, and what they are sent. Who reads too slowly misses events and is told how things stand when it has
 * caught up; who reads nothing at all is sent away. Everything happens on the event loop.
 */
final class Events {
    private static final long QUIET_MILLIS = 20_000;
    private static final int PATIENCE_ROUNDS = 3;
    private static final int QUEUE_BYTES = 128 << 10;
    private static final Buffer STILL_THERE = Buffer.buffer(": still there\n\n");

    private final Watchers watchers;
    private final Calls calls;
    private final Set<Viewer> viewers = new LinkedHashSet<>();

    private static final class Viewer {
        private final HttpServerResponse response;
        private boolean behind;
        private int roundsFull;

        Viewer(HttpServerResponse response) {
            this.response = response;
        }
    }

    Events(Vertx vertx, Watchers watchers, Calls calls) {
        this.watchers = watchers;
        this.calls = calls;
        Context loop = vertx.getOrCreateContext();
        watchers.feed().watch(frame -> {
            Buffer buffer = Buffer.buffer(frame);
            loop.runOnContext(now -> viewers.forEach(viewer -> send(viewer, buffer)));
        });
        vertx.setPeriodic(QUIET_MILLIS, timer -> Set.copyOf(viewers).forEach(this::look));
    }

    void open(RoutingContext ctx) {
        if (!watchers.enter()) {
            Answers.refuse(ctx, ProblemCode.TOO_MANY_REQUESTS, "too many watch already; ask /v1/overview now and then");
            return;
        }
        String lastEventId = ctx.request().getHeader("Last-Event-ID");
        Viewer viewer = new Viewer(ctx.response());
        ctx.addEndHandler(ended -> {
            viewers.remove(viewer);
            watchers.leave();
        });
        hello(lastEventId, ctx, viewer);
    }

    private void hello(@Nullable String lastEventId, RoutingContext ctx, Viewer viewer) {
        calls.blocking(() -> watchers.feed().hello(lastEventId))
                .onSuccess(hello -> {
                    HttpServerResponse response = viewer.response;
                    if (response.closed()) {
                        return;
                    }
                    response.setChunked(true)
                            .setWriteQueueMaxSize(QUEUE_BYTES)
                            .putHeader("Content-Type", "text/event-stream; charset=utf-8")
                            .putHeader("Content-Encoding", "identity")
                            .putHeader("Cache-Control", "no-store")
                            // Asks nginx not to keep events back.
                            .putHeader("X-Accel-Buffering", "no");
                    begin(viewer, hello);
                })
                .onFailure(ctx::fail);
    }

    private void begin(Viewer viewer, Feed.Hello hello) {
        write(viewer, Buffer.buffer("retry: 3000\n\n").appendBytes(hello.frames()));
        byte[] meanwhile = watchers.feed().since(hello.sequence());
        if (meanwhile.length > 0) {
            write(viewer, Buffer.buffer(meanwhile));
        }
        viewers.add(viewer);
    }

    private void send(Viewer viewer, Buffer frame) {
        if (viewer.behind || viewer.response.writeQueueFull()) {
            viewer.behind = true;
            return;
        }
        write(viewer, frame);
    }

    /** Now and then: who has caught up is told how things stand, who has not for long is sent away. */
    private void look(Viewer viewer) {
        if (viewer.response.writeQueueFull()) {
            viewer.roundsFull++;
            if (viewer.roundsFull >= PATIENCE_ROUNDS) {
                viewer.response.reset();
            }
            return;
        }
        viewer.roundsFull = 0;
        if (!viewer.behind) {
            write(viewer, STILL_THERE);
            return;
        }
        calls.blocking(() -> watchers.feed().hello(null)).onSuccess(hello -> {
            viewer.behind = false;
            write(viewer, Buffer.buffer(hello.frames()));
        });
    }

    private static void write(Viewer viewer, Buffer frame) {
        if (!viewer.response.closed()) {
            // A viewer that is gone is seen by its end handler.
            viewer.response.write(frame).onFailure(gone -> {});
        }
    }
}
