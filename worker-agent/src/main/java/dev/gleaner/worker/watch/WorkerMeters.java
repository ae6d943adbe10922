package dev.gleaner.worker.watch;

import com.sun.net.httpserver.HttpServer;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.tracker.Totals;
import dev.gleaner.worker.tracker.Volunteer;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToDoubleFunction;

/** A running worker's meters at {@code /metrics} of a port of this machine's loopback, for its owner's Prometheus. */
public final class WorkerMeters implements AutoCloseable {
    private static final int NOT_FOUND = 404;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbage = new JvmGcMetrics();
    private final HttpServer server;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
        Thread made = new Thread(work, "metrics");
        made.setDaemon(true);
        return made;
    });

    /**
     * Serves until closed.
     *
     * @param port of 127.0.0.1; 0: any free one
     * @throws IOException when it is taken
     */
    public WorkerMeters(int port, Volunteer volunteer, Fetcher fetcher) throws IOException {
        Totals totals = volunteer.totals();
        jobs("accepted", totals, Totals::accepted);
        jobs("rejected", totals, Totals::rejected);
        jobs("failed", totals, Totals::failed);
        counter("gleaner.worker.pairs.kept", "pairs kept in accepted results", totals, Totals::kept);
        counter("gleaner.worker.candidates", "candidates of results handed in", totals, Totals::candidates);
        gauge(
                "gleaner.job.candidates",
                "candidates of the job at hand, found so far",
                volunteer,
                v -> v.progress().candidates());
        gauge(
                "gleaner.job.finished",
                "of them kept or dropped",
                volunteer,
                v -> v.progress().finished());
        gauge("gleaner.job.kept", "of them kept", volunteer, v -> v.progress().kept());
        gauge(
                "gleaner.worker.working",
                "1 while a job is at hand",
                volunteer,
                v -> v.state().equals("working") ? 1 : 0);
        counter(
                "gleaner.names.looked.up",
                "names looked up",
                fetcher,
                f -> f.names().names());
        counter(
                "gleaner.names.failed",
                "of them without an answer",
                fetcher,
                f -> f.names().failed());
        new JvmMemoryMetrics().bindTo(registry);
        garbage.bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(thread);
        server.createContext("/", exchange -> {
            try (exchange) {
                boolean found = exchange.getRequestURI().getPath().equals("/metrics");
                byte[] text = (found ? registry.scrape() : "see /metrics\n").getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
                exchange.sendResponseHeaders(found ? 200 : NOT_FOUND, text.length);
                exchange.getResponseBody().write(text);
            }
        });
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private void jobs(String outcome, Totals totals, ToDoubleFunction<Totals> count) {
        FunctionCounter.builder("gleaner.worker.jobs", totals, count)
                .tag("outcome", outcome)
                .description("jobs that this run ended")
                .register(registry);
    }

    private <T> void counter(String name, String description, T of, ToDoubleFunction<T> count) {
        FunctionCounter.builder(name, of, count).description(description).register(registry);
    }

    private <T> void gauge(String name, String description, T of, ToDoubleFunction<T> value) {
        Gauge.builder(name, of, value).description(description).register(registry);
    }

    @Override
    public void close() {
        server.stop(0);
        thread.shutdownNow();
        garbage.close();
        registry.close();
    }
}
