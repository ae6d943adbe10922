package dev.gleaner.tracker.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gleaner.dashboard.Dashboard;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.ProtocolVersion;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.service.Access;
import dev.gleaner.tracker.service.AttentionCalls;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.CampaignCalls;
import dev.gleaner.tracker.service.DoorCalls;
import dev.gleaner.tracker.service.ExploreCalls;
import dev.gleaner.tracker.service.JobCalls;
import dev.gleaner.tracker.service.LeaseCalls;
import dev.gleaner.tracker.service.PublicCalls;
import dev.gleaner.tracker.service.Refusal;
import dev.gleaner.tracker.service.ReleaseCalls;
import dev.gleaner.tracker.service.RosterCalls;
import dev.gleaner.tracker.service.ScreenCalls;
import dev.gleaner.tracker.service.SettingCalls;
import dev.gleaner.tracker.service.StopCalls;
import dev.gleaner.tracker.service.TrustCalls;
import dev.gleaner.tracker.service.UpkeepCalls;
import dev.gleaner.tracker.service.WorkerCalls;
import dev.gleaner.tracker.sites.SiteDesk;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.StaticHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tracker's HTTP face, as {@code docs/protocol/openapi.yaml} describes it: what everybody may see here, workers' calls in
 * {@link WorkerRoutes}, operators' in {@link OperatorRoutes}.
 */
public final class Api {
    private static final String EVENTS = "/v1/events";

    /** A caller may invent others, and must not make meters by it. */
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT");

    private final Vertx vertx;
    private final Services services;
    private final ClientAddress addresses;
    private final WorkerRoutes workers;
    private final OperatorRoutes operators;

    /**
     * What the API calls.
     *
     * @param uploads takes uploads itself, null when workers upload elsewhere
     * @param meters all meters in Prometheus' text format
     */
    public record Services(
            WorkerCalls workers,
            ScreenCalls screens,
            PublicCalls everybody,
            Watchers watchers,
            StopCalls stops,
            CampaignCalls campaigns,
            JobCalls jobs,
            RosterCalls roster,
            SettingCalls settings,
            UpkeepCalls upkeep,
            SiteDesk sites,
            TrustCalls trust,
            ReleaseCalls releases,
            ExploreCalls explore,
            LeaseCalls leases,
            AttentionCalls attention,
            DoorCalls door,
            Access access,
            BundleShelf bundles,
            ObjectStore store,
            @Nullable FileObjectStore uploads,
            Ledger ledger,
            Supplier<String> meters,
            HttpMonitor monitor,
            String version) {}

    public Api(Vertx vertx, Services services, ClientAddress addresses) {
        this.vertx = vertx;
        this.services = services;
        this.addresses = addresses;
        this.workers =
                new WorkerRoutes(services.workers, services.screens, services.bundles, services.uploads, addresses);
        this.operators = new OperatorRoutes(services);
    }

    public Router router() {
        Router router = Router.router(vertx);
        router.route().handler(this::begin);
        router.route().failureHandler(Answers::failed);
        router.route("/v1/*").handler(Api::negotiate);
        Calls calls = new Calls(vertx, router);
        Uploads uploads = new Uploads(vertx, calls);
        // In the order of how often they are called: each is compared with the address in turn.
        workers.add(router, calls, uploads);
        everybody(router, calls);
        operators.add(router, calls, uploads);
        router.get("/*")
                .handler(StaticHandler.create(Dashboard.ROOT)
                        .setCachingEnabled(false)
                        .setIndexPage("index.html"));
        router.route().handler(ctx -> Answers.refuse(ctx, ProblemCode.NOT_FOUND, "there is nothing at this address"));
        return router;
    }

    private void everybody(Router router, Calls calls) {
        calls.get(
                "/v1",
                ctx -> new About(
                        "gleaner-tracker",
                        services.version,
                        ProtocolVersion.CURRENT,
                        ProtocolVersion.OLDEST_SERVED,
                        services.campaigns.campaignKey().orElse(null)));
        calls.get("/v1/campaigns", ctx -> Map.of("campaigns", services.campaigns.campaigns()));
        calls.get("/v1/campaigns/:name", ctx -> services.campaigns.campaign(ctx.pathParam("name")));
        calls.get("/v1/worker-release", ctx -> services.settings.release());
        new PublicRoutes(
                        vertx,
                        services.everybody,
                        services.watchers,
                        services.stops,
                        services.releases,
                        services.explore,
                        addresses)
                .add(router, calls);
        router.get("/health/live").handler(ctx -> Answers.render(ctx, 200, Map.of("status", "live")));
        calls.get("/health/ready", ctx -> ready());
        router.get("/metrics")
                .handler(ctx -> ctx.response()
                        .putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                        .putHeader("Cache-Control", "no-store")
                        .end(services.meters.get()));
    }

    /** @param campaignKey the public key that signs campaigns here, once there is one */
    private record About(
            String name,
            String version,
            int protocol,
            @JsonProperty("oldest_protocol") int oldestProtocol,
            @Nullable String campaignKey) {}

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

    private static void negotiate(RoutingContext ctx) {
        String spoken = ctx.request().getHeader(ProtocolVersion.HEADER);
        if (spoken != null) {
            int version = (int) Math.min(Integer.MAX_VALUE, Requests.number(spoken, ProtocolVersion.HEADER));
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

    private void begin(RoutingContext ctx) {
        long began = System.nanoTime();
        ctx.addEndHandler(ended -> {
            Route route = ctx.currentRoute();
            String path = route == null ? null : route.getPath();
            String method = ctx.request().method().name();
            if (EVENTS.equals(path)) {
                return; // It lasts as long as somebody watches.
            }
            services.monitor.answered(
                    METHODS.contains(method) ? method : "other",
                    path == null ? "other" : path,
                    ctx.response().getStatusCode(),
                    Duration.ofNanos(System.nanoTime() - began));
        });
        ctx.response()
                .putHeader(
                        "Content-Security-Policy",
                        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer");
        ctx.next();
    }
}
