package dev.gleaner.tracker.simulation;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.JobRules;
import dev.gleaner.tracker.ledger.JobSnapshot;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Opinion;
import dev.gleaner.tracker.ledger.Share;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The truth in memory, shared by all trackers as a database is: the tracker's own rules, and a plain model of commits. A change
 * waits for its commit and its acknowledgement comes later still; a tracker that dies in between has made it or has not. After
 * every commit the promises are checked on the job it changed.
 */
final class SimLedger {
    static final String EPOCH = "00000000000000aa";
    private static final Policy POLICY = Policy.laion400m();

    /** What an attempt's row holds beside the snapshot. */
    private static final class Row {
        private final String worker;
        private final String request;
        private final Instant grantedAt;
        private final Duration hardCap;
        private @Nullable String manifest;

        Row(String worker, String request, Instant grantedAt, Duration hardCap) {
            this.worker = worker;
            this.request = request;
            this.grantedAt = grantedAt;
            this.hardCap = hardCap;
        }
    }

    private final World world;
    private final Bug bug;
    private final Map<Long, JobSnapshot> jobs = new TreeMap<>();
    private final Map<Long, Instant> notBefore = new HashMap<>();
    private final Map<String, Row> rows = new HashMap<>();
    private final Map<Long, Integer> counted = new HashMap<>();
    private final Map<Long, Integer> canonical = new HashMap<>();
    private boolean away;

    SimLedger(World world, int count, Bug bug) {
        this.world = world;
        this.bug = bug;
        for (long id = 1; id <= count; id++) {
            jobs.put(id, new JobSnapshot(id, JobStatus.OPEN, 0, 0, List.of()));
        }
    }

    /** Whether the database answers. */
    void away(boolean now) {
        away = now;
    }

    Map<Long, JobSnapshot> jobs() {
        return jobs;
    }

    @Nullable
    String manifest(long job, int attempt) {
        Row row = rows.get(job + "/" + attempt);
        return row == null ? null : row.manifest;
    }

    /** The ledger as one run of one tracker sees it. */
    Ledger view(BooleanSupplier alive) {
        return new View(alive);
    }

    private Decision commit(long id, LedgerEvent event, @Nullable Decision decided) {
        JobSnapshot job = jobs.get(id);
        Decision decision = decided == null ? JobRules.decide(job, event) : decided;
        if (decision instanceof Decision.Applied applied) {
            write(job, event, applied);
            check(id);
        }
        return decision;
    }

    private void write(JobSnapshot job, LedgerEvent event, Decision.Applied applied) {
        List<JobSnapshot.Attempt> attempts = new ArrayList<>(job.attempts());
        for (Decision.AttemptChange change : applied.attempts()) {
            if (change.from() == null) {
                LedgerEvent.Grant grant = (LedgerEvent.Grant) event;
                JobSnapshot.Attempt granted = new JobSnapshot.Attempt(
                        change.number(), EPOCH, grant.worker(), AttemptStatus.LEASED, null, null, null, false);
                if (change.number() <= attempts.size()) {
                    attempts.set(change.number() - 1, granted);
                } else {
                    attempts.add(granted);
                }
                rows.put(
                        job.id() + "/" + change.number(),
                        new Row(grant.worker(), grant.request(), world.instant(), grant.hardCap()));
                continue;
            }
            JobSnapshot.Attempt old = attempts.get(change.number() - 1);
            LedgerEvent.Submit submit = event instanceof LedgerEvent.Submit s ? s : null;
            FailureClass failure = event instanceof LedgerEvent.Fail fail ? fail.failure() : old.failure();
            attempts.set(
                    change.number() - 1,
                    new JobSnapshot.Attempt(
                            old.number(),
                            old.epoch(),
                            old.worker(),
                            change.to(),
                            failure,
                            submit == null ? old.fingerprint() : submit.fingerprint(),
                            submit == null ? old.candidateDigest() : submit.candidateDigest(),
                            old.excused() || JobRules.excuses(event, old.number())));
            if (submit != null) {
                rows.get(job.id() + "/" + change.number()).manifest = submit.manifest();
            }
        }
        Decision.JobChange change = applied.job();
        if (change != null) {
            notBefore.put(job.id(), world.instant().plus(change.delay()));
        }
        jobs.put(
                job.id(),
                new JobSnapshot(
                        job.id(),
                        change == null ? job.status() : change.status(),
                        change == null ? job.points() : change.points(),
                        change == null ? job.canonical() : change.canonical(),
                        attempts));
    }

    /** Promises 1 and 2, as far as one job's rows tell. */
    private void check(long id) {
        JobSnapshot job = jobs.get(id);
        long live = job.attempts().stream().filter(a -> a.status().live()).count();
        long accepted = job.attempts().stream()
                .filter(a -> a.status() == AttemptStatus.ACCEPTED)
                .count();
        require(live <= 2, "job has " + live + " live attempts", job);
        require(
                job.living().stream()
                                .map(JobSnapshot.Attempt::worker)
                                .distinct()
                                .count()
                        == live,
                "a worker has a job twice",
                job);
        require(accepted <= 1, "job has " + accepted + " accepted attempts", job);
        require(
                (job.status() == JobStatus.DONE) == (accepted == 1),
                "job is " + job.status() + " with " + accepted + " accepted attempts",
                job);
        if (job.status() == JobStatus.DONE) {
            require(job.attempt(job.canonical()).status() == AttemptStatus.ACCEPTED, "canonical is not accepted", job);
            Integer before = canonical.putIfAbsent(id, job.canonical());
            require(before == null || before == job.canonical(), "canonical was " + before, job);
        } else {
            require(!canonical.containsKey(id), "job was done and is not any more", job);
        }
        require(job.status() != JobStatus.DONE || live == 0, "a done job is worked on", job);
    }

    /** Called when nothing moves any more. */
    void checkCounts() {
        for (JobSnapshot job : jobs.values()) {
            int times = counted.getOrDefault(job.id(), 0);
            require(times == (job.status() == JobStatus.DONE ? 1 : 0), "job was counted " + times + " times", job);
        }
    }

    static void require(boolean holds, String what, Object where) {
        if (!holds) {
            throw new Violation(what + ": " + where);
        }
    }

    private final class View implements Ledger {
        private final BooleanSupplier alive;

        View(BooleanSupplier alive) {
            this.alive = alive;
        }

        private <T> CompletionStage<T> change(java.util.function.Supplier<T> commit) {
            CompletableFuture<T> done = new CompletableFuture<>();
            if (bug == Bug.ACKNOWLEDGED_BEFORE_DURABLE) {
                // The answer is what the commit would be now; the commit itself may never come.
                T early = commit.get();
                done.complete(early);
                return done;
            }
            world.after(world.some(8), () -> {
                // A tracker that died before its commit has made it or has not.
                if (!alive.getAsBoolean() && world.chance(0.5)) {
                    return;
                }
                if (away) {
                    fail(done);
                    return;
                }
                T result = commit.get();
                world.after(world.some(4), () -> {
                    if (alive.getAsBoolean()) {
                        done.complete(result);
                    }
                });
            });
            return done;
        }

        private <T> void fail(CompletableFuture<T> done) {
            if (alive.getAsBoolean()) {
                done.completeExceptionally(new LedgerException("the ledger is away", new IllegalStateException()));
            }
        }

        @Override
        public CompletionStage<Optional<Decision>> apply(long id, LedgerEvent event, String actor) {
            if (bug == Bug.ACKNOWLEDGED_BEFORE_DURABLE) {
                Decision promised = JobRules.decide(jobs.get(id), event);
                world.after(world.some(50), () -> {
                    if (alive.getAsBoolean() && !away) {
                        commit(id, event, null);
                    }
                });
                return CompletableFuture.completedFuture(Optional.of(promised));
            }
            Decision early = bug == Bug.NO_COMPARE_AND_SET ? JobRules.decide(jobs.get(id), event) : null;
            if (bug == Bug.NUMBER_USED_AGAIN && event instanceof LedgerEvent.Grant) {
                dropExpired(id);
            }
            return change(() -> Optional.of(commit(id, event, early)));
        }

        private void dropExpired(long id) {
            JobSnapshot job = jobs.get(id);
            int last = job.attempts().size();
            if (last > 0 && job.attempt(last).status() == AttemptStatus.EXPIRED) {
                jobs.put(
                        id,
                        new JobSnapshot(
                                id,
                                job.status(),
                                job.points(),
                                job.canonical(),
                                job.attempts().subList(0, last - 1)));
            }
        }

        @Override
        public CompletionStage<Optional<Decision>> retract(
                long job, int attempt, Manifest manifest, Profile profile, String reason, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Optional<Decision>> reinstate(
                long job, int attempt, Manifest manifest, Profile profile, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Optional<Decision>> accept(
                long id, int attempt, Manifest manifest, Profile profile, @Nullable Opinion opinion) {
            LedgerEvent.Accept event = new LedgerEvent.Accept(attempt, opinion);
            Decision early = bug == Bug.NO_COMPARE_AND_SET ? JobRules.decide(jobs.get(id), event) : null;
            return change(() -> {
                Decision decision = commit(id, event, early);
                boolean counts = decision instanceof Decision.Applied applied
                        && applied.job() != null
                        && applied.job().canonical() == attempt;
                boolean again = bug == Bug.COUNTED_ON_EVERY_ACCEPTANCE && decision instanceof Decision.Replayed;
                if (counts || again) {
                    counted.merge(id, 1, Integer::sum);
                }
                return Optional.of(decision);
            });
        }

        private void requireThere() {
            if (away) {
                throw new LedgerException("the ledger is away", new IllegalStateException());
            }
        }

        @Override
        public boolean isSpent(long job) {
            return false;
        }

        @Override
        public List<ReadyJob> ready(Stage stage, int limit, Instant now, Share share) {
            requireThere();
            List<ReadyJob> ready = new ArrayList<>();
            if (stage != Stage.WHOLE) {
                return ready;
            }
            for (JobSnapshot job : jobs.values()) {
                boolean free = job.status() == JobStatus.OPEN
                        && job.living().isEmpty()
                        && !notBefore.getOrDefault(job.id(), Instant.MIN).isAfter(now);
                if (free && share.owns(job.id()) && ready.size() < limit) {
                    ready.add(job(job.id()).orElseThrow());
                }
            }
            return ready;
        }

        @Override
        public Map<Long, List<Tried>> tried(List<Long> ids) {
            Map<Long, List<Tried>> tried = new HashMap<>();
            for (long id : ids) {
                tried.put(
                        id,
                        jobs.get(id).attempts().stream()
                                .map(a -> new Tried(a.worker(), "agent", a.status()))
                                .toList());
            }
            return tried;
        }

        @Override
        public Optional<Instant> nextDelayed() {
            return Optional.empty();
        }

        @Override
        public Optional<ReadyJob> job(long job) {
            return Optional.of(new ReadyJob(
                    job, "c", "https://x/", "p" + job, 0, 1, "b".repeat(64), POLICY, 1, Stage.WHOLE, null));
        }

        @Override
        public List<LiveAttempt> attempts(AttemptStatus status) {
            requireThere();
            List<LiveAttempt> found = new ArrayList<>();
            if (bug == Bug.LEASES_NOT_TAKEN_UP && status == AttemptStatus.LEASED) {
                return found;
            }
            for (JobSnapshot job : jobs.values()) {
                for (JobSnapshot.Attempt attempt : job.attempts()) {
                    if (attempt.status() == status) {
                        found.add(live(job.id(), attempt.number()));
                    }
                }
            }
            return found;
        }

        private LiveAttempt live(long job, int number) {
            Row row = rows.get(job + "/" + number);
            return new LiveAttempt(job, new FencingToken(EPOCH, number), row.worker, row.grantedAt, row.hardCap);
        }

        @Override
        public List<LiveAttempt> granted(String worker, String request) {
            requireThere();
            return attemptsOf(worker, request);
        }

        private List<LiveAttempt> attemptsOf(String worker, String request) {
            List<LiveAttempt> found = new ArrayList<>();
            for (JobSnapshot job : jobs.values()) {
                for (JobSnapshot.Attempt attempt : job.attempts()) {
                    Row row = rows.get(job.id() + "/" + attempt.number());
                    if (attempt.status() == AttemptStatus.LEASED
                            && row.worker.equals(worker)
                            && row.request.equals(request)) {
                        found.add(live(job.id(), attempt.number()));
                    }
                }
            }
            return found;
        }

        @Override
        public Optional<AttemptRow> attempt(long job, int number) {
            requireThere();
            JobSnapshot.Attempt attempt = jobs.get(job).attempt(number);
            if (attempt == null) {
                return Optional.empty();
            }
            return Optional.of(new AttemptRow(
                    new FencingToken(EPOCH, number),
                    attempt.worker(),
                    attempt.worker(),
                    attempt.status(),
                    null,
                    manifest(job, number)));
        }

        @Override
        public String epoch() {
            return EPOCH;
        }

        @Override
        public List<CampaignStatus> campaigns() {
            requireThere();
            long done = jobs.values().stream()
                    .filter(job -> job.status() == JobStatus.DONE)
                    .count();
            CampaignStatus.Jobs sums = new CampaignStatus.Jobs(jobs.size() - done, 0, done, 0, 0);
            return List.of(new CampaignStatus(
                    "c", "active", "", 1, "b", 1, sums, Counts.none(), 0, "0", 0.3, Stage.WHOLE, null, 0, 1, null, 0));
        }

        @Override
        public void close() {}

        // What the simulation does not need.

        @Override
        public byte[] secret(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<String> kept(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> replace(String name, String value, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String keep(String name, String value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<CampaignAdded> addCampaign(CampaignSpec spec, List<String> watPaths, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Boolean> pauseCampaign(String name, boolean paused, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Optional<Integer>> changePolicy(
                String name, int from, Policy policy, Charter.Ref charter, String reason, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Boolean> sign(String name, int version, Charter.Ref charter, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<PolicyVersion> policies(String campaign) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Boolean> prioritiseCampaign(String name, int priority, String actor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<JobView> view(long job) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<JobView> views(JobQuery query, long after, int limit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long count(JobQuery query, long most) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<AuditRow> audit(long before, int limit, boolean people) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> note(String actor, String action, String subject, @Nullable String detail) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void eachCanonical(Consumer<Canonical> each) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void requireWritable() {
            requireThere();
        }
    }
}
