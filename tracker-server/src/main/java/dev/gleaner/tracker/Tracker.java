package dev.gleaner.tracker;

import dev.gleaner.tracker.cluster.BusFeed;
import dev.gleaner.tracker.cluster.BusPeers;
import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.cluster.RoutingDesk;
import dev.gleaner.tracker.cluster.SharedBoard;
import dev.gleaner.tracker.http.Api;
import dev.gleaner.tracker.http.ClientAddress;
import dev.gleaner.tracker.http.ConnectionGuard;
import dev.gleaner.tracker.http.DnsTxt;
import dev.gleaner.tracker.http.Watchers;
import dev.gleaner.tracker.intake.Collector;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.Wellness;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.release.Removals;
import dev.gleaner.tracker.service.Access;
import dev.gleaner.tracker.service.AttentionCalls;
import dev.gleaner.tracker.service.CampaignCalls;
import dev.gleaner.tracker.service.DoorCalls;
import dev.gleaner.tracker.service.Feed;
import dev.gleaner.tracker.service.JobCalls;
import dev.gleaner.tracker.service.LeaseCalls;
import dev.gleaner.tracker.service.PublicCalls;
import dev.gleaner.tracker.service.Ranks;
import dev.gleaner.tracker.service.ReleaseCalls;
import dev.gleaner.tracker.service.RosterCalls;
import dev.gleaner.tracker.service.SettingCalls;
import dev.gleaner.tracker.service.StopCalls;
import dev.gleaner.tracker.service.TrustCalls;
import dev.gleaner.tracker.service.UpkeepCalls;
import dev.gleaner.tracker.service.WorkerCalls;
import dev.gleaner.tracker.sites.Board;
import dev.gleaner.tracker.sites.SiteDesk;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import dev.gleaner.tracker.watch.Meters;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running tracker: makes the parts, joins them, and stops them in the opposite order. */
public final class Tracker implements AutoCloseable {
    /** How often what is not urgent is looked after. */
    static final long SWEEP_SECONDS = 15;

    private static final Logger log = LoggerFactory.getLogger(Tracker.class);
    private static final long RANK_SECONDS = 120;
    private static final long FEED_MILLIS = 500;
    private static final long OVERVIEW_MILLIS = 2_000;

    private final Parts parts;
    private final Foundation base;
    private final int port;

    /** @param parts what has been started, so that a start that fails in the middle can be undone */
    private Tracker(TrackerConfig config, InstantSource clock, String version, Parts parts) throws IOException {
        this.parts = parts;
        base = Foundation.lay(config, clock, parts);
        JobFlow flow = JobFlow.open(base, parts);
        Vertx vertx = HttpDoor.vertx(base.meters(), base.cluster());
        parts.add(
                "http",
                () -> vertx.close().toCompletionStage().toCompletableFuture().join());
        ScheduledExecutorService clockThread = parts.interruptibleThread("clock");
        Publishing publishing = Publishing.open(base, parts);
        PublicCalls everybody = new PublicCalls(
                base.ledger(), base.ledger().statistics(), base.ledger().chain(), flow.judge(), clock);
        Ranks ranks = new Ranks(base.ledger().roster());
        Feed feed = feed(vertx, flow, everybody);
        Watchers watchers = new Watchers(feed);
        ClientAddress addresses = new ClientAddress(config.trustedProxies());
        Api api = new Api(vertx, services(vertx, flow, publishing, everybody, ranks, watchers, version), addresses);
        port = HttpDoor.listen(vertx, api, new ConnectionGuard(vertx, addresses), config);

        flow.schedule(base, clockThread);
        publishing.schedule();
        every(clockThread, base.settings()::refresh);
        every(clockThread, base.stopped()::refresh);
        every(clockThread, () -> base.meters().campaigns(base.ledger().campaigns()));
        Parts.every(clockThread, RANK_SECONDS, TimeUnit.SECONDS, ranks::refresh);
        tellWatchers(feed, watchers, clockThread);
        lookAfterHealth(flow);
        log.info(
                "Tracker is ready: address={}://{}:{} data={} ledger={} objects={} epoch={}",
                config.tls() == null ? "http" : "https",
                config.host(),
                port,
                config.data(),
                config.ledger(),
                base.store().place(),
                base.ledger().epoch());
    }

    /**
     * Starts a tracker.
     *
     * @param version shown to callers
     * @throws IOException when the data folder cannot be used, the port is taken, or a place cannot be reached
     */
    public static Tracker start(TrackerConfig config, InstantSource clock, String version) throws IOException {
        Parts parts = new Parts();
        try {
            return new Tracker(config, clock, version, parts);
        } catch (IOException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    /** What has just been judged, here and by other trackers. */
    private Feed feed(Vertx vertx, JobFlow flow, PublicCalls everybody) {
        Feed feed = new Feed(everybody);
        flow.judge().listen(feed::hear);
        if (base.cluster() != null) {
            BusFeed.join(vertx, feed);
        }
        return feed;
    }

    private void tellWatchers(Feed feed, Watchers watchers, ScheduledExecutorService clockThread) {
        base.meters().watchers(watchers::count);
        Parts.every(clockThread, FEED_MILLIS, TimeUnit.MILLISECONDS, feed::tick);
        Parts.every(parts.interruptibleThread("overview"), OVERVIEW_MILLIS, TimeUnit.MILLISECONDS, () -> {
            if (watchers.count() > 0) {
                feed.tellOverview();
            }
        });
    }

    private void lookAfterHealth(JobFlow flow) {
        ScheduledExecutorService healthThread = parts.thread("health");
        parts.add("hosts", flow.hosts()::flush);
        every(healthThread, flow.hosts()::flush);
        every(healthThread, () -> probe(flow.wellness()));
        Cluster cluster = base.cluster();
        if (cluster != null) {
            AtomicInteger safe = new AtomicInteger();
            watch(base.meters(), cluster, safe);
            // It asks all trackers, and one that was just cut off answers never: not on an event loop.
            every(parts.interruptibleThread("cluster"), () -> safe.set(cluster.isSafe() ? 1 : 0));
        }
    }

    /** What runs out while ledger or storage are unwell is nobody's fault. */
    private void probe(Wellness wellness) {
        try {
            base.ledger().requireWritable();
            base.store().requireWritable();
        } catch (IOException | RuntimeException e) {
            wellness.trouble(base.clock().instant());
            log.warn("Ledger or object storage is unwell: cause={}", e.toString());
        }
    }

    private static void watch(Meters meters, Cluster cluster, AtomicInteger safe) {
        meters.cluster("members", "trackers in the cluster, as this one sees it", cluster::members);
        meters.cluster(
                "partitions",
                "partitions of the jobs that this tracker owns",
                () -> cluster.share().partitions().size());
        meters.cluster("safe", "1 when every partition has a backup and a tracker may leave", safe::get);
    }

    private static void every(ScheduledExecutorService thread, Runnable task) {
        Parts.every(thread, SWEEP_SECONDS, TimeUnit.SECONDS, task);
    }

    private Api.Services services(
            Vertx vertx,
            JobFlow flow,
            Publishing publishing,
            PublicCalls everybody,
            Ranks ranks,
            Watchers watchers,
            String version) {
        TrackerConfig config = base.config();
        InstantSource clock = base.clock();
        SqlLedger ledger = base.ledger();
        Roster roster = ledger.roster();
        Cluster cluster = base.cluster();
        Desk desk = cluster == null
                ? flow.desk()
                : new RoutingDesk(new BusPeers(cluster, vertx), flow.desk(), clock, new SecureRandom());
        Access access = new Access(ledger, roster, clock);
        Board board = cluster == null ? Board.ofOne() : new SharedBoard(cluster);
        SiteDesk sites = new SiteDesk(clock, base.settings().siteRates(), base.stopped(), board);
        base.meters().sites(() -> sites.spared().size());
        CampaignCalls campaigns = new CampaignCalls(ledger, desk, base.bundles(), clock);
        RosterCalls crew = new RosterCalls(roster, ledger.statistics(), ledger, desk, clock);
        return new Api.Services(
                new WorkerCalls(
                        ledger,
                        roster,
                        base.settings().enrolment(),
                        desk,
                        sites,
                        ranks,
                        flow.judge(),
                        base.store(),
                        base::leases,
                        flow.screens()::mustAsk),
                flow.screens(),
                everybody,
                watchers,
                new StopCalls(
                        base.stopped(),
                        ledger.statistics(),
                        new DnsTxt(vertx, config.dns()),
                        ledger.secret("site.stops"),
                        clock),
                campaigns,
                new JobCalls(ledger, desk, campaigns),
                crew,
                new SettingCalls(base.settings(), desk, base.bundles()),
                new UpkeepCalls(ledger, new Collector(ledger, base.store(), clock)),
                sites,
                new TrustCalls(ledger.reputation(), flow.judge(), campaigns, crew),
                new ReleaseCalls(
                        ledger.releaseBook(),
                        campaigns,
                        base.store(),
                        clock,
                        new Removals(base.store(), base.scratch()),
                        base::stoppedNames,
                        publishing,
                        () -> flow.screenThread().execute(flow.screens()::refresh)),
                publishing.explore(),
                new LeaseCalls(ledger, roster, desk, clock),
                new AttentionCalls(
                        ledger,
                        roster,
                        ledger.statistics(),
                        everybody,
                        desk,
                        flow.wellness()::lastTrouble,
                        config.data(),
                        campaigns::signedUntil,
                        clock),
                new DoorCalls(roster, access, clock),
                access,
                base.bundles(),
                base.store(),
                base.store() instanceof FileObjectStore files ? files : null,
                ledger,
                base.meters()::scrape,
                base.meters(),
                version);
    }

    public int port() {
        return port;
    }

    /** Partitions of the jobs that this tracker owns now. */
    public int partitions() {
        return base.share().partitions().size();
    }

    /** Where the operators' token lies. */
    public Path operatorTokenFile() {
        return OperatorToken.file(base.config().data());
    }

    /** Stops taking calls, then what is behind them, the ledger last. */
    @Override
    public void close() {
        parts.close();
        log.info("Tracker has stopped");
    }
}
