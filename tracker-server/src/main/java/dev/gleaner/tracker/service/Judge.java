package dev.gleaner.tracker.service;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.intake.Fault;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.intake.SeenPair;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Share;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings submitted results to their verdict: looks at the objects on its own threads, then tells the ledger. A result whose
 * storage cannot be read stays submitted; {@link #sweep} comes back to it. Safe for any thread.
 */
public final class Judge {
    private static final Logger log = LoggerFactory.getLogger(Judge.class);

    private final Ledger ledger;
    private final Intake intake;
    private final ExecutorService threads;
    private final InstantSource clock;
    private final JudgeMonitor monitor;
    private final Samples samples = new Samples();
    private final Hosts hosts;
    private final Set<String> underWay = new HashSet<>();
    private volatile Consumer<Verdict> listener = verdict -> {};

    /**
     * A verdict, for the page's live list.
     *
     * @param at ISO-8601 instant
     * @param nickname of the worker's volunteer
     * @param outcome {@code accepted} or {@code rejected}
     */
    public record Verdict(
            String at, String campaign, long job, String nickname, String outcome, long candidates, long kept) {}

    /** @param hosts where is noted from whom pictures were kept */
    public Judge(
            Ledger ledger,
            Intake intake,
            Hosts hosts,
            ExecutorService threads,
            InstantSource clock,
            JudgeMonitor monitor) {
        this.hosts = hosts;
        this.ledger = ledger;
        this.intake = intake;
        this.threads = threads;
        this.clock = clock;
        this.monitor = monitor;
    }

    /** Judges an attempt's result. */
    public CompletionStage<Submit.Response> judge(long job, int attempt) {
        String name = job + "/" + attempt;
        synchronized (underWay) {
            if (!underWay.add(name)) {
                return CompletableFuture.completedFuture(new Submit.Response(Submit.Outcome.PENDING, null));
            }
        }
        Instant began = clock.instant();
        return CompletableFuture.supplyAsync(() -> look(job, attempt), threads)
                .thenCompose(fault -> decide(job, attempt, fault))
                .whenComplete((response, error) -> {
                    synchronized (underWay) {
                        underWay.remove(name);
                    }
                    if (error == null) {
                        monitor.took(Duration.between(began, clock.instant()));
                    } else {
                        monitor.failed();
                        log.error(
                                "A result could not be judged and will be looked at again: job={} attempt={}",
                                job,
                                attempt,
                                error);
                    }
                })
                .exceptionally(error -> new Submit.Response(Submit.Outcome.PENDING, null));
    }

    /** What the intake found. */
    private record Finding(
            Manifest manifest,
            FencingToken token,
            String worker,
            String nickname,
            Optional<Fault> fault,
            String campaign,
            Profile profile,
            List<SeenPair> sample,
            Map<String, Long> hosts) {}

    private Finding look(long job, int attempt) {
        Ledger.ReadyJob ready = ledger.job(job).orElseThrow(() -> WorkerCalls.unknown(job));
        Ledger.AttemptRow row = attempt(job, attempt);
        String json = Objects.requireNonNull(row.manifest(), "a submitted attempt has a manifest");
        Manifest manifest = Json.read(json.getBytes(StandardCharsets.UTF_8), Manifest.class);
        try {
            Profile.Builder profile = new Profile.Builder();
            Samples.Draw sample = samples.draw();
            Map<String, Long> from = new HashMap<>();
            Optional<Fault> fault = intake.fault(ready, row.token(), row.worker(), manifest, fetched(ready), pair -> {
                profile.add(
                        pair.similarity(), pair.language(), pair.format(), pair.width(), pair.height(), pair.license());
                sample.offer(pair);
                from.merge(Hosts.of(pair.url()), 1L, Long::sum);
            });
            return new Finding(
                    manifest,
                    row.token(),
                    row.worker(),
                    row.nickname(),
                    fault,
                    ready.campaign(),
                    profile.build(),
                    sample.drawn(),
                    from);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("the object storage cannot be read", e);
        }
    }

    /** What the fetch job of a scoring job's batches handed in; null for other jobs. */
    private @Nullable Manifest fetched(Ledger.ReadyJob job) {
        Ledger.Source source = job.source();
        if (source == null) {
            return null;
        }
        String json = Objects.requireNonNull(
                attempt(source.job(), source.attempt()).manifest(), "an accepted attempt has a manifest");
        return Json.read(json.getBytes(StandardCharsets.UTF_8), Manifest.class);
    }

    private CompletionStage<Submit.Response> decide(long job, int attempt, Finding finding) {
        if (finding.fault.isPresent()) {
            Fault fault = finding.fault.get();
            log.warn(
                    "Result rejected: job={} attempt={} worker={} reason={}",
                    job,
                    attempt,
                    finding.worker,
                    fault.detail());
            return ledger.apply(job, new LedgerEvent.Reject(attempt, fault.detail()), "tracker")
                    .thenApply(found -> {
                        Decision decision = WorkerCalls.require(found, job);
                        remember(job, finding, Submit.Outcome.REJECTED);
                        follow(job, decision);
                        monitor.judged(Submit.Outcome.REJECTED, fault.kind().name());
                        return new Submit.Response(Submit.Outcome.REJECTED, fault.detail());
                    });
        }
        return ledger.accept(job, attempt, finding.manifest, finding.profile).thenApply(found -> {
            Decision decision = found.orElseThrow(() -> WorkerCalls.unknown(job));
            Submit.Response now = standing(job, attempt);
            if (!isCanonical(decision, attempt)) {
                log.info("A good result came too late to count: job={} attempt={}", job, attempt);
                withdraw(job, finding);
                monitor.judged(now.outcome(), "TOO_LATE");
                return now;
            }
            monitor.judged(now.outcome(), "GOOD");
            samples.keep(finding.campaign, finding.sample);
            hosts.add(finding.hosts);
            remember(job, finding, Submit.Outcome.ACCEPTED);
            return now;
        });
    }

    private static boolean isCanonical(Decision decision, int attempt) {
        if (decision instanceof Decision.Applied applied) {
            return applied.job() != null && applied.job().canonical() == attempt;
        }
        return decision instanceof Decision.Replayed replayed && replayed.status() == AttemptStatus.ACCEPTED;
    }

    /** What lies under the accepted prefix is what people read: only canonical results may. */
    private void withdraw(long job, Finding finding) {
        try {
            Ledger.ReadyJob ready = ledger.job(job).orElseThrow(() -> WorkerCalls.unknown(job));
            intake.withdraw(ready, finding.token, finding.manifest);
        } catch (IOException e) {
            log.error(
                    "Objects of a result that does not count could not be deleted: job={} token={} cause={}",
                    job,
                    finding.token,
                    e.toString());
        }
    }

    private void remember(long job, Finding finding, Submit.Outcome outcome) {
        listener.accept(new Verdict(
                clock.instant().toString(),
                finding.campaign,
                job,
                finding.nickname,
                outcome.name().toLowerCase(Locale.ROOT),
                finding.manifest.counts().candidates(),
                finding.manifest.counts().kept()));
    }

    /** Says who hears of this process's verdicts. It must not block. */
    public void listen(Consumer<Verdict> hearer) {
        this.listener = hearer;
    }

    /** Some of the pairs that were accepted lately. */
    public List<SeenPair> samples(String campaign) {
        return samples.of(campaign);
    }

    /** Judges a held result when a decision says that its turn has come. */
    public void follow(long job, Decision decision) {
        if (decision instanceof Decision.Applied applied && applied.toJudge() > 0) {
            judge(job, applied.toJudge());
        }
    }

    /** Judges whatever of this share was submitted and has no verdict: after a restart, or after storage trouble. */
    public void sweep(Share share) {
        for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.SUBMITTED)) {
            if (share.owns(attempt.job())) {
                judge(attempt.job(), attempt.token().attempt());
            }
        }
    }

    /** What a worker is told of an attempt that was handed in before. */
    Submit.Response standing(long job, int attempt) {
        Ledger.AttemptRow row = attempt(job, attempt);
        return switch (row.status()) {
            case ACCEPTED, SUPERSEDED -> new Submit.Response(Submit.Outcome.ACCEPTED, null);
            case REJECTED -> new Submit.Response(Submit.Outcome.REJECTED, row.detail());
            case SUBMITTED, HELD, LEASED, RELEASED, FAILED, EXPIRED, REVOKED ->
                new Submit.Response(Submit.Outcome.PENDING, null);
        };
    }

    private Ledger.AttemptRow attempt(long job, int attempt) {
        return ledger.attempt(job, attempt)
                .orElseThrow(() -> new IllegalStateException("no attempt " + attempt + " of job " + job));
    }
}
