package dev.gleaner.tracker;

import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.http.Api;
import dev.gleaner.tracker.http.ConnectionGuard;
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
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Vert.x as a tracker uses it: what is measured of it, and servers on all event loops behind one port. */
final class HttpDoor {
    private static final int IDLE_SECONDS = 120;
    private static final int MOST_HEADER_BYTES = 16 << 10;
    private static final int MOST_LINE_BYTES = 8 << 10;

    private HttpDoor() {}

    /** @param cluster whose event bus it joins, null for a tracker on its own */
    static Vertx vertx(Meters meters, @Nullable Cluster cluster) {
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

    /**
     * Opens it.
     *
     * @return the port, which the configuration may have left to the system
     * @throws IOException when the address cannot be had, or a PEM file not be read
     */
    static int listen(Vertx vertx, Api api, ConnectionGuard guard, TrackerConfig config) throws IOException {
        HttpServerOptions options = options(config);
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

    private static HttpServerOptions options(TrackerConfig config) throws IOException {
        HttpServerOptions options = new HttpServerOptions()
                .setHost(config.host())
                // All event loops share one port; a negative one is any free port that they share.
                .setPort(config.port() == 0 ? -1 : config.port())
                // Of those who call in the clear only Java's client offers to go over to HTTP/2, and of answers that
                // were
                // larger than a frame one in some hundred then never came to an end.
                .setHttp2ClearTextEnabled(false)
                .setCompressionSupported(true)
                .setIdleTimeout(IDLE_SECONDS)
                .setIdleTimeoutUnit(TimeUnit.SECONDS)
                .setMaxHeaderSize(MOST_HEADER_BYTES)
                .setMaxInitialLineLength(MOST_LINE_BYTES);
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
        return options;
    }
}
