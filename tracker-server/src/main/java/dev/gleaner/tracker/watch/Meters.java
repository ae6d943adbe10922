package dev.gleaner.tracker.watch;

import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.tracker.http.HttpMonitor;
import dev.gleaner.tracker.lease.DeskMonitor;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.service.JudgeMonitor;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The tracker's meters. Labels are of few values each: no worker, no nickname and no address ever is one. Times are seconds.
 * Safe for any thread.
 */
public final class Meters implements LedgerMonitor, DeskMonitor, JudgeMonitor, HttpMonitor, AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbage = new JvmGcMetrics();
    private final Timer commit;
    private final DistributionSummary batch;
    private final Counter ledgerFailed;
    private final AtomicInteger ledgerWaiting = new AtomicInteger();
    private final Timer acquire;
    private final Counter granted;
    private final Counter nothing;
    private final Counter renewed;
    private final Counter lost;
    private final Counter judgeFailed;
    private final Timer judgeTime;
    private final AtomicInteger live = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger window = new AtomicInteger();
    private final MultiGauge jobs;
    private final Map<Answer, Timer> answers = new ConcurrentHashMap<>();

    /** What answers are counted by. */
    private record Answer(String method, String route, int status) {}

    public Meters() {
        commit = Timer.builder("gleaner.ledger.commit")
                .description("time from taking a batch to its durability")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofNanos(100_000))
                .maximumExpectedValue(Duration.ofSeconds(10))
                .register(registry);
        batch = DistributionSummary.builder("gleaner.ledger.batch")
                .description("changes that shared one commit")
                .publishPercentileHistogram()
                .minimumExpectedValue(1.0)
                .maximumExpectedValue(1_000.0)
                .register(registry);
        ledgerFailed = counter("gleaner.ledger.failed", "changes that could not be written");
        gauge("gleaner.ledger.waiting", "changes that wait for a writer", ledgerWaiting);
        acquire = Timer.builder("gleaner.lease.wait")
                .description("time from asking for a job to getting one")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofSeconds(60))
                .register(registry);
        granted = counter("gleaner.lease.granted", "leases handed out");
        nothing = counter("gleaner.lease.nothing", "requests for jobs that got none");
        renewed = counter("gleaner.lease.renewed", "leases renewed by heartbeats");
        lost = counter("gleaner.lease.lost", "leases in heartbeats that were called lost");
        judgeTime = registry.timer("gleaner.judge.time");
        judgeFailed = counter("gleaner.judge.failed", "judgements that storage or ledger prevented");
        gauge("gleaner.lease.live", "leases this tracker watches", live);
        gauge("gleaner.lease.waiting", "workers that wait for a job here", waiting);
        gauge("gleaner.lease.window", "jobs this tracker could hand out without asking the ledger", window);
        jobs = MultiGauge.builder("gleaner.jobs")
                .description("jobs of a campaign by state, as the ledger has them")
                .register(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        garbage.bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    private void gauge(String name, String description, AtomicInteger value) {
        Gauge.builder(name, value, AtomicInteger::get).description(description).register(registry);
    }

    /** For Vert.x, which adds its own. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Watches a number of the cluster. */
    public void cluster(String name, String description, Supplier<Number> value) {
        Gauge.builder("gleaner.cluster." + name, value).description(description).register(registry);
    }

    /** How many watch what happens. */
    public void watchers(Supplier<Number> count) {
        Gauge.builder("gleaner.watchers", count).description("open /v1/events").register(registry);
    }

    /** Watches how many addresses of accepted jobs are remembered. */
    public void known(Supplier<Number> held) {
        Gauge.builder("gleaner.known.addresses", held)
                .description("addresses of accepted jobs that are remembered so that nobody fetches them again")
                .register(registry);
    }

    /** Watches how many web sites all workers spare. */
    public void sites(Supplier<Number> spared) {
        Gauge.builder("gleaner.sites.spared", spared)
                .description("web sites that all workers leave alone or visit less often, at most 1,000")
                .register(registry);
    }

    /** Shows campaigns as they stand. */
    public void campaigns(List<CampaignStatus> campaigns) {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        for (CampaignStatus campaign : campaigns) {
            CampaignStatus.Jobs counts = campaign.jobs();
            Map.of(
                            "open", counts.open(),
                            "leased", counts.leased(),
                            "done", counts.done(),
                            "quarantined", counts.quarantined(),
                            "cancelled", counts.cancelled())
                    .forEach((state, count) ->
                            rows.add(MultiGauge.Row.of(Tags.of("campaign", campaign.name(), "state", state), count)));
        }
        jobs.register(rows, true);
    }

    /** All meters in Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }

    @Override
    public void committed(int changes, Duration took) {
        commit.record(took);
        batch.record(changes);
    }

    @Override
    public void failed(int changes) {
        ledgerFailed.increment(changes);
    }

    @Override
    public void waiting(int changes) {
        ledgerWaiting.set(changes);
    }

    @Override
    public void granted(int leases, Duration waited) {
        granted.increment(leases);
        acquire.record(waited);
    }

    @Override
    public void nothing() {
        nothing.increment();
    }

    @Override
    public void hedged() {
        registry.counter("gleaner.lease.hedged").increment();
    }

    @Override
    public void objected() {
        registry.counter("gleaner.lease.objected").increment();
    }

    @Override
    public void expired(String cause) {
        registry.counter("gleaner.lease.expired", "cause", cause).increment();
    }

    @Override
    public void beaten(int renewedNow, int lostNow) {
        renewed.increment(renewedNow);
        lost.increment(lostNow);
    }

    @Override
    public void standing(int liveNow, int waitingNow, int windowNow) {
        live.set(liveNow);
        waiting.set(waitingNow);
        window.set(windowNow);
    }

    @Override
    public void answered(String method, String route, int status, Duration took) {
        answers.computeIfAbsent(
                        new Answer(method, route, status),
                        answer -> Timer.builder("gleaner.http")
                                .description("calls by the time that their answer took, long polls included")
                                .tags("method", method, "route", route, "code", Integer.toString(status))
                                .register(registry))
                .record(took);
    }

    @Override
    public void judged(Submit.Outcome outcome, String reason) {
        registry.counter(
                        "gleaner.judge.verdicts",
                        "outcome",
                        outcome.name().toLowerCase(Locale.ROOT),
                        "reason",
                        reason.toLowerCase(Locale.ROOT))
                .increment();
    }

    @Override
    public void took(Duration time) {
        judgeTime.record(time);
    }

    @Override
    public void failed() {
        judgeFailed.increment();
    }

    @Override
    public void close() {
        garbage.close();
        registry.close();
    }
}
