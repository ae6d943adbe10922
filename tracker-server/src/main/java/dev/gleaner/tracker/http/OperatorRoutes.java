package dev.gleaner.tracker.http;

import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.service.Access;
import dev.gleaner.tracker.service.CampaignCalls;
import dev.gleaner.tracker.service.DoorCalls;
import dev.gleaner.tracker.service.JobCalls;
import dev.gleaner.tracker.service.Json;
import dev.gleaner.tracker.service.LeaseCalls;
import dev.gleaner.tracker.service.ReleaseCalls;
import dev.gleaner.tracker.service.RosterCalls;
import dev.gleaner.tracker.service.StopCalls;
import dev.gleaner.tracker.service.TrustCalls;
import dev.gleaner.tracker.service.UpkeepCalls;
import dev.gleaner.tracker.service.WorkerFilter;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What operators do, and what viewers see: whoever may GET may not therefore POST. */
final class OperatorRoutes {
    private static final String ROOT = "/v1/operator";
    private static final String PERSON = "person";
    private static final long MAX_CAMPAIGN_BYTES = 256L << 20;

    private final Api.Services services;

    OperatorRoutes(Api.Services services) {
        this.services = services;
    }

    void add(Router router, Calls calls, Uploads uploads) {
        router.route(ROOT + "/*").handler(ctx -> signIn(ctx, calls));
        jobs(calls);
        leases(calls);
        campaigns(calls);
        workers(calls);
        door(calls);
        settings(calls);
        calls.post(ROOT + "/releases/:name/removals", ctx -> services.releases().remove(ctx.pathParam("name")));
        calls.post(
                ROOT + "/releases",
                ctx -> services.releases().create(actor(ctx), Requests.body(ctx, ReleaseCalls.Wish.class)));
        calls.get(ROOT + "/opt-outs", ctx -> services.releases().optOuts((int) Requests.number(ctx, "limit", 1_000)));
        calls.post(
                ROOT + "/opt-outs",
                ctx -> Calls.empty(
                        services.releases().decide(actor(ctx), Requests.body(ctx, ReleaseCalls.Decided.class))));
        calls.post(
                ROOT + "/opt-outs/list",
                ctx -> services.releases().honour(actor(ctx), Requests.body(ctx, ReleaseCalls.Listed.class)));
        calls.post(
                ROOT + "/opt-outs/forget",
                ctx -> Calls.empty(
                        services.releases().forget(actor(ctx), Requests.body(ctx, ReleaseCalls.Forgotten.class))));
        calls.get(
                ROOT + "/audit",
                ctx -> Map.of(
                        "audit",
                        services.upkeep()
                                .audit(
                                        Requests.number(ctx, "before", 0),
                                        (int) Requests.number(ctx, "limit", 100),
                                        "true".equals(ctx.request().getParam("people")))));
        calls.get(ROOT + "/me", ctx -> {
            Access.Person person = ctx.get(PERSON);
            return Map.of("name", person.name(), "role", person.role().name().toLowerCase(Locale.ROOT));
        });
        calls.getLater(ROOT + "/attention", ctx -> services.attention().attention());
        calls.get(ROOT + "/bundles", ctx -> Map.of("bundles", services.bundles().all()));
        calls.post(
                ROOT + "/objects/collect",
                ctx -> Calls.done(
                        services.upkeep().collect(actor(ctx), Requests.body(ctx, UpkeepCalls.Collect.class))));
        router.put(ROOT + "/bundles/:id/:file").handler(ctx -> uploads.bundleFile(ctx, services.bundles()));
    }

    private void signIn(RoutingContext ctx, Calls calls) {
        boolean changes = !ctx.request().method().equals(HttpMethod.GET);
        String token = Requests.bearer(ctx);
        if (changes) {
            ctx.request().pause(); // Whoever reads the body resumes it.
        }
        calls.blocking(() -> services.access().require(token, changes))
                .onSuccess(person -> {
                    ctx.put(PERSON, person);
                    ctx.next();
                })
                .onFailure(ctx::fail);
    }

    private static String actor(RoutingContext ctx) {
        return ctx.<Access.Person>get(PERSON).name();
    }

    private void jobs(Calls calls) {
        calls.get(
                ROOT + "/jobs",
                ctx -> services.jobs()
                        .jobs(
                                new Ledger.JobQuery(
                                        ctx.request().getParam("campaign"),
                                        ctx.request().getParam("state"),
                                        ctx.request().getParam("wat"),
                                        ctx.request().getParam("reason")),
                                Requests.number(ctx, "after", 0),
                                (int) Requests.number(ctx, "limit", 100)));
        calls.post(ROOT + "/jobs/requeue", ctx -> move(ctx, false));
        calls.post(ROOT + "/jobs/quarantine", ctx -> move(ctx, true));
        calls.get(
                ROOT + "/jobs/:job/attempts/:number",
                ctx -> Json.read(
                        services.jobs()
                                .manifest(Requests.job(ctx), Requests.number(ctx.pathParam("number"), "number"))
                                .getBytes(StandardCharsets.UTF_8),
                        Manifest.class));
        calls.get(ROOT + "/jobs/:job", ctx -> services.jobs().job(Requests.job(ctx)));
        calls.post(
                ROOT + "/jobs/:job/requeue",
                ctx -> services.jobs()
                        .requeue(actor(ctx), Requests.job(ctx), Requests.body(ctx, JobCalls.Reason.class)));
        calls.post(
                ROOT + "/jobs/:job/quarantine",
                ctx -> services.jobs()
                        .quarantine(actor(ctx), Requests.job(ctx), Requests.body(ctx, JobCalls.Reason.class)));
    }

    private CompletionStage<?> move(RoutingContext ctx, boolean quarantine) {
        return services.jobs()
                .move(actor(ctx), Requests.body(ctx, JobCalls.Jobwise.class), quarantine)
                .thenApply(moved -> Map.of("jobs", moved));
    }

    private void leases(Calls calls) {
        calls.getLater(ROOT + "/leases", ctx -> services.leases().list(filter(ctx)));
        calls.post(
                ROOT + "/leases/extend",
                ctx -> services.leases()
                        .extend(actor(ctx), Requests.body(ctx, LeaseCalls.Extension.class))
                        .thenApply(outcomes -> Map.of("leases", outcomes)));
        calls.post(
                ROOT + "/leases/revoke",
                ctx -> services.leases()
                        .revoke(actor(ctx), Requests.body(ctx, LeaseCalls.Revocation.class))
                        .thenApply(outcomes -> Map.of("leases", outcomes)));
    }

    private static LeaseCalls.Filter filter(RoutingContext ctx) {
        return new LeaseCalls.Filter(
                ctx.request().getParam("campaign"),
                ctx.request().getParam("worker"),
                ctx.request().getParam("step"),
                Requests.number(ctx, "age", 0),
                Requests.number(ctx, "silent", 0),
                Requests.number(ctx, "stuck", 0),
                ctx.request().getParam("order", "silent"),
                Requests.number(ctx, "limit", 100));
    }

    private void campaigns(Calls calls) {
        calls.post(
                ROOT + "/campaigns",
                MAX_CAMPAIGN_BYTES,
                ctx -> services.campaigns().create(actor(ctx), Requests.body(ctx, CampaignCalls.NewCampaign.class)));
        calls.post(
                ROOT + "/campaigns/:name/pause",
                ctx -> services.campaigns().pause(actor(ctx), ctx.pathParam("name"), true));
        calls.post(
                ROOT + "/campaigns/:name/priority",
                ctx -> services.campaigns()
                        .prioritise(
                                actor(ctx), ctx.pathParam("name"), Requests.body(ctx, CampaignCalls.Priority.class)));
        calls.post(
                ROOT + "/campaigns/:name/replication",
                ctx -> services.trust()
                        .replicate(actor(ctx), ctx.pathParam("name"), Requests.body(ctx, TrustCalls.Wish.class)));
        calls.post(
                ROOT + "/campaigns/:name/policy",
                ctx -> services.campaigns()
                        .changePolicy(
                                actor(ctx), ctx.pathParam("name"), Requests.body(ctx, CampaignCalls.NewPolicy.class)));
        calls.post(
                ROOT + "/campaigns/:name/sign",
                ctx -> services.campaigns()
                        .sign(actor(ctx), ctx.pathParam("name"), Requests.body(ctx, CampaignCalls.Signing.class)));
        calls.post(
                ROOT + "/campaigns/:name/resume",
                ctx -> services.campaigns().pause(actor(ctx), ctx.pathParam("name"), false));
    }

    private void workers(Calls calls) {
        String worker = ROOT + "/workers/:worker";
        calls.get(
                ROOT + "/workers",
                ctx -> services.roster()
                        .workers(WorkerFilter.of(
                                ctx.request().getParam("text"),
                                ctx.request().getParam("state", "any"),
                                ctx.request().getParam("order", "kept"),
                                Requests.number(ctx, "limit", 1_000_000))));
        calls.get(worker, ctx -> services.roster().about(ctx.pathParam("worker")));
        calls.post(worker + "/ban", ctx -> heard(services.roster().ban(actor(ctx), ctx.pathParam("worker"), true)));
        calls.post(worker + "/convict", ctx -> {
            TrustCalls.Convicted convicted = services.trust().convict(actor(ctx), ctx.pathParam("worker"));
            services.workers().forget();
            return CompletableFuture.completedFuture(convicted);
        });
        calls.post(worker + "/pardon", ctx -> {
            TrustCalls.Pardoned pardoned = services.trust().pardon(actor(ctx), ctx.pathParam("worker"));
            services.workers().forget();
            return CompletableFuture.completedFuture(pardoned);
        });
        calls.post(worker + "/unban", ctx -> heard(services.roster().ban(actor(ctx), ctx.pathParam("worker"), false)));
        calls.post(
                worker + "/direct",
                ctx -> heard(services.roster()
                        .direct(actor(ctx), ctx.pathParam("worker"), Requests.body(ctx, RosterCalls.Direction.class))));
        calls.post(worker + "/admit", ctx -> heard(services.roster().admit(actor(ctx), ctx.pathParam("worker"))));
    }

    /** What is known of workers is known no more. */
    private CompletionStage<WorkerView> heard(CompletionStage<WorkerView> change) {
        return change.whenComplete((worker, error) -> services.workers().forget());
    }

    private void door(Calls calls) {
        calls.get(
                ROOT + "/invitations",
                ctx -> Map.of("invitations", services.door().invitations()));
        calls.post(
                ROOT + "/invitations",
                ctx -> services.door().invite(actor(ctx), Requests.body(ctx, DoorCalls.NewInvitation.class)));
        calls.post(
                ROOT + "/invitations/:id/withdraw",
                ctx -> services.door()
                        .withdraw(actor(ctx), ctx.pathParam("id"))
                        .thenApply(invitations -> Map.of("invitations", invitations)));
        calls.get(ROOT + "/keys", ctx -> Map.of("keys", services.door().keys()));
        calls.post(
                ROOT + "/keys", ctx -> services.door().addKey(actor(ctx), Requests.body(ctx, DoorCalls.NewKey.class)));
        calls.post(
                ROOT + "/keys/:id/revoke",
                ctx -> services.door().revoke(actor(ctx), ctx.pathParam("id")).thenApply(keys -> Map.of("keys", keys)));
        calls.post(ROOT + "/keys/:id/rotate", ctx -> services.door().rotate(actor(ctx), ctx.pathParam("id")));
    }

    private void settings(Calls calls) {
        calls.get(ROOT + "/lease-times", ctx -> services.settings().leaseTimes());
        calls.post(ROOT + "/lease-times", ctx -> services.settings().changeLeaseTimes(actor(ctx), Requests.bytes(ctx)));
        calls.get(ROOT + "/site-rates", ctx -> services.settings().siteRates());
        calls.post(ROOT + "/site-rates", ctx -> services.settings().changeSiteRates(actor(ctx), Requests.bytes(ctx)));
        calls.get(ROOT + "/sites", ctx -> Map.of("sites", services.sites().spared()));
        calls.get(ROOT + "/stopped-sites", ctx -> services.stops().all());
        calls.post(
                ROOT + "/stopped-sites",
                ctx -> Calls.done(
                        services.stops().change(actor(ctx), Requests.body(ctx, StopCalls.OperatorsWish.class))));
        calls.get(ROOT + "/limits", ctx -> services.settings().limits());
        calls.post(ROOT + "/limits", ctx -> services.settings().changeLimits(actor(ctx), Requests.bytes(ctx)));
        calls.post(ROOT + "/worker-release", ctx -> services.settings().changeRelease(actor(ctx), Requests.bytes(ctx)));
        calls.get(ROOT + "/enrolment", ctx -> services.settings().enrolment());
        calls.post(ROOT + "/enrolment", ctx -> services.settings().changeEnrolment(actor(ctx), Requests.bytes(ctx)));
    }
}
