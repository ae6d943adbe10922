package dev.gleaner.tracker.http;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.service.Json;
import dev.gleaner.tracker.service.Refusal;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;

/** What a request says. What cannot be understood is a {@link Refusal}. */
final class Requests {
    private Requests() {}

    static <T> T body(RoutingContext ctx, Class<T> type) {
        return Json.read(bytes(ctx), type);
    }

    static byte[] bytes(RoutingContext ctx) {
        Buffer buffer = ctx.body().buffer();
        return buffer == null ? new byte[0] : buffer.getBytes();
    }

    static long job(RoutingContext ctx) {
        return number(ctx.pathParam("job"), "job");
    }

    static FencingToken token(RoutingContext ctx) {
        try {
            return FencingToken.parse(ctx.pathParam("token"));
        } catch (IllegalArgumentException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    /** A number of the query, or what it is without one. */
    static long number(RoutingContext ctx, String name, long otherwise) {
        String text = ctx.request().getParam(name);
        return text == null ? otherwise : number(text, name);
    }

    static long number(String text, String name) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, name + " must be a whole number");
        }
    }

    /** The secret that the caller sends, empty when there is none. */
    static String bearer(RoutingContext ctx) {
        String header = ctx.request().getHeader("Authorization");
        return header != null && header.startsWith("Bearer ")
                ? header.substring("Bearer ".length()).trim()
                : "";
    }
}
