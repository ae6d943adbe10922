package dev.gleaner.tracker;

import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.cluster.ClusterSettings;
import dev.gleaner.tracker.cluster.RoutingDesk;
import dev.gleaner.tracker.http.Api;
import dev.gleaner.tracker.intake.Collector;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.Judge;
import dev.gleaner.tracker.service.OperatorCalls;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.service.WorkerCalls;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running tracker: makes the parts, joins them, starts and stops them in order. */
public final class Tracker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Tracker.class);
    private static final int INTAKE_THREADS = 2;
    private static final long TICK_MILLIS = 200;
    private static final long SHARE_MILLIS = 500;
    private static final long SWEEP_SECONDS = 15;

    /** Name under which the ledger keeps the hash of the operators' token. */
    public static final String OPERATOR = "operator.token";

    private final Ledger ledger;
    private final Vertx vertx;
    private final HttpServer server;
    private final ScheduledExecutorService leaseThread;
    private final ScheduledExecutorService clockThread;
    private final ExecutorService intakeThreads;
    private final Path operatorTokenFile;
    private final AutoCloseable lock;
    private final @Nullable Cluster cluster;

    private Tracker(
            AutoCloseable lock,
            @Nullable Cluster cluster,
            Ledger ledger,
            Vertx vertx,
            HttpServer server,
            ScheduledExecutorService leaseThread,
            ScheduledExecutorService clockThread,
            ExecutorService intakeThreads,
            Path operatorTokenFile) {
        this.lock = lock;
        this.cluster = cluster;
        this.ledger = ledger;
        this.vertx = vertx;
        this.server = server;
        this.leaseThread = leaseThread;
        this.clockThread = clockThread;
        this.intakeThreads = intakeThreads;
        this.operatorTokenFile = operatorTokenFile;
    }

    /**
     * Starts a tracker.
     *
     * @param version shown to callers
     * @throws IOException when the data folder cannot be used or the port is taken
     */
    public static Tracker start(TrackerConfig config, InstantSource clock, String version) throws IOException {
        AutoCloseable lock =
                config.ledger() instanceof TrackerConfig.LedgerPlace.Embedded ? Places.lock(config.data()) : () -> {};
        Ledger ledger = Places.ledger(config, clock, LedgerMonitor.NONE);
        ScheduledExecutorService leaseThread = single("leases");
        ScheduledExecutorService clockThread = single("clock");
        ExecutorService intakeThreads = Executors.newFixedThreadPool(INTAKE_THREADS, daemon("intake"));
        ObjectStore store = Places.objects(config, ledger, clock);
        AtomicReference<Judge> judge = new AtomicReference<>();
        LeaseDesk desk = new LeaseDesk(ledger, clock, config.leases(), leaseThread, (job, attempt) -> {
            Judge ready = judge.get();
            if (ready != null) {
                ready.judge(job, attempt);
            }
        });
        Judge judging = new Judge(ledger, new Intake(store), intakeThreads, clock);
        judge.set(judging);
        ClusterSettings others = config.cluster();
        Cluster cluster = others == null ? null : Cluster.join(others);
        Supplier<Share> share = cluster == null ? () -> Share.ALL : cluster::share;
        desk.own(share.get()).toCompletableFuture().join();
        BundleShelf bundles = new BundleShelf(config.data().resolve("bundles"), store);
        Path tokenFile = config.data().resolve("operator.token");
        String operatorHash = operatorTokenHash(tokenFile, ledger);
        VertxOptions vertxOptions = new VertxOptions().setPreferNativeTransport(false);
        Vertx vertx = cluster == null ? Vertx.vertx(vertxOptions) : cluster.vertx(vertxOptions);
        Desk routed = cluster == null ? desk : new RoutingDesk(cluster, desk, vertx, clock);
        Api api = new Api(
                vertx,
                new Api.Services(
                        new WorkerCalls(ledger, routed, judging, store, config.leases()),
                        new OperatorCalls(ledger, routed, bundles, new Collector(ledger, store, clock)),
                        judging,
                        bundles,
                        store,
                        store instanceof FileObjectStore files ? files : null,
                        ledger,
                        version,
                        operatorHash));
        HttpServerOptions options = new HttpServerOptions()
                .setHost(config.host())
                .setPort(config.port())
                .setIdleTimeout(120)
                .setIdleTimeoutUnit(TimeUnit.SECONDS)
                .setMaxHeaderSize(16 << 10)
                .setMaxInitialLineLength(8 << 10);
        HttpServer server;
        try {
            server = vertx.createHttpServer(options)
                    .requestHandler(api.router())
                    .listen()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
        } catch (java.util.concurrent.CompletionException e) {
            ledger.close();
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    "cannot listen on " + config.host() + ":" + config.port() + ": " + cause.getMessage(), cause);
        }
        schedule(clockThread, TICK_MILLIS, TimeUnit.MILLISECONDS, desk::tick);
        if (cluster != null) {
            schedule(clockThread, SHARE_MILLIS, TimeUnit.MILLISECONDS, () -> desk.own(share.get()));
        }
        judging.sweep(share.get());
        schedule(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, () -> judging.sweep(share.get()));
        schedule(clockThread, SWEEP_SECONDS, TimeUnit.SECONDS, desk::sweep);
        log.info(
                "Tracker is ready: address=http://{}:{} data={} epoch={}",
                config.host(),
                server.actualPort(),
                config.data(),
                ledger.epoch());
        return new Tracker(lock, cluster, ledger, vertx, server, leaseThread, clockThread, intakeThreads, tokenFile);
    }

    private static void schedule(ScheduledExecutorService thread, long every, TimeUnit unit, Runnable task) {
        java.util.concurrent.ScheduledFuture<?> unused = thread.scheduleWithFixedDelay(
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
     * The hash of the operators' token. The token is made at the first start, by the first of several trackers; only the owner
     * of its file can read it. A file that does not fit the ledger is somebody's mistake and is refused.
     */
    private static String operatorTokenHash(Path file, Ledger ledger) throws IOException {
        if (Files.exists(file)) {
            String hash = Tokens.hash(Files.readString(file).trim());
            if (!Tokens.same(ledger.keep(OPERATOR, hash), hash)) {
                throw new IOException("the operators' token in " + file
                        + " is not the one this ledger knows; put the right one there, or remove the file");
            }
            return hash;
        }
        String token = Tokens.make();
        String known = ledger.keep(OPERATOR, Tokens.hash(token));
        if (Tokens.same(known, Tokens.hash(token))) {
            writePrivate(file, token + "\n");
        }
        return known;
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
        return server.actualPort();
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
        server.close().toCompletionStage().toCompletableFuture().join();
        clockThread.shutdownNow();
        intakeThreads.shutdown();
        leaseThread.shutdown();
        try {
            boolean unused = intakeThreads.awaitTermination(10, TimeUnit.SECONDS)
                    && leaseThread.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        vertx.close().toCompletionStage().toCompletableFuture().join();
        if (cluster != null) {
            cluster.close();
        }
        ledger.close();
        try {
            lock.close();
        } catch (Exception e) {
            log.warn("The ledger's lock could not be given back: {}", e.toString());
        }
        log.info("Tracker has stopped");
    }

    private static ScheduledExecutorService single(String name) {
        return Executors.newSingleThreadScheduledExecutor(daemon(name));
    }

    private static java.util.concurrent.ThreadFactory daemon(String name) {
        return r -> {
            Thread thread = new Thread(r, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
