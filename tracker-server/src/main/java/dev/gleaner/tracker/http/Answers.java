package dev.gleaner.tracker.http;

import dev.gleaner.protocol.Problem;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.service.Json;
import dev.gleaner.tracker.service.Refusal;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renders answers as JSON and failures as problem documents (RFC 9457). */
final class Answers {
    private static final Logger log = LoggerFactory.getLogger(Answers.class);
    private static final int APPROVAL_RETRY_SECONDS = 60;

    private Answers() {}

    static void render(RoutingContext ctx, int status, @Nullable Object value) {
        HttpServerResponse response = ctx.response();
        if (!response.ended() && !response.closed()) {
            response.setStatusCode(status)
                    .putHeader("Content-Type", "application/json")
                    .putHeader("Cache-Control", "no-store");
            response.end(Buffer.buffer(Json.bytes(value == null ? Map.of() : value)));
        }
    }

    static void failed(RoutingContext ctx) {
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

    static void refuse(RoutingContext ctx, ProblemCode code, String detail) {
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
        if (code == ProblemCode.APPROVAL_PENDING) {
            response.putHeader("Retry-After", Integer.toString(APPROVAL_RETRY_SECONDS));
        }
        if (!ctx.request().method().equals(HttpMethod.GET) && !ctx.request().isEnded()) {
            response.putHeader("Connection", "close");
        }
        response.end(Buffer.buffer(Json.bytes(Problem.of(code, detail))));
    }
}
