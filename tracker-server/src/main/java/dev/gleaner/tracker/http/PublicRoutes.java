package dev.gleaner.tracker.http;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.tracker.service.ExploreCalls;
import dev.gleaner.tracker.service.PublicCalls;
import dev.gleaner.tracker.service.ReleaseCalls;
import dev.gleaner.tracker.service.StopCalls;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What everybody may see of campaigns and volunteers. */
final class PublicRoutes {
    /** Of a picture that somebody looks for. */
    private static final long MOST_PICTURE_BYTES = 10 << 20;

    private static final String CAMPAIGN = "/v1/campaigns/:name";

    private final Vertx vertx;
    private final PublicCalls calls;
    private final Watchers watchers;
    private final StopCalls stops;
    private final ReleaseCalls releases;
    private final ExploreCalls explore;
    private final ClientAddress addresses;

    PublicRoutes(
            Vertx vertx,
            PublicCalls calls,
            Watchers watchers,
            StopCalls stops,
            ReleaseCalls releases,
            ExploreCalls explore,
            ClientAddress addresses) {
        this.vertx = vertx;
        this.calls = calls;
        this.watchers = watchers;
        this.stops = stops;
        this.releases = releases;
        this.explore = explore;
        this.addresses = addresses;
    }

    void add(Router router, Calls at) {
        at.get("/v1/overview", ctx -> calls.overview());
        at.get("/v1/default-policy", ctx -> Policy.laion400m());
        Events events = new Events(vertx, watchers, at);
        router.get("/v1/events").handler(events::open);
        at.get(CAMPAIGN + "/series", ctx -> calls.series(ctx.pathParam("name"), param(ctx, "span", "day")));
        at.get(CAMPAIGN + "/policy", ctx -> calls.policy(ctx.pathParam("name")));
        at.get(
                CAMPAIGN + "/chain",
                ctx -> Map.of(
                        "links",
                        calls.chain(
                                ctx.pathParam("name"),
                                Requests.number(ctx, "after", 0),
                                Requests.number(ctx, "limit", 1_000))));
        at.get(CAMPAIGN + "/policies", ctx -> Map.of("policies", calls.policies(ctx.pathParam("name"))));
        at.get(CAMPAIGN + "/profile", ctx -> calls.profile(ctx.pathParam("name")));
        at.get(CAMPAIGN + "/samples", ctx -> Map.of("samples", calls.samples(ctx.pathParam("name"))));
        at.get(CAMPAIGN + "/field", ctx -> calls.field(ctx.pathParam("name")));
        router.get(CAMPAIGN + "/field/:level/:tile")
                .handler(ctx -> send(
                        ctx,
                        "application/octet-stream",
                        "no-store",
                        at.blocking(() -> Buffer.buffer(calls.tile(
                                ctx.pathParam("name"),
                                Requests.number(ctx.pathParam("level"), "level"),
                                Requests.number(ctx.pathParam("tile"), "tile"))))));
        at.get(
                CAMPAIGN + "/jobs/:place",
                ctx -> calls.job(ctx.pathParam("name"), Requests.number(ctx.pathParam("place"), "place")));
        at.get(
                "/v1/leaders",
                ctx -> calls.leaders(
                        param(ctx, "by", "person"), param(ctx, "day", "ever"), Requests.number(ctx, "limit", 50)));
        at.get("/v1/versions", ctx -> Map.of("versions", calls.versions()));
        at.get("/v1/sites/stop", ctx -> stops.standing(param(ctx, "site", "")));
        at.post(
                "/v1/sites/stop",
                ctx -> Calls.done(
                        stops.stop(Requests.body(ctx, StopCalls.Wish.class), addresses.source(ctx.request()))));
        at.get("/v1/releases", ctx -> Map.of("releases", releases.releases(), "meanings", explore.hasMeanings()));
        at.get("/v1/releases/:name", ctx -> releases.release(ctx.pathParam("name")));
        router.get("/v1/releases/:name/files/:file")
                .handler(ctx -> at.blocking(() -> releases.link(ctx.pathParam("name"), ctx.pathParam("file")))
                        .onSuccess(link -> ctx.response()
                                .setStatusCode(302)
                                .putHeader("Location", link)
                                .putHeader("Cache-Control", "no-store")
                                .putHeader("Content-Type", "text/plain; charset=utf-8")
                                .end(link))
                        .onFailure(ctx::fail));
        at.get(
                "/v1/releases/:name/search",
                ctx -> explore.search(ctx.pathParam("name"), param(ctx, "by", "words"), param(ctx, "q", "")));
        at.post(
                "/v1/releases/:name/search",
                MOST_PICTURE_BYTES,
                ctx -> Calls.done(explore.searchPicture(ctx.pathParam("name"), Requests.bytes(ctx))));
        router.get("/v1/releases/:name/subset")
                .handler(ctx -> at.blocking(() -> Buffer.buffer(
                                explore.export(ctx.pathParam("name"), param(ctx, "by", "words"), param(ctx, "q", ""))))
                        .onSuccess(lines -> ctx.response()
                                .putHeader("Content-Type", "application/jsonl")
                                .putHeader("Content-Disposition", "attachment; filename=\"subset.jsonl\"")
                                .putHeader("Cache-Control", "no-store")
                                .end(lines))
                        .onFailure(ctx::fail));
        at.post(
                "/v1/opt-outs",
                ctx -> Calls.empty(
                        releases.ask(Requests.body(ctx, ReleaseCalls.Asked.class), addresses.source(ctx.request()))));
        at.get("/v1/volunteer", ctx -> calls.volunteer(param(ctx, "name", "")));
        router.get("/v1/volunteer/badge.svg")
                .handler(ctx -> send(
                        ctx,
                        "image/svg+xml",
                        "public, max-age=300",
                        at.blocking(() -> Buffer.buffer(calls.badge(param(ctx, "name", ""))))));
    }

    private static String param(RoutingContext ctx, String name, String otherwise) {
        @Nullable String value = ctx.request().getParam(name);
        return value == null ? otherwise : value;
    }

    private static void send(RoutingContext ctx, String type, String cache, Future<Buffer> body) {
        body.onSuccess(bytes -> ctx.response()
                        .putHeader("Content-Type", type)
                        .putHeader("Cache-Control", cache)
                        .end(bytes))
                .onFailure(ctx::fail);
    }
}
