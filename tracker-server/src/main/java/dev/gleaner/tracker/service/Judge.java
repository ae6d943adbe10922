package dev.gleaner.tracker.service;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.intake.Fault;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.intake.SeenPair;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Opinion;
import dev.gleaner.tracker.ledger.Reputation;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.screen.Screened;
import dev.gleaner.tracker.trust.Draw;
import dev.gleaner.tracker.trust.Findings;
import dev.gleaner.tracker.trust.Jury;
import dev.gleaner.tracker.trust.Plausibility;
import dev.gleaner.tracker.trust.Standing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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
    private static final Submit.Response PENDING = new Submit.Response(Submit.Outcome.PENDING, null);
    private static final Intake.Looked TOO_MUCH_KNOWN = new Intake.Looked(
            new Fault(Fault.Kind.SUMS, "more links were dropped as known than the worker was told of"), Map.of());
    private static final String WAITS = "waits for another volunteer's result";

    private final Ledger ledger;
    private final Reputation reputation;
    private final Draw draw;
    private final KnownAnswers known;
    private final BackTracking backTracking;
    private final Intake intake;
    private final ExecutorService threads;
    private final InstantSource clock;
    private final Screened screened;
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

    /**
     * @param draw says which results of proven workers are checked
     * @param hosts where is noted from whom pictures were kept
     * @param screened what workers were told to leave out: results are not compared in it
     */
    public Judge(
            Ledger ledger,
            Reputation reputation,
            Draw draw,
            Intake intake,
            Hosts hosts,
            ExecutorService threads,
            InstantSource clock,
            Screened screened,
            JudgeMonitor monitor) {
        this.hosts = hosts;
        this.reputation = reputation;
        this.draw = draw;
        this.known = new KnownAnswers(ledger, draw, clock);
        this.backTracking = new BackTracking(ledger, reputation, intake);
        this.ledger = ledger;
        this.intake = intake;
        this.threads = threads;
        this.clock = clock;
        this.screened = screened;
        this.monitor = monitor;
    }

    /** Judges an attempt's result. */
    public CompletionStage<Submit.Response> judge(long job, int attempt) {
        return judge(job, attempt, true);
    }

    /** @param tests whether the job may go on to another volunteer although its answer is known */
    private CompletionStage<Submit.Response> judge(long job, int attempt, boolean tests) {
        String name = job + "/" + attempt;
        synchronized (underWay) {
            if (!underWay.add(name)) {
                return CompletableFuture.completedFuture(PENDING);
            }
        }
        Instant began = clock.instant();
        CompletableFuture<Submit.Response> answer = new CompletableFuture<>();
        // Without the executor a result that was looked at quickly would be compared on the caller's thread.
        CompletableFuture<Submit.Response> unused = CompletableFuture.supplyAsync(() -> look(job, attempt), threads)
                .thenComposeAsync(
                        finding -> {
                            if (finding.rule == null || finding.looked.fault() != null) {
                                return decide(job, attempt, finding);
                            }
                            // All hear the same at the same time: no worker learns whether its result is compared.
                            answer.complete(PENDING);
                            return weigh(job, attempt, finding, tests);
                        },
                        threads)
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
                    answer.complete(error == null ? response : PENDING);
                });
        return answer;
    }

    /**
     * What the intake found.
     *
     * @param rule how results of the campaign are compared; null: not at all
     */
    private record Finding(
            Manifest manifest,
            FencingToken token,
            String worker,
            String nickname,
            Intake.Looked looked,
            String campaign,
            @Nullable Replication rule,
            Findings findings,
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
            Replication rule = reputation.replication(ready.campaign()).orElse(null);
            Findings.Builder findings = new Findings.Builder();
            Intake.Looked looked = tooMuchKnown(ready, row.token(), manifest)
                    ? TOO_MUCH_KNOWN
                    : intake.look(ready, row.token(), row.worker(), manifest, fetched(ready), pair -> {
                        pair.addTo(profile);
                        sample.offer(pair);
                        from.merge(Hosts.of(pair.url()), 1L, Long::sum);
                        if (rule != null && !screened.isLeftOut(pair.url(), pair.image())) {
                            findings.add(pair.sampleId(), pair.image().sha256(), pair.similarity(), pair.signs());
                        }
                    });
            if (rule == null) {
                intake.promote(looked);
            }
            return new Finding(
                    manifest,
                    row.token(),
                    row.worker(),
                    row.nickname(),
                    looked,
                    ready.campaign(),
                    rule,
                    findings.build(manifest.candidateDigest(), ready.policy().threshold()),
                    profile.build(),
                    sample.drawn(),
                    from);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("the object storage cannot be read", e);
        }
    }

    /** Whether more was left out as known than the attempt was told: it would be an easy way to do nothing. */
    private boolean tooMuchKnown(Ledger.ReadyJob job, FencingToken token, Manifest manifest) throws IOException {
        long known = manifest.counts().pairDrops().getOrDefault(PairDrop.KNOWN.wire(), 0L);
        // A scoring job has its numbers from the fetch job, which was looked at.
        return known > 0 && job.stage() != Stage.SCORE && known > screened.known(job, token);
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
        Fault fault = finding.looked.fault();
        if (fault != null) {
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
        return accept(job, attempt, finding, null);
    }

    private CompletionStage<Submit.Response> accept(long job, int attempt, Finding finding, @Nullable Opinion opinion) {
        return ledger.accept(job, attempt, finding.manifest, finding.profile, opinion)
                .thenApply(found -> {
                    Decision decision = found.orElseThrow(() -> WorkerCalls.unknown(job));
                    Submit.Response now = standing(job, attempt);
                    if (!isCanonical(decision, attempt)) {
                        log.info("A good result came too late to count: job={} attempt={}", job, attempt);
                        withdraw(job, finding);
                        monitor.judged(now.outcome(), "TOO_LATE");
                        return now;
                    }
                    monitor.judged(now.outcome(), "GOOD");
                    monitor.counts(job, finding.token);
                    samples.keep(finding.campaign, finding.sample);
                    hosts.add(finding.hosts);
                    remember(job, finding, Submit.Outcome.ACCEPTED);
                    return now;
                });
    }

    /** A good result of a campaign that compares: is it believed, does it wait, or is there enough to decide? */
    private CompletionStage<Submit.Response> weigh(long job, int attempt, Finding mine, boolean tests) {
        Replication rule = Objects.requireNonNull(mine.rule, "only such results are weighed");
        List<Reputation.HandedIn> handed = reputation.handedIn(job);
        Optional<Reputation.HandedIn> own =
                handed.stream().filter(h -> h.token().attempt() == attempt).findAny();
        if (own.isEmpty()) {
            return CompletableFuture.completedFuture(PENDING); // Somebody else has decided meanwhile.
        }
        List<Reputation.HandedIn> others = handed.stream()
                .filter(h -> h.token().attempt() != attempt && h.status() == AttemptStatus.HELD)
                .toList();
        if (others.isEmpty()) {
            return alone(job, attempt, mine, own.get(), rule);
        }
        return CompletableFuture.supplyAsync(() -> hear(job, others, own.get(), mine), threads)
                .thenCompose(heard -> rule(job, attempt, heard, others, rule, tests));
    }

    /** The only result there is: believed on its worker's record, or held until somebody else has done the job, too. */
    private CompletionStage<Submit.Response> alone(
            long job, int attempt, Finding mine, Reputation.HandedIn own, Replication rule) {
        boolean odd = ledger.campaigns().stream()
                .filter(campaign -> campaign.name().equals(mine.campaign))
                .anyMatch(campaign -> Plausibility.isOdd(mine.manifest.counts(), campaign.accepted()));
        if (odd || draw.lot(job, attempt, own.fingerprint()) < own.standing().chance(rule)) {
            return hold(job, attempt, new Jury.Ruling.Open(), List.of());
        }
        return CompletableFuture.runAsync(() -> promote(mine), threads)
                .thenCompose(moved -> accept(job, attempt, mine, Opinion.BELIEVED))
                .thenApply(response -> PENDING);
    }

    private void promote(Finding finding) {
        try {
            intake.promote(finding.looked);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("the object storage cannot be used", e);
        }
    }

    /** Reads the other results again, for nothing that lies where tickets reach is believed twice. */
    private Map<Integer, Heard> hear(
            long job, List<Reputation.HandedIn> others, Reputation.HandedIn own, Finding mine) {
        Map<Integer, Heard> heard = new LinkedHashMap<>();
        heard.put(own.token().attempt(), new Heard(own, mine));
        for (Reputation.HandedIn other : others) {
            Finding finding = look(job, other.token().attempt());
            Fault fault = finding.looked.fault();
            if (fault == null) {
                heard.put(other.token().attempt(), new Heard(other, finding));
            } else {
                ledger.apply(job, new LedgerEvent.Reject(other.token().attempt(), fault.detail()), "tracker")
                        .toCompletableFuture()
                        .join();
            }
        }
        return heard;
    }

    private record Heard(Reputation.HandedIn result, Finding finding) {
        Jury.Handed handed(Replication rule) {
            return new Jury.Handed(
                    result.token().attempt(), result.party(), result.standing().isProven(rule), finding.findings);
        }
    }

    private CompletionStage<Submit.Response> rule(
            long job,
            int attempt,
            Map<Integer, Heard> heard,
            List<Reputation.HandedIn> compared,
            Replication rule,
            boolean tests) {
        List<Jury.Handed> handed =
                heard.values().stream().map(h -> h.handed(rule)).toList();
        boolean test = known.isTest(job, rule);
        Jury.Ruling ruling = test ? Jury.decideTest(handed, rule) : Jury.decide(handed, rule);
        if (test && tests && Jury.isAskedAgain(ruling, handed.size(), rule)) {
            return hold(job, attempt, new Jury.Ruling.Open(), compared);
        }
        if (ruling instanceof Jury.Ruling.Stands stands) {
            Finding canonical = Objects.requireNonNull(heard.get(stands.attempt()), "one of those heard").finding;
            log.info("Results compared: job={} stands={} others={}", job, stands.attempt(), stands.others());
            return CompletableFuture.runAsync(() -> promote(canonical), threads)
                    .thenCompose(moved -> accept(
                            job, stands.attempt(), canonical, new Opinion(true, stands.others(), stands.reasons())))
                    .thenApplyAsync(
                            response -> {
                                if (stands.others().containsValue(Standing.Outcome.WRONG)) {
                                    backTracking.settle();
                                }
                                return PENDING;
                            },
                            threads);
        }
        return hold(job, attempt, ruling, compared);
    }

    private CompletionStage<Submit.Response> hold(
            long job, int attempt, Jury.Ruling ruling, List<Reputation.HandedIn> compared) {
        return ledger.apply(job, new LedgerEvent.Hold(attempt, WAITS), "tracker")
                .thenComposeAsync(held -> afterHold(job, attempt, ruling, compared), threads);
    }

    private CompletionStage<Submit.Response> afterHold(
            long job, int attempt, Jury.Ruling ruling, List<Reputation.HandedIn> compared) {
        if (ruling instanceof Jury.Ruling.Hung hung) {
            log.warn("Results of a job do not agree: job={} reason={}", job, hung.reason());
            return ledger.apply(job, new LedgerEvent.Quarantine(hung.reason()), "tracker")
                    .thenApply(decision -> PENDING);
        }
        // One that was being judged at the same time may wait by now, too.
        boolean more = reputation.handedIn(job).stream()
                .filter(h -> h.status() == AttemptStatus.HELD && h.token().attempt() != attempt)
                .anyMatch(h -> compared.stream().noneMatch(c -> c.token().equals(h.token())));
        return more
                ? CompletableFuture.supplyAsync(() -> look(job, attempt), threads)
                        .thenCompose(again -> weigh(job, attempt, again, true))
                : CompletableFuture.completedFuture(PENDING);
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
        threads.execute(backTracking::settle);
        threads.execute(() -> endTests(share));
        for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.SUBMITTED)) {
            if (share.owns(attempt.job())) {
                judge(attempt.job(), attempt.token().attempt());
            }
        }
    }

    private void endTests(Share share) {
        try {
            known.overdue(share).forEach(result -> judge(result.job(), result.attempt(), false));
        } catch (Ledger.LedgerException e) {
            log.warn("Tests that nobody takes cannot be looked for now: cause={}", e.getMessage());
        }
    }

    /** Takes back, and gives back, what workers handed in. */
    public BackTracking backTracking() {
        return backTracking;
    }

    /** What a worker is told of an attempt that was handed in before. */
    Submit.Response standing(long job, int attempt) {
        Ledger.AttemptRow row = attempt(job, attempt);
        boolean compared = ledger.job(job)
                .flatMap(ready -> reputation.replication(ready.campaign()))
                .isPresent();
        if (compared) {
            return PENDING;
        }
        return switch (row.status()) {
            case ACCEPTED, SUPERSEDED -> new Submit.Response(Submit.Outcome.ACCEPTED, null);
            case REJECTED -> new Submit.Response(Submit.Outcome.REJECTED, row.detail());
            case SUBMITTED, HELD, RETRACTED, LEASED, RELEASED, FAILED, EXPIRED, REVOKED -> PENDING;
        };
    }

    private Ledger.AttemptRow attempt(long job, int attempt) {
        return ledger.attempt(job, attempt)
                .orElseThrow(() -> new IllegalStateException("no attempt " + attempt + " of job " + job));
    }
}
