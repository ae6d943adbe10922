package dev.gleaner.tracker.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Acquire;
import dev.gleaner.protocol.lease.Fail;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Inputs;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Release;
import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.lease.Caller;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.Ending;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.lease.Objection;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.sites.SiteDesk;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.trust.Party;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The lease protocol without HTTP. Stages fail with {@link Refusal} where the answer is a problem. Safe for any thread. */
public final class WorkerCalls {
    private static final Duration TICKET_LIFE = Duration.ofMinutes(15);
    private static final int IDLE_RETRY_SECONDS = 2;
    private static final int DIRECTED_RETRY_SECONDS = 60;
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    /** A worker that makes its shards anew now and then is no fault. */
    private static final int MOST_DECLARED = 4 * Manifest.MAX_OBJECTS;

    /** A worker with a short record is looked up often: what it may do grows with each result. */
    private static final Duration NEWCOMER_KNOWN = Duration.ofSeconds(1);

    /** What a worker says of itself is kept no more often than this, for each time costs a durable change. */
    private static final Duration WORD_STANDS = Duration.ofMinutes(10);

    private static final Duration KNOWN = Duration.ofSeconds(10);

    private final Ledger ledger;
    private final Roster roster;
    private final Supplier<Enrolment> enrolment;
    private final Desk desk;
    private final SiteDesk sites;
    private final Ranks ranks;
    private final Judge judge;
    private final ObjectStore store;
    private final Supplier<LeaseSettings> settings;
    private final Predicate<Ledger.ReadyJob> mustAsk;

    /** A ban on another tracker of a cluster is heard of this late; on this one at once. */
    private final Cache<String, Roster.WorkerRow> known = Caffeine.newBuilder()
            .maximumSize(200_000)
            .expireAfter(Expiry.creating((String hash, Roster.WorkerRow row) ->
                    row.standing() < Caller.FULL_STANDING || row.waiting() ? NEWCOMER_KNOWN : KNOWN))
            .build();

    /** What workers said of themselves lately. */
    private final Cache<String, Boolean> said = Caffeine.newBuilder()
            .maximumSize(400_000)
            .expireAfterWrite(WORD_STANDS)
            .build();

    /** Digests of the objects that each lease got tickets for. */
    private final Cache<String, Set<String>> declaredBy = Caffeine.newBuilder()
            .maximumSize(100_000)
            .expireAfterAccess(Duration.ofHours(12))
            .build();

    /** @param mustAsk whether a job's worker is told to ask what to leave out; must not block */
    public WorkerCalls(
            Ledger ledger,
            Roster roster,
            Supplier<Enrolment> enrolment,
            Desk desk,
            SiteDesk sites,
            Ranks ranks,
            Judge judge,
            ObjectStore store,
            Supplier<LeaseSettings> settings,
            Predicate<Ledger.ReadyJob> mustAsk) {
        this.ledger = ledger;
        this.roster = roster;
        this.enrolment = enrolment;
        this.desk = desk;
        this.sites = sites;
        this.ranks = ranks;
        this.judge = judge;
        this.store = store;
        this.settings = settings;
        this.mustAsk = mustAsk;
    }

    /** @param address where the call comes from, null when that says nothing about who calls */
    public CompletionStage<Register.Response> register(Register.Request request, @Nullable String address) {
        requireName(request.nickname(), "nickname");
        if (request.team() != null) {
            requireName(request.team(), "team");
        }
        requireAgent(request.agent());
        String code = request.invitation();
        String worker = Tokens.id();
        String token = Tokens.make();
        Roster.Newcomer newcomer = new Roster.Newcomer(
                worker, Tokens.hash(token), request, code == null ? null : Tokens.hash(code.strip()), address);
        return roster.enrol(newcomer, enrolment.get()).thenApply(answer -> {
            if (answer instanceof Enrolment.Answer.Refused refused) {
                throw new Refusal(refused.code(), refused.detail());
            }
            boolean waits = ((Enrolment.Answer.Welcome) answer).waits();
            return new Register.Response(
                    worker, token, (int) settings.get().heartbeat().toSeconds(), waits);
        });
    }

    /** Gives the worker a new token, of which only the hash is told. */
    public CompletionStage<Void> changeToken(String worker, Register.NewToken wish) {
        if (!HASH.matcher(wish.tokenHash()).matches()) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST, "tokenHash must be a SHA-256 as 64 lower-case hexadecimal digits");
        }
        return roster.changeToken(worker, wish.tokenHash()).thenAccept(changed -> {
            forget();
            if (!changed) {
                throw new Refusal(ProblemCode.MALFORMED_REQUEST, "choose another token");
            }
        });
    }

    private static void requireAgent(String agent) {
        if (agent.isEmpty() || agent.length() > 100) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "agent must have 1 to 100 characters");
        }
    }

    private static void requireName(String name, String what) {
        boolean printable = name.equals(Printable.of(name, 40));
        if (name.isBlank() || !printable || !name.equals(name.strip())) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST,
                    what + " must be 1 to 40 printable characters without space at its ends");
        }
    }

    /**
     * Who calls.
     *
     * @throws Refusal when nobody we know, or somebody banned
     */
    public Roster.WorkerRow authenticate(String token) {
        String hash = Tokens.hash(token);
        Roster.WorkerRow worker = known.getIfPresent(hash);
        if (worker == null) {
            worker = roster.workerByToken(hash)
                    .orElseThrow(() -> new Refusal(
                            ProblemCode.UNAUTHORIZED,
                            "send a worker's token as Authorization: Bearer; register to get one"));
            known.put(hash, worker);
        }
        return requireAllowed(worker);
    }

    /**
     * Who calls, without looking at the ledger; empty when that would be needed.
     *
     * @throws Refusal when somebody banned
     */
    public Optional<Roster.WorkerRow> authenticateQuickly(String token) {
        return Optional.ofNullable(known.getIfPresent(Tokens.hash(token))).map(WorkerCalls::requireAllowed);
    }

    /** Forgets what is known of workers: one of them was banned or let back in. */
    public void forget() {
        known.invalidateAll();
    }

    private static Roster.WorkerRow requireAllowed(Roster.WorkerRow worker) {
        if (worker.banned()) {
            throw new Refusal(ProblemCode.BANNED, "worker " + worker.worker() + " is banned; ask the operators why");
        }
        if (worker.waiting()) {
            throw new Refusal(
                    ProblemCode.APPROVAL_PENDING,
                    "worker " + worker.worker()
                            + " waits for an operator to let it in; there is nothing to do but to leave it running");
        }
        return worker;
    }

    public CompletionStage<Acquire.Response> acquire(Roster.WorkerRow worker, Acquire.Request request) {
        if (request.request().isEmpty() || request.request().length() > 64) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "request must have 1 to 64 characters");
        }
        if (request.max() < 1 || request.max() > Acquire.MAX_LEASES) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "max must be 1 to " + Acquire.MAX_LEASES);
        }
        if (request.waitSeconds() < 0 || request.waitSeconds() > Acquire.MAX_WAIT_SECONDS) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "waitSeconds must be 0 to " + Acquire.MAX_WAIT_SECONDS);
        }
        String agent = request.agent();
        boolean updated = agent != null && !agent.equals(worker.agent());
        if (agent != null && updated) {
            noteAgent(worker, agent);
        }
        if (worker.directive() != Heartbeat.Directive.NONE
                && !(updated && worker.directive() == Heartbeat.Directive.UPDATE)) {
            return CompletableFuture.completedFuture(
                    new Acquire.Response(List.of(), idleBy(worker.directive()), DIRECTED_RETRY_SECONDS));
        }
        if (worker.convicted()) {
            return CompletableFuture.completedFuture(new Acquire.Response(
                    List.of(),
                    "the tracker's operators must look at this worker's results before it gets another job",
                    DIRECTED_RETRY_SECONDS));
        }
        Caller caller = new Caller(
                worker.worker(),
                worker.agent(),
                worker.address(),
                worker.invitation(),
                worker.standing(),
                worker.streak(),
                stages(request),
                worker.proven(),
                Party.of(worker.worker(), worker.nickname(), worker.team(), worker.address()));
        return desk.acquire(caller, request.request(), request.max(), Duration.ofSeconds(request.waitSeconds()))
                .thenApply(this::answer);
    }

    /** Notes a worker's new version. */
    private void noteAgent(Roster.WorkerRow worker, String agent) {
        requireAgent(agent);
        if (said.asMap().putIfAbsent("agent " + worker.worker(), true) == null) {
            roster.changeAgent(worker.worker(), agent).thenAccept(changed -> {
                if (worker.directive() == Heartbeat.Directive.UPDATE) {
                    known.asMap().values().removeIf(row -> row.worker().equals(worker.worker()));
                }
            });
        }
    }

    private static List<Stage> stages(Acquire.Request request) {
        List<Stage> stages = request.stages();
        if (stages == null) {
            return List.of(Stage.WHOLE);
        }
        if (stages.isEmpty() || Set.copyOf(stages).size() != stages.size()) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST, "stages must name each stage at most once, and one at least");
        }
        return stages;
    }

    private static String idleBy(Heartbeat.Directive directive) {
        return switch (directive) {
            case PAUSE -> "the tracker's operators have paused this worker";
            case UPDATE -> "the tracker's operators ask for a newer version of this worker";
            case DRAIN, NONE -> "the tracker's operators have asked this worker to stop";
        };
    }

    private Acquire.Response answer(Desk.Offer offer) {
        Objection objection = offer.objection();
        if (!offer.granted().isEmpty()) {
            return new Acquire.Response(
                    offer.granted().stream().map(this::lease).toList(), null, 0);
        }
        return objection == null
                ? new Acquire.Response(List.of(), idleReason(), IDLE_RETRY_SECONDS)
                : new Acquire.Response(List.of(), objection.reason(), objection.retrySeconds());
    }

    private String idleReason() {
        if (ledger.campaigns().stream().noneMatch(c -> c.state().equals("active"))) {
            return "no campaign is active";
        }
        if (ledger.nextDelayed().isPresent()) {
            return "jobs that failed wait out a delay before they are tried again";
        }
        return "every job is done or worked on by somebody";
    }

    private Lease lease(Desk.Granted granted) {
        Ledger.ReadyJob job = granted.job();
        return new Lease(
                job.job(),
                granted.token(),
                job.campaign(),
                job.base() + job.watPath(),
                job.watPath(),
                new Slice(job.slice(), job.slices()),
                job.policy(),
                job.bundle(),
                (int) settings.get().ttl().toSeconds(),
                (int) settings.get().hardCap().toSeconds(),
                job.stage() == Stage.WHOLE ? null : job.stage(),
                mustAsk.test(job) ? true : null,
                job.charter());
    }

    public CompletionStage<Heartbeat.Response> heartbeat(Roster.WorkerRow worker, Heartbeat.Request request) {
        if (request.leases().size() > Heartbeat.MAX_LEASES) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST, "a heartbeat carries at most " + Heartbeat.MAX_LEASES + " leases");
        }
        Sites.Orders orders = spare(worker.worker(), request.sites());
        List<Trouble> troubles = request.troubles();
        if (troubles != null) {
            note(worker, troubles);
        }
        int seconds = (int) settings.get().heartbeat().toSeconds();
        return desk.heartbeat(worker.worker(), request.leases())
                .thenApply(answers -> new Heartbeat.Response(
                        answers, worker.directive(), worker.message(), seconds, orders, ranks.of(worker.worker())));
    }

    /** Keeps what a worker says of its network when it says something else than before, and not too often. */
    private void note(Roster.WorkerRow worker, List<Trouble> troubles) {
        if (troubles.size() > Trouble.MAX) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST, "a heartbeat tells of at most " + Trouble.MAX + " troubles");
        }
        if (!troubles.equals(worker.troubles())
                && said.asMap().putIfAbsent("troubles " + worker.worker(), true) == null) {
            roster.noteTroubles(worker.worker(), troubles);
        }
    }

    private Sites.@Nullable Orders spare(String worker, Sites.@Nullable Report report) {
        try {
            return report == null ? null : sites.beat(worker, report);
        } catch (IllegalArgumentException e) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    /** Blocks on the ledger; {@code IOException} when the store cannot sign. */
    public Tickets.Response tickets(String worker, long job, FencingToken token, Tickets.Request request)
            throws IOException {
        if (request.objects().isEmpty() || request.objects().size() > Manifest.MAX_OBJECTS) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "declare 1 to " + Manifest.MAX_OBJECTS + " objects");
        }
        requireMaySubmit(ledger, worker, job, token);
        requireFewObjects(job, token, request.objects());
        String campaign = ledger.job(job).orElseThrow(() -> unknown(job)).campaign();
        List<Tickets.Ticket> tickets = new ArrayList<>();
        for (ShardObject object : request.objects()) {
            String key = key(campaign, job, token, object);
            Optional<Tickets.Ticket> inParts = Boolean.TRUE.equals(request.parts())
                    ? store.partTicket(key, object, TICKET_LIFE)
                    : Optional.empty();
            tickets.add(inParts.isPresent() ? inParts.get() : store.ticket(key, object, TICKET_LIFE));
        }
        return new Tickets.Response(tickets);
    }

    /**
     * @throws Refusal unless the lease is this worker's and a result of it would be taken, late or not
     */
    static void requireMaySubmit(Ledger ledger, String worker, long job, FencingToken token) {
        AttemptStatus status = ledger.attempt(job, token.attempt())
                .filter(a -> a.token().equals(token) && a.worker().equals(worker))
                .map(Ledger.AttemptRow::status)
                .orElse(AttemptStatus.REVOKED);
        boolean mayStillSubmit =
                status == AttemptStatus.LEASED || status == AttemptStatus.EXPIRED || status == AttemptStatus.RELEASED;
        if (!mayStillSubmit) {
            throw new Refusal(ProblemCode.LEASE_LOST, "the lease is over; drop the job");
        }
    }

    /** A store keeps what is begun and never filled. */
    private void requireFewObjects(long job, FencingToken token, List<ShardObject> objects) {
        Set<String> declared = declaredBy.get(job + "/" + token, lease -> new HashSet<>());
        synchronized (declared) {
            objects.forEach(object -> declared.add(object.sha256()));
            if (declared.size() > MOST_DECLARED) {
                throw new Refusal(
                        ProblemCode.LEASE_LOST,
                        "this lease has declared more than " + MOST_DECLARED + " objects; drop the job");
            }
        }
    }

    /**
     * What a scoring job works on. Blocks on the ledger.
     *
     * @throws IOException when the store cannot sign
     */
    public Inputs.Response inputs(String worker, long job, FencingToken token) throws IOException {
        boolean leased = ledger.attempt(job, token.attempt())
                .filter(a -> a.token().equals(token) && a.worker().equals(worker))
                .filter(a -> a.status() == AttemptStatus.LEASED)
                .isPresent();
        if (!leased) {
            throw new Refusal(ProblemCode.LEASE_LOST, "the lease is over; drop the job");
        }
        Ledger.Source source = ledger.job(job).orElseThrow(() -> unknown(job)).source();
        if (source == null) {
            throw new Refusal(ProblemCode.STATE_CONFLICT, "job " + job + " reads its WAT and has no batches");
        }
        Ledger.ReadyJob fetched = ledger.job(source.job()).orElseThrow(() -> unknown(source.job()));
        Ledger.AttemptRow attempt =
                ledger.attempt(source.job(), source.attempt()).orElseThrow(() -> unknown(source.job()));
        Manifest manifest = Json.read(
                Objects.requireNonNull(attempt.manifest(), "an accepted attempt has a manifest")
                        .getBytes(StandardCharsets.UTF_8),
                Manifest.class);
        List<Inputs.Input> inputs = new ArrayList<>();
        for (ShardObject object : manifest.objects()) {
            String key = ObjectKeys.accepted(fetched.campaign(), fetched.job(), attempt.token(), object.sha256());
            inputs.add(new Inputs.Input(
                    object.name(), store.link(key, object.bytes(), TICKET_LIFE), object.bytes(), object.sha256()));
        }
        return new Inputs.Response(inputs, manifest);
    }

    private static String key(String campaign, long job, FencingToken token, ShardObject object) {
        return ObjectKeys.incoming(campaign, job, token, object.sha256());
    }

    /** Makes the submission durable, then judges it. */
    public CompletionStage<Submit.Response> submit(String worker, long job, FencingToken token, byte[] body) {
        Manifest manifest = Json.read(body, Manifest.class);
        byte[] canonical = Json.bytes(manifest);
        LedgerEvent.Submit event = new LedgerEvent.Submit(
                worker,
                token,
                new String(canonical, StandardCharsets.UTF_8),
                java.util.HexFormat.of().formatHex(Tokens.sha256(canonical)),
                Printable.of(manifest.candidateDigest(), 40));
        return ledger.apply(job, event, worker).thenCompose(found -> {
            Decision decision = require(found, job);
            desk.submitted(job, token);
            if (decision instanceof Decision.Applied applied && applied.toJudge() > 0) {
                return judge.judge(job, applied.toJudge());
            }
            return CompletableFuture.completedFuture(judge.standing(job, token.attempt()));
        });
    }

    public CompletionStage<Void> release(String worker, long job, FencingToken token, Release.Request request) {
        LedgerEvent event = new LedgerEvent.Release(worker, token, Printable.of(request.reason(), 200));
        return end(job, worker, token, event, Ending.RELEASED);
    }

    public CompletionStage<Void> fail(String worker, long job, FencingToken token, Fail.Request request) {
        LedgerEvent event =
                new LedgerEvent.Fail(worker, token, request.failure(), Printable.of(request.message(), 500));
        return end(job, worker, token, event, Ending.of(request.failure()));
    }

    private CompletionStage<Void> end(long job, String worker, FencingToken token, LedgerEvent event, Ending how) {
        return ledger.apply(job, event, worker).thenAccept(found -> {
            Decision decision = require(found, job);
            desk.ended(job, token, how);
            judge.follow(job, decision);
        });
    }

    static Decision require(Optional<Decision> found, long job) {
        Decision decision = found.orElseThrow(() -> unknown(job));
        if (decision instanceof Decision.Refused refused) {
            throw new Refusal(refused.code(), refused.detail());
        }
        return decision;
    }

    static Refusal unknown(long job) {
        return new Refusal(ProblemCode.UNKNOWN_JOB, "there is no job " + job);
    }
}
