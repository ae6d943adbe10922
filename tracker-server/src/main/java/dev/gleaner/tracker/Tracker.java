package dev.gleaner.tracker;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.release.WorkerRelease;
import dev.gleaner.tracker.cluster.BusFeed;
import dev.gleaner.tracker.cluster.BusPeers;
import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.cluster.ClusterSettings;
import dev.gleaner.tracker.cluster.RoutingDesk;
import dev.gleaner.tracker.cluster.SharedBoard;
import dev.gleaner.tracker.explore.Encoder;
import dev.gleaner.tracker.explore.Explorer;
import dev.gleaner.tracker.http.Api;
import dev.gleaner.tracker.http.ClientAddress;
import dev.gleaner.tracker.http.ConnectionGuard;
import dev.gleaner.tracker.http.DnsTxt;
import dev.gleaner.tracker.http.Watchers;
import dev.gleaner.tracker.intake.Collector;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.lease.LeaseTimes;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.lease.Wellness;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.release.Releases;
import dev.gleaner.tracker.release.Removals;
import dev.gleaner.tracker.release.jet.JetAssembly;
import dev.gleaner.tracker.screen.KnownAddresses;
import dev.gleaner.tracker.screen.KnownFilter;
import dev.gleaner.tracker.screen.LocalFilter;
import dev.gleaner.tracker.service.Access;
import dev.gleaner.tracker.service.AttentionCalls;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.DoorCalls;
import dev.gleaner.tracker.service.ExploreCalls;
import dev.gleaner.tracker.service.Feed;
import dev.gleaner.tracker.service.Hosts;
import dev.gleaner.tracker.service.Judge;
import dev.gleaner.tracker.service.JudgeMonitor;
import dev.gleaner.tracker.service.LeaseCalls;
import dev.gleaner.tracker.service.OperatorCalls;
import dev.gleaner.tracker.service.PublicCalls;
import dev.gleaner.tracker.service.Ranks;
import dev.gleaner.tracker.service.ReleaseCalls;
import dev.gleaner.tracker.service.ScreenCalls;
import dev.gleaner.tracker.service.StopCalls;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.service.TrustCalls;
import dev.gleaner.tracker.service.WorkerCalls;
import dev.gleaner.tracker.settings.Setting;
import dev.gleaner.tracker.sites.Board;
import dev.gleaner.tracker.sites.SiteDesk;
import dev.gleaner.tracker.sites.SiteRates;
import dev.gleaner.tracker.sites.StoppedSites;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import dev.gleaner.tracker.trust.Draw;
import dev.gleaner.tracker.watch.Meters;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.ext.web.Router;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running tracker: makes the parts, joins them, and stops them in the opposite order. */
public final class Tracker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Tracker.class);
    private static final int INTAKE_THREADS = 2;
    private static final long TICK_MILLIS = 200;
    private static final long SHARE_MILLIS = 500;
    private static final long SWEEP_SECONDS = 15;
    private static final long RANK_SECONDS = 120;
    private static final long FEED_MILLIS = 500;
    private static final long OVERVIEW_MILLIS = 2_000;
    private static final int RESULTS_TO_KNOW_SLOW = 10;
    /** Pairs of a release that this tracker makes searchable: some 4 GB of disk with 512 numbers each. */
    private static final long MOST_INDEXED = 1_000_000;
    /** What building an index takes of the heap for a pair, generously. */
    private static final long HEAP_A_PAIR = 2_000;

    private final Deque<Part> parts;
    private final Path operatorTokenFile;
    private final @Nullable Cluster cluster;
    private final int port;

    /** Something to stop, and its name for the log. */
    private record Part(String name, AutoCloseable closing) {}

    /** @param parts what has been started, so that a start that fails in the middle can be undone */
    private Tracker(TrackerConfig config, InstantSource clock, String version, Deque<Part> parts) throws IOException {
        this.parts = parts;
        Meters meters = add("meters", new Meters());
        if (config.ledger() instanceof TrackerConfig.LedgerPlace.Embedded) {
            add("ledger lock", Places.lock(config.data()));
        }
        SqlLedger ledger = add("ledger", Places.ledger(config, clock, meters));
        operatorTokenFile = config.data().resolve("operator.token");
        provideOperatorToken(operatorTokenFile, ledger);
        ObjectStore store = Places.objects(config, ledger, clock);
        if (store instanceof AutoCloseable closeable) {
            add("object store", closeable);
        }
        ClusterSettings others = config.cluster();
        cluster = others == null ? null : add("cluster", Cluster.join(others));
        Supplier<Share> share = cluster == null ? () -> Share.ALL : cluster::share;

        ScheduledExecutorService leaseThread = Executors.newSingleThreadScheduledExecutor(daemon("leases"));
        add("lease thread", () -> stop(leaseThread));
        Path scratch = Places.scratch(config.data());
        KnownAddresses known = new KnownAddresses(ledger, store, filter(config, cluster), scratch.resolve("screened"));
        ScheduledExecutorService knownThread = Executors.newSingleThreadScheduledExecutor(daemon("known addresses"));
        add("known addresses thread", () -> stop(knownThread));
        ExecutorService intakeThreads = Executors.newFixedThreadPool(INTAKE_THREADS, daemon("intake"));
        add("intake threads", () -> stop(intakeThreads));
        AtomicReference<@Nullable Judge> judge = new AtomicReference<>();
        OperatorCalls.Settings settings = new OperatorCalls.Settings(
                new Setting<>(ledger, "lease.times", LeaseTimes.class, LeaseTimes.of(config.leases())),
                new Setting<>(ledger, "limits", Limits.class, Limits.DEFAULT),
                new Setting<>(ledger, "site.rates", SiteRates.class, SiteRates.DEFAULT),
                new Setting<>(ledger, "enrolment", Enrolment.class, Enrolment.DEFAULT),
                new Setting<>(ledger, "worker.release", WorkerRelease.class, WorkerRelease.NONE));
        Supplier<LeaseSettings> times = () -> settings.times().get().settings();
        Wellness wellness = new Wellness();
        LeaseDesk desk = new LeaseDesk(
                ledger,
                clock,
                new LeaseDesk.Rules(times, settings.limits(), wellness, RESULTS_TO_KNOW_SLOW),
                leaseThread,
                (job, attempt) -> {
                    Judge ready = judge.get();
                    if (ready != null) {
                        ready.judge(job, attempt);
                    }
                },
                meters);
        Hosts hosts = new Hosts(ledger.statistics()::keptFrom, clock);
        Setting<StoppedSites> stopped = new Setting<>(ledger, "stopped.sites", StoppedSites.class, StoppedSites.NONE);
        Supplier<List<String>> stoppedNames = () ->
                stopped.get().stops().stream().map(StoppedSites.Stop::site).toList();
        ScreenCalls screens = new ScreenCalls(ledger, ledger.releaseBook(), stoppedNames, known);
        ScheduledExecutorService screenThread = Executors.newSingleThreadScheduledExecutor(daemon("screening"));
        add("screening thread", () -> stop(screenThread));
        Draw draw = new Draw(ledger.secret("checks"));
        Judge judging = new Judge(
                ledger,
                ledger.reputation(),
                draw,
                new Intake(store),
                hosts,
                intakeThreads,
                clock,
                screens,
                new JudgeMonitor() {
                    @Override
                    public void judged(Submit.Outcome outcome, String reason) {
                        meters.judged(outcome, reason);
                    }

                    @Override
                    public void took(Duration time) {
                        meters.took(time);
                    }

                    @Override
                    public void counts(long job, FencingToken token) {
                        knownThread.execute(() -> known.accepted(job, token));
                    }

                    @Override
                    public void failed() {
                        meters.failed();
                        wellness.trouble(clock.instant());
                    }
                });
        judge.set(judging);
        desk.own(share.get()).toCompletableFuture().join();

        Vertx vertx = vertx(meters);
        add(
                "http",
                () -> vertx.close().toCompletionStage().toCompletableFuture().join());
        Desk routed =
                cluster == null ? desk : new RoutingDesk(new BusPeers(cluster, vertx), desk, clock, new SecureRandom());
        BundleShelf bundles = new BundleShelf(config.data().resolve("bundles"), store);
        Roster roster = ledger.roster();
        Access access = new Access(ledger, roster, clock);
        ClientAddress addresses = new ClientAddress(config.trustedProxies());
        Board board = cluster == null ? Board.ofOne() : new SharedBoard(cluster);
        SiteDesk sites = new SiteDesk(clock, settings.siteRates(), stopped, board);
        meters.sites(() -> sites.spared().size());
        Ranks ranks = new Ranks(roster);
        PublicCalls everybody = new PublicCalls(ledger, ledger.statistics(), ledger.chain(), judging, clock);
        Feed feed = new Feed(everybody);
        judging.listen(feed::hear);
        if (cluster != null) {
            BusFeed.join(vertx, feed);
        }
        Watchers watchers = new Watchers(feed);
        meters.watchers(watchers::count);
        OperatorCalls operators = new OperatorCalls(
                ledger,
                roster,
                ledger.statistics(),
                clock,
                routed,
                bundles,
                new Collector(ledger, store, clock),
                sites,
                settings);
        if (cluster != null) {
            JetAssembly.prepare(cluster.member(), store, scratch);
        }
        Releases releases = new Releases(
                ledger,
                ledger.releaseBook(),
                ledger.chain(),
                store,
                new JetAssembly(() -> cluster == null ? null : cluster.member(), store, scratch),
                stoppedNames,
                scratch,
                // A tracker on its own goes on at once with what it built before it died.
                cluster == null ? "alone" : UUID.randomUUID().toString(),
                clock);
        Explorer explorer = add(
                "explorer",
                new Explorer(
                        store,
                        config.data().resolve("explore"),
                        Math.min(MOST_INDEXED, Runtime.getRuntime().maxMemory() / HEAP_A_PAIR)));
        Path worker = config.encoder();
        Encoder encoder = worker == null
                ? null
                : add("encoder", new Encoder(worker, config.data().resolve("encoder"), clock));
        ExploreCalls explore = new ExploreCalls(ledger.releaseBook(), explorer, encoder, bundles, stoppedNames);
        Runnable publishing = () -> {
            releases.work();
            explore.work();
        };
        ScheduledExecutorService releaseThread = Executors.newSingleThreadScheduledExecutor(daemon("releases"));
        Api api = new Api(
                vertx,
                new Api.Services(
                        new WorkerCalls(
                                ledger,
                                roster,
                                settings.enrolment(),
                                routed,
                                sites,
                                ranks,
                                judging,
                                store,
                                times,
                                screens::mustAsk),
                        screens,
                        everybody,
                        watchers,
                        new StopCalls(
                                stopped,
                                ledger.statistics(),
                                new DnsTxt(vertx, config.dns()),
                                ledger.secret("site.stops"),
                                clock),
                        operators,
                        new TrustCalls(ledger.reputation(), judging, operators),
                        new ReleaseCalls(
                                ledger.releaseBook(),
                                operators,
                                store,
                                clock,
                                new Removals(store, scratch),
                                stoppedNames,
                                new ReleaseCalls.ReleaseThread() {
                                    @Override
                                    public void build() {
                                        releaseThread.execute(publishing);
                                    }

                                    @Override
                                    public void execute(Runnable work) {
                                        releaseThread.execute(work);
                                    }
                                },
                                () -> screenThread.execute(screens::refresh)),
                        explore,
                        new LeaseCalls(ledger, roster, routed, clock),
                        new AttentionCalls(
                                ledger,
                                roster,
                                ledger.statistics(),
                                everybody,
                                routed,
                                wellness::lastTrouble,
                                config.data(),
                                operators::signedUntil,
                                clock),
                        new DoorCalls(roster, access, clock),
                        access,
                        bundles,
                        store,
                        store instanceof FileObjectStore files ? files : null,
                        ledger,
                        meters::scrape,
                        meters,
                        version),
                addresses);
        port = listen(vertx, api, new ConnectionGuard(vertx, addresses), config);

        add("release thread", () -> stop(releaseThread));
        every(releaseThread, SWEEP_SECONDS, TimeUnit.SECONDS, publishing);
        ScheduledExecutorService clockThread = Executors.newSingleThreadScheduledExecutor(daemon("clock"));
        add("clock thread", clockThread::shutdownNow);
        every(clockThread, TICK_MILLIS, TimeUnit.MILLISECONDS, desk::tick);
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, desk::sweep);
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, settings.times()::refresh);
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, settings.limits()::refresh);
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, settings.siteRates()::refresh);
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, settings.enrolment()::refresh);
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, settings.release()::refresh);
        every(clockThread, FEED_MILLIS, TimeUnit.MILLISECONDS, feed::tick);
        ScheduledExecutorService overviewThread = Executors.newSingleThreadScheduledExecutor(daemon("overview"));
        add("overview thread", overviewThread::shutdownNow);
        every(overviewThread, OVERVIEW_MILLIS, TimeUnit.MILLISECONDS, () -> {
            if (watchers.count() > 0) {
                feed.tellOverview();
            }
        });
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, stopped::refresh);
        every(screenThread, SWEEP_SECONDS, TimeUnit.SECONDS, screens::refresh);
        every(knownThread, SWEEP_SECONDS, TimeUnit.SECONDS, () -> lengthen(ledger.chain()));
        every(clockThread, RANK_SECONDS, TimeUnit.SECONDS, ranks::refresh);
        judging.sweep(share.get());
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, () -> judging.sweep(share.get()));
        every(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, () -> meters.campaigns(ledger.campaigns()));
        ScheduledExecutorService healthThread = Executors.newSingleThreadScheduledExecutor(daemon("health"));
        add("health thread", () -> stop(healthThread));
        add("hosts", hosts::flush);
        every(healthThread, SWEEP_SECONDS, TimeUnit.SECONDS, hosts::flush);
        every(healthThread, SWEEP_SECONDS, TimeUnit.SECONDS, () -> probe(ledger, store, wellness, clock));
        every(knownThread, SWEEP_SECONDS, TimeUnit.SECONDS, known::tend);
        meters.known(known::held);
        if (cluster != null) {
            AtomicInteger safe = new AtomicInteger();
            watch(meters, cluster, safe);
            ScheduledExecutorService clusterThread = Executors.newSingleThreadScheduledExecutor(daemon("cluster"));
            add("cluster thread", clusterThread::shutdownNow);
            // It asks all trackers, and one that was just cut off answers never: not on an event loop.
            every(clusterThread, SWEEP_SECONDS, TimeUnit.SECONDS, () -> safe.set(cluster.isSafe() ? 1 : 0));
            every(clockThread, SHARE_MILLIS, TimeUnit.MILLISECONDS, () -> desk.own(share.get()));
        }
        log.info(
                "Tracker is ready: address={}://{}:{} data={} ledger={} objects={} epoch={}",
                config.tls() == null ? "http" : "https",
                config.host(),
                port,
                config.data(),
                config.ledger(),
                store.place(),
                ledger.epoch());
    }

    /**
     * Starts a tracker.
     *
     * @param version shown to callers
     * @throws IOException when the data folder cannot be used, the port is taken, or a place cannot be reached
     */
    public static Tracker start(TrackerConfig config, InstantSource clock, String version) throws IOException {
        Deque<Part> parts = new ArrayDeque<>();
        try {
            return new Tracker(config, clock, version, parts);
        } catch (IOException | RuntimeException e) {
            stop(parts);
            throw e;
        }
    }

    /** What runs out while ledger or storage are unwell is nobody's fault. */
    private static void probe(Ledger ledger, ObjectStore store, Wellness wellness, InstantSource clock) {
        try {
            ledger.requireWritable();
            store.requireWritable();
        } catch (IOException | RuntimeException e) {
            wellness.trouble(clock.instant());
            log.warn("Ledger or object storage is unwell: cause={}", e.toString());
        }
    }

    private <T extends AutoCloseable> T add(String name, T part) {
        parts.push(new Part(name, part));
        return part;
    }

    private Vertx vertx(Meters meters) {
        MicrometerMetricsOptions metrics =
                new MicrometerMetricsOptions().setEnabled(true).setLabels(EnumSet.of(Label.POOL_NAME));
        // Calls are counted by HttpMonitor: Vert.x looks each meter up anew with every call, a tenth of an event loop's
        // time.
        EnumSet.complementOf(EnumSet.of(MetricsDomain.NAMED_POOLS)).forEach(metrics::addDisabledMetricsCategory);
        VertxOptions options =
                new VertxOptions().setPreferNativeTransport(false).setMetricsOptions(metrics);
        VertxBuilder builder =
                Vertx.builder().with(options).withMetrics(new MicrometerMetricsFactory(meters.registry()));
        return cluster == null ? builder.build() : cluster.vertx(builder, options);
    }

    private static int listen(Vertx vertx, Api api, ConnectionGuard guard, TrackerConfig config) throws IOException {
        HttpServerOptions options = new HttpServerOptions()
                .setHost(config.host())
                // All event loops share one port; a negative one is any free port that they share.
                .setPort(config.port() == 0 ? -1 : config.port())
                .setCompressionSupported(true)
                .setIdleTimeout(120)
                .setIdleTimeoutUnit(TimeUnit.SECONDS)
                .setMaxHeaderSize(16 << 10)
                .setMaxInitialLineLength(8 << 10);
        TrackerConfig.Tls tls = config.tls();
        if (tls != null) {
            for (Path file : List.of(tls.certificate(), tls.key())) {
                if (!Files.isReadable(file)) {
                    throw new IOException("there is no readable PEM file " + file);
                }
            }
            options.setSsl(true)
                    .setKeyCertOptions(new PemKeyCertOptions()
                            .setCertPath(tls.certificate().toString())
                            .setKeyPath(tls.key().toString()));
        }
        AtomicInteger port = new AtomicInteger();
        Supplier<Deployable> door = () -> new VerticleBase() {
            @Override
            public Future<?> start() {
                Router router = api.router();
                return vertx.createHttpServer(options)
                        .connectionHandler(guard::opened)
                        .requestHandler(request -> {
                            guard.heard(request);
                            router.handle(request);
                        })
                        .listen()
                        .onSuccess(server -> port.set(server.actualPort()));
            }
        };
        try {
            vertx.deployVerticle(
                            door,
                            new DeploymentOptions()
                                    .setInstances(Runtime.getRuntime().availableProcessors()))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
            return port.get();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    "cannot listen on " + config.host() + ":" + config.port() + ": " + cause.getMessage(), cause);
        }
    }

    /** @throws IOException when this tracker's part of it does not fit into its memory */
    private static KnownFilter filter(TrackerConfig config, @Nullable Cluster cluster) throws IOException {
        ClusterSettings others = config.cluster();
        long members = others == null ? 1 : Math.max(1, others.members().size());
        long bytes = KnownFilter.bytes(config.knownAddresses()) / members;
        long room = Runtime.getRuntime().maxMemory() / 2;
        if (bytes > room) {
            throw new IOException("to remember " + config.knownAddresses() + " addresses takes " + (bytes >> 20)
                    + " MiB of this tracker's memory, half of which is " + (room >> 20)
                    + " MiB; give it more with -Xmx, or a smaller --known-addresses");
        }
        return cluster == null ? new LocalFilter(config.knownAddresses()) : cluster.filter(config.knownAddresses());
    }

    private static void watch(Meters meters, Cluster cluster, AtomicInteger safe) {
        meters.cluster("members", "trackers in the cluster, as this one sees it", cluster::members);
        meters.cluster(
                "partitions",
                "partitions of the jobs that this tracker owns",
                () -> cluster.share().partitions().size());
        meters.cluster("safe", "1 when every partition has a backup and a tracker may leave", safe::get);
    }

    private static void lengthen(ResultChain chain) {
        while (chain.extend().toCompletableFuture().join() > 0) {
            log.debug("links are still being added to the chain of results");
        }
    }

    private static void every(ScheduledExecutorService thread, long every, TimeUnit unit, Runnable task) {
        ScheduledFuture<?> unused = thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException e) {
                        log.error("A periodic task failed and will run again", e);
                    }
                },
                every,
                every,
                unit);
    }

    /**
     * Makes sure of the first operators' token. It is made at the first start, by the first of several trackers; only the owner
     * of its file can read it. A file that does not fit the ledger is somebody's mistake and is refused.
     */
    private static void provideOperatorToken(Path file, Ledger ledger) throws IOException {
        if (Files.exists(file)) {
            String hash = Tokens.hash(Files.readString(file).trim());
            if (!Tokens.same(ledger.keep(Access.FIRST_TOKEN, hash), hash)) {
                throw new IOException("the operators' token in " + file
                        + " is not the one this ledger knows; put the right one there, or remove the file");
            }
            return;
        }
        String token = Tokens.make();
        String known = ledger.keep(Access.FIRST_TOKEN, Tokens.hash(token));
        if (Tokens.same(known, Tokens.hash(token))) {
            writePrivate(file, token + "\n");
        }
    }

    /** Writes a file that only its owner can read. */
    public static void writePrivate(Path file, String text) throws IOException {
        Path folder = java.util.Objects.requireNonNull(file.toAbsolutePath().getParent());
        Path coming = Files.createTempFile(folder, "private", ".tmp");
        if (Files.getFileStore(coming).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(coming, PosixFilePermissions.fromString("rw-------"));
        }
        Files.writeString(coming, text);
        Files.move(coming, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    public int port() {
        return port;
    }

    /** Partitions of the jobs that this tracker owns now. */
    public int partitions() {
        return cluster == null ? Share.PARTITIONS : cluster.share().partitions().size();
    }

    /** Where the operators' token lies. */
    public Path operatorTokenFile() {
        return operatorTokenFile;
    }

    /** Stops taking calls, then what is behind them, the ledger last. */
    @Override
    public void close() {
        stop(parts);
        log.info("Tracker has stopped");
    }

    private static void stop(Deque<Part> parts) {
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.closing.close();
            } catch (Exception e) {
                log.warn("A part could not be stopped: part={} cause={}", part.name, e.toString());
            }
        }
    }

    private static void stop(ExecutorService threads) {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
                log.warn("Threads were still at work when the tracker stopped");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ThreadFactory daemon(String name) {
        return r -> {
            Thread thread = new Thread(r, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
