package dev.gleaner.tracker.service;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.protocol.release.WorkerRelease;
import dev.gleaner.tracker.intake.Collector;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.Ending;
import dev.gleaner.tracker.lease.LeaseTimes;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Statistics;
import dev.gleaner.tracker.settings.Setting;
import dev.gleaner.tracker.sites.SiteDesk;
import dev.gleaner.tracker.sites.SiteRates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What operators can do, without HTTP. Safe for any thread. */
public final class OperatorCalls {
    /** Most jobs of one listing. */
    public static final int MAX_PAGE = 1_000;

    private static final long MOST_COUNTED = 100_000;
    private static final int MOST_PRIORITY = 100;
    private static final int DAYS_SHOWN = 28;
    /** All that a tracker is built for. */
    private static final int MOST_WORKERS = 1_000_000;

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final Pattern BASE = Pattern.compile("(https|http|file)://[\\x21-\\x7e]*/");
    private static final Set<String> STATES = Set.of("open", "leased", "done", "quarantined", "cancelled");
    private static final int MAX_MESSAGE = 300;
    private static final int MAX_WATS = 2_000_000;

    private final Ledger ledger;
    private final Roster roster;
    private final Statistics statistics;
    private final InstantSource clock;
    private final Desk desk;
    private final BundleShelf bundles;
    private final Collector collector;
    private final SiteDesk sites;
    private final Settings settings;
    private final Charters charters;

    /** A wish for a campaign. */
    public record NewCampaign(CampaignSpec spec, List<String> paths) {}

    public record Created(String campaign, boolean created, long jobs) {}

    public record Reason(String reason) {}

    /**
     * A worker, what it said of its machine when it registered, and what it gave.
     *
     * @param days on which it ended something, of the last {@value #DAYS_SHOWN}
     */
    public record WorkerAbout(
            WorkerView worker,
            Register.Capabilities capabilities,
            String registeredAt,
            List<PublicCalls.DayView> days) {}

    /**
     * Workers that were asked for.
     *
     * @param workers the first of them
     * @param matched how many there are
     * @param all how many have registered
     */
    public record Workers(List<WorkerView> workers, int matched, int all) {}

    /**
     * Jobs that were asked for.
     *
     * @param jobs the first of them
     * @param matched how many there are; {@value #MOST_COUNTED} stands for so many or more
     */
    public record Jobs(List<JobView> jobs, long matched) {}

    /**
     * A wish for several jobs.
     *
     * @param state that they had when somebody looked
     */
    public record Jobwise(List<Long> jobs, String state, String reason) {}

    /** What became of one: {@code done}, or {@code changed} when it was no longer as it was seen. */
    public record Moved(long job, String outcome) {}

    /** @param message to the volunteer; null takes an earlier one back */
    public record Direction(
            Heartbeat.Directive directive, @Nullable String message) {}

    /** @param delete false only shows what would go */
    public record Collect(boolean delete, int olderThanHours) {}

    /** A line of the audit trail on the wire. */
    public record AuditLine(
            long id,
            String at,
            String actor,
            String action,
            String subject,
            @Nullable String detail) {}

    /** What operators may change while the tracker runs. */
    public record Settings(
            Setting<LeaseTimes> times,
            Setting<Limits> limits,
            Setting<SiteRates> siteRates,
            Setting<Enrolment> enrolment,
            Setting<WorkerRelease> release) {}

    public OperatorCalls(
            Ledger ledger,
            Roster roster,
            Statistics statistics,
            InstantSource clock,
            Desk desk,
            BundleShelf bundles,
            Collector collector,
            SiteDesk sites,
            Settings settings) {
        this.sites = sites;
        this.roster = roster;
        this.statistics = statistics;
        this.clock = clock;
        this.settings = settings;
        this.collector = collector;
        this.ledger = ledger;
        this.desk = desk;
        this.bundles = bundles;
        this.charters = new Charters(ledger, bundles, clock);
    }

    public SiteRates siteRates() {
        return settings.siteRates.get();
    }

    /** Changes what the swarm may ask of sites, for all trackers of the ledger. */
    public CompletionStage<SiteRates> changeSiteRates(String actor, byte[] wish) {
        return settings.siteRates.change(Json.read(wish, SiteRates.class), actor);
    }

    /** Web sites that all workers spare now. */
    public List<SiteDesk.View> sites() {
        return sites.spared();
    }

    public CompletionStage<Created> create(String actor, NewCampaign wish) throws IOException {
        CampaignSpec spec = wish.spec();
        require(
                NAME.matcher(spec.name()).matches(),
                "the name must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit");
        require(BASE.matcher(spec.base()).matches(), "the base must be an https, http or file address that ends in /");
        require(spec.slices() >= 1 && spec.slices() <= Slice.MAX_COUNT, "slices must be 1 to " + Slice.MAX_COUNT);
        if (spec.does() == Stage.SCORE) {
            requireFitsSource(spec, wish.paths());
        } else {
            require(spec.source() == null, "only a scoring campaign has a source");
            require(
                    spec.replication() == null || spec.does() != Stage.FETCH,
                    "results of a campaign that only fetches cannot be compared; compare those of the one that scores");
            require(
                    !wish.paths().isEmpty() && wish.paths().size() <= MAX_WATS,
                    "there must be 1 to " + MAX_WATS + " WAT paths");
        }
        for (String path : wish.paths()) {
            require(
                    !path.isBlank()
                            && path.length() <= 1_000
                            && path.chars().allMatch(c -> c > ' ' && c < 0x7f)
                            && !path.contains(".."),
                    "not a WAT path: " + Printable.of(path, 100));
        }
        require(Set.copyOf(wish.paths()).size() == wish.paths().size(), "a WAT path is listed twice");
        List<String> missing = bundles.missing(spec.bundle());
        if (!missing.isEmpty()) {
            throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "upload the model bundle first; missing: " + missing);
        }
        requireSigned(spec, wish.paths());
        return ledger.addCampaign(spec, wish.paths(), actor).thenApply(added -> {
            if (added.outcome() == Ledger.CampaignAdded.Outcome.CONFLICT) {
                throw new Refusal(
                        ProblemCode.CAMPAIGN_CONFLICT,
                        "campaign " + spec.name() + " exists with other paths or settings; choose another name");
            }
            if (added.outcome() == Ledger.CampaignAdded.Outcome.NO_SOURCE) {
                throw noCampaign(String.valueOf(spec.source()));
            }
            desk.wake();
            return new Created(spec.name(), added.outcome() == Ledger.CampaignAdded.Outcome.CREATED, added.jobs());
        });
    }

    private void requireSigned(CampaignSpec spec, List<String> paths) throws IOException {
        if (ledger.campaigns().stream().anyMatch(c -> c.name().equals(spec.name()))) {
            return; // Nothing of it is taken: it is the very same one, or refused.
        }
        Charters.Wanted wanted =
                new Charters.Wanted(spec.name(), spec.base(), spec.slices(), spec.does(), spec.bundle(), spec.policy());
        String list = "";
        if (spec.charter() != null) {
            list = spec.does() == Stage.SCORE
                    ? charters.newest(String.valueOf(spec.source()))
                            .map(Charters::paths)
                            .orElseThrow(() -> new Refusal(
                                    ProblemCode.STATE_CONFLICT,
                                    "campaign " + spec.source() + " is not signed; sign it first"))
                    : HexFormat.of()
                            .formatHex(
                                    Tokens.sha256((String.join("\n", paths) + "\n").getBytes(StandardCharsets.UTF_8)));
        }
        charters.require(spec.charter(), wanted, list);
        if (spec.charter() != null) {
            charters.adopt(spec.charter());
        }
    }

    private void requireFitsSource(CampaignSpec spec, List<String> paths) {
        require(paths.isEmpty(), "a scoring campaign takes its jobs from its source and has no paths");
        require(spec.source() != null, "say whose batches the campaign scores");
        CampaignStatus source = campaign(String.valueOf(spec.source()));
        require(source.stage() == Stage.FETCH, "campaign " + source.name() + " hands in no batches");
        require(
                source.base().equals(spec.base()) && source.slices() == spec.slices(),
                "base and slices must be those of campaign " + source.name());
    }

    public List<CampaignStatus> campaigns() {
        return ledger.campaigns();
    }

    public CampaignStatus campaign(String name) {
        return ledger.campaigns().stream()
                .filter(c -> c.name().equals(name))
                .findAny()
                .orElseThrow(() -> noCampaign(name));
    }

    public CompletionStage<CampaignStatus> pause(String actor, String name, boolean paused) {
        return ledger.pauseCampaign(name, paused, actor).thenApply(found -> {
            if (!found) {
                throw noCampaign(name);
            }
            desk.wake();
            return campaign(name);
        });
    }

    /** @param priority -{@value #MOST_PRIORITY} to {@value #MOST_PRIORITY}; jobs of higher ones go out first */
    public record Priority(int priority) {}

    public CompletionStage<CampaignStatus> prioritise(String actor, String name, Priority wish) {
        require(
                Math.abs(wish.priority()) <= MOST_PRIORITY,
                "priority must be -" + MOST_PRIORITY + " to " + MOST_PRIORITY);
        return ledger.prioritiseCampaign(name, wish.priority(), actor).thenApply(found -> {
            if (!found) {
                throw noCampaign(name);
            }
            desk.wake();
            return campaign(name);
        });
    }

    /**
     * Another policy for a campaign.
     *
     * @param from version of the policy that somebody looked at when making this one
     * @param reason for the audit trail and for everybody
     * @param charter what was signed of it; null when the campaign is not signed
     */
    public record NewPolicy(int from, Policy policy, String reason, Charter.@Nullable Ref charter) {}

    public CompletionStage<CampaignStatus> changePolicy(String actor, String name, NewPolicy wish) throws IOException {
        String reason = Printable.of(wish.reason(), 200).strip();
        require(!reason.isEmpty(), "say why the policy changes");
        CampaignStatus before = campaign(name);
        requireCurrent(before, wish.from());
        Optional<Charter> signed = charters.newest(name);
        if (signed.isPresent() && wish.charter() == null) {
            throw new Refusal(
                    ProblemCode.STATE_CONFLICT,
                    "campaign " + name
                            + " is signed, and so must be what changes it: tracker-server campaign policy " + name
                            + " --set FILE --key FILE");
        }
        if (wish.charter() != null) {
            charters.require(
                    wish.charter(),
                    Charters.Wanted.of(before, wish.policy()),
                    signed.map(Charters::paths).orElseThrow(() -> unsigned(name)));
        }
        return ledger.changePolicy(name, wish.from(), wish.policy(), wish.charter(), reason, actor)
                .thenApply(version -> {
                    CampaignStatus now = campaign(name);
                    if (version.isEmpty()) {
                        requireCurrent(now, wish.from());
                    }
                    desk.wake();
                    return now;
                });
    }

    private static Refusal unsigned(String campaign) {
        return new Refusal(
                ProblemCode.STATE_CONFLICT, "campaign " + campaign + " is not signed yet: campaign sign " + campaign);
    }

    /**
     * A signature for a version of a campaign's policy.
     *
     * @param version of the policy
     */
    public record Signing(int version, Charter.Ref charter) {}

    /** Takes what was signed of a campaign, for the first time or for longer. */
    public CompletionStage<CampaignStatus> sign(String actor, String name, Signing wish) throws IOException {
        CampaignStatus campaign = campaign(name);
        Ledger.PolicyVersion version = ledger.policies(name).stream()
                .filter(v -> v.version() == wish.version())
                .findAny()
                .orElseThrow(() ->
                        new Refusal(ProblemCode.NOT_FOUND, "campaign " + name + " has no version " + wish.version()));
        Charter charter = charters.open(wish.charter());
        Optional<Charter> before = charters.newest(name);
        charters.require(
                wish.charter(),
                Charters.Wanted.of(campaign, version.policy()),
                before.map(Charters::paths).orElse(Charters.paths(charter)));
        long listed = charters.count(wish.charter());
        require(
                listed == campaign.wats(),
                "what was signed lists " + listed + " WATs, and the campaign has " + campaign.wats());
        charters.adopt(wish.charter());
        return ledger.sign(name, wish.version(), wish.charter(), actor).thenApply(done -> {
            desk.wake();
            return campaign(name);
        });
    }

    /** Until when workers take what was signed of campaigns that are not finished: the earliest of all versions. */
    public Map<String, Instant> signedUntil() {
        Map<String, Instant> until = new TreeMap<>();
        for (CampaignStatus campaign : ledger.campaigns()) {
            if (campaign.jobs().open() + campaign.jobs().leased() > 0) {
                charters.until(campaign.name()).ifPresent(end -> until.put(campaign.name(), end));
            }
        }
        return until;
    }

    /** The public key that signs campaigns here, once there is one. */
    public Optional<String> campaignKey() {
        return charters.key();
    }

    private static void requireCurrent(CampaignStatus campaign, int version) {
        if (campaign.policyVersion() != version) {
            throw new Refusal(
                    ProblemCode.STATE_CONFLICT,
                    "the policy of campaign " + campaign.name() + " has version " + campaign.policyVersion()
                            + " by now; look at it again");
        }
    }

    public Jobs jobs(Ledger.JobQuery query, long after, int limit) {
        String state = query.state();
        require(limit >= 1 && limit <= MAX_PAGE, "limit must be 1 to " + MAX_PAGE);
        require(state == null || STATES.contains(state), "state must be one of " + new java.util.TreeSet<>(STATES));
        if (query.campaign() != null) {
            campaign(query.campaign());
        }
        return new Jobs(ledger.views(query, after, limit), ledger.count(query, MOST_COUNTED));
    }

    /** What an attempt handed in, as JSON. */
    public String manifest(long job, long attempt) {
        return ledger.attempt(job, (int) Math.min(Integer.MAX_VALUE, attempt))
                .map(Ledger.AttemptRow::manifest)
                .orElseThrow(() -> new Refusal(
                        ProblemCode.NOT_FOUND, "attempt " + attempt + " of job " + job + " has handed in nothing"));
    }

    /**
     * Opens jobs again, or sets them aside: exactly those that were named, and of them those that are still as they were seen.
     *
     * @param quarantine false opens them
     */
    public CompletionStage<List<Moved>> move(String actor, Jobwise wish, boolean quarantine) {
        require(!wish.jobs().isEmpty() && wish.jobs().size() <= MAX_PAGE, "name 1 to " + MAX_PAGE + " jobs");
        require(STATES.contains(wish.state()), "state must be one of " + new java.util.TreeSet<>(STATES));
        String reason = text(new Reason(wish.reason()));
        List<CompletableFuture<Moved>> moved = new ArrayList<>();
        for (long job : wish.jobs()) {
            if (!state(job).equals(wish.state())) {
                moved.add(CompletableFuture.completedFuture(new Moved(job, "changed")));
                continue;
            }
            LedgerEvent event = quarantine ? new LedgerEvent.Quarantine(reason) : new LedgerEvent.Requeue(reason);
            moved.add(ledger.apply(job, event, actor)
                    .thenApply(found -> {
                        boolean done = found.isPresent() && found.get() instanceof Decision.Applied;
                        if (done) {
                            tellDesk(job, (Decision.Applied) found.get());
                        }
                        return new Moved(job, done ? "done" : "changed");
                    })
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(moved.toArray(CompletableFuture[]::new)).thenApply(done -> {
            desk.wake();
            return moved.stream().map(CompletableFuture::join).toList();
        });
    }

    private String state(long job) {
        return ledger.view(job)
                .map(view -> view.state().equals("open")
                                && view.attempts().stream().anyMatch(attempt -> attempt.endedAt() == null)
                        ? "leased"
                        : view.state())
                .orElse("");
    }

    public JobView job(long job) {
        return ledger.view(job).orElseThrow(() -> WorkerCalls.unknown(job));
    }

    public CompletionStage<JobView> requeue(String actor, long job, Reason reason) {
        return change(actor, job, new LedgerEvent.Requeue(text(reason)));
    }

    public CompletionStage<JobView> quarantine(String actor, long job, Reason reason) {
        return change(actor, job, new LedgerEvent.Quarantine(text(reason)));
    }

    private CompletionStage<JobView> change(String actor, long job, LedgerEvent event) {
        return ledger.apply(job, event, actor).thenApply(found -> {
            Decision decision = WorkerCalls.require(found, job);
            if (decision instanceof Decision.Applied applied) {
                tellDesk(job, applied);
            }
            desk.wake();
            return job(job);
        });
    }

    private void tellDesk(long job, Decision.Applied applied) {
        for (Decision.AttemptChange change : applied.attempts()) {
            ledger.attempt(job, change.number()).ifPresent(attempt -> desk.ended(job, attempt.token(), Ending.REVOKED));
        }
    }

    /** How long leases live now. */
    public LeaseTimes leaseTimes() {
        return settings.times.get();
    }

    /** Changes lease times for all trackers of the ledger. */
    public CompletionStage<LeaseTimes> changeLeaseTimes(String actor, byte[] wish) {
        return settings.times.change(Json.read(wish, LeaseTimes.class), actor);
    }

    /** How much workers may take now. */
    public Limits limits() {
        return settings.limits.get();
    }

    /** Changes the limits for all trackers of the ledger. */
    public CompletionStage<Limits> changeLimits(String actor, byte[] wish) {
        return settings.limits.change(Json.read(wish, Limits.class), actor).thenApply(done -> {
            desk.wake();
            return done;
        });
    }

    /** Who may become a worker now. */
    public Enrolment enrolment() {
        return settings.enrolment.get();
    }

    /** Changes for all trackers of the ledger who may become a worker. */
    public CompletionStage<Enrolment> changeEnrolment(String actor, byte[] wish) {
        return settings.enrolment.change(Json.read(wish, Enrolment.class), actor);
    }

    /** The worker's release that is offered to workers. */
    public WorkerRelease release() {
        return settings.release.get();
    }

    /** Offers another release, or none. Whether it is signed by whom workers trust, only they can say. Blocks. */
    public CompletionStage<WorkerRelease> changeRelease(String actor, byte[] wish) throws IOException {
        WorkerRelease release = Json.read(wish, WorkerRelease.class);
        if (release.offered()) {
            List<String> missing = bundles.missing(release.bundle());
            if (!missing.isEmpty()) {
                throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "upload the release first; missing: " + missing);
            }
        }
        return settings.release.change(release, actor);
    }

    /** Collects objects that nobody needs, or only shows them; notes in the audit trail what was deleted. Blocks. */
    public Collector.Found collect(String actor, Collect wish) throws IOException {
        require(
                wish.olderThanHours() >= 1 && wish.olderThanHours() <= 24 * 365,
                "olderThanHours must be 1 to " + 24 * 365);
        Collector.Found found = collector.collect(Duration.ofHours(wish.olderThanHours()), wish.delete());
        if (wish.delete()) {
            ledger.note(actor, "objects-collect", found.objects() + " objects", found.bytes() + " bytes")
                    .toCompletableFuture()
                    .join();
        }
        return found;
    }

    /**
     * The audit trail, newest first.
     *
     * @param before only lines with a smaller number; 0 for the newest
     * @param people only what people did
     */
    public List<AuditLine> audit(long before, int limit, boolean people) {
        require(limit >= 1 && limit <= MAX_PAGE, "limit must be 1 to " + MAX_PAGE);
        return ledger.audit(before <= 0 ? Long.MAX_VALUE : before, limit, people).stream()
                .map(row -> new AuditLine(
                        row.id(), row.at().toString(), row.actor(), row.action(), row.subject(), row.detail()))
                .toList();
    }

    public List<WorkerView> workers() {
        return roster.workers();
    }

    /** All that is known of one worker. Blocks on the ledger. */
    public WorkerAbout about(String worker) {
        Roster.Machine machine = roster.machine(worker).orElseThrow(() -> noWorker(worker));
        long from = Math.floorDiv(clock.millis(), Duration.ofDays(1).toMillis()) - DAYS_SHOWN + 1;
        return new WorkerAbout(
                worker(worker),
                machine.capabilities(),
                machine.registeredAt().toString(),
                statistics.daysOf(worker, from).stream().map(PublicCalls::view).toList());
    }

    /** Workers that fit, in the wished order. */
    public Workers workers(WorkerFilter filter) {
        require(filter.limit() >= 1 && filter.limit() <= MOST_WORKERS, "limit must be 1 to " + MOST_WORKERS);
        List<WorkerView> all = roster.workers();
        List<WorkerView> matched =
                all.stream().filter(filter::fits).sorted(filter.comparator()).toList();
        return new Workers(matched.stream().limit(filter.limit()).toList(), matched.size(), all.size());
    }

    /** Bans a worker and takes its leases away, or lets it back in. */
    public CompletionStage<WorkerView> ban(String actor, String worker, boolean banned) {
        return roster.banWorker(worker, banned, actor).thenApply(found -> {
            if (!found) {
                throw noWorker(worker);
            }
            if (banned) {
                for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.LEASED)) {
                    if (attempt.worker().equals(worker)) {
                        ledger.apply(
                                        attempt.job(),
                                        new LedgerEvent.Revoke(attempt.token().attempt(), "the worker was banned"),
                                        actor)
                                .thenRun(() -> {
                                    desk.ended(attempt.job(), attempt.token(), Ending.REVOKED);
                                    desk.wake();
                                });
                    }
                }
            }
            return worker(worker);
        });
    }

    /** Pauses a worker, lets it go on, or asks it to finish and stop; tells its volunteer something. */
    public CompletionStage<WorkerView> direct(String actor, String worker, Direction wish) {
        String message = wish.message();
        require(
                message == null
                        || (message.length() <= MAX_MESSAGE && message.equals(Printable.of(message, MAX_MESSAGE))),
                "message must have at most " + MAX_MESSAGE + " printable characters");
        return roster.directWorker(
                        worker, wish.directive(), message == null || message.isBlank() ? null : message, actor)
                .thenApply(found -> {
                    if (!found) {
                        throw noWorker(worker);
                    }
                    return worker(worker);
                });
    }

    /** Lets a worker in that waits for it. */
    public CompletionStage<WorkerView> admit(String actor, String worker) {
        return roster.admitWorker(worker, actor).thenApply(waited -> worker(worker));
    }

    WorkerView worker(String worker) {
        return roster.workers().stream()
                .filter(w -> w.worker().equals(worker))
                .findAny()
                .orElseThrow(() -> noWorker(worker));
    }

    static Refusal noWorker(String worker) {
        return new Refusal(ProblemCode.UNKNOWN_WORKER, "there is no worker " + Printable.of(worker, 40));
    }

    private static String text(Reason reason) {
        require(!reason.reason().isBlank(), "say why, for the audit trail");
        return "operator: " + Printable.of(reason.reason(), 200);
    }

    static Refusal noCampaign(String name) {
        return new Refusal(
                ProblemCode.UNKNOWN_CAMPAIGN,
                "there is no campaign " + Printable.of(name, 64).toLowerCase(Locale.ROOT));
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, otherwise);
        }
    }
}
