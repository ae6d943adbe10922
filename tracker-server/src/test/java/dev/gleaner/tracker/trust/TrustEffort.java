package dev.gleaner.tracker.trust;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.JobRules;
import dev.gleaner.tracker.ledger.JobSnapshot;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Opinion;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A campaign with honest and other workers, worked through one lease after the other. The rules are the tracker's own: of jobs, of
 * comparing, of standings and of taking back; the ledger is a map, and who asks next is drawn by chance.
 */
final class TrustEffort {
    private static final String EPOCH = "0123456789abcdef";
    private static final int PAIRS = 24;
    private static final double THRESHOLD = 0.3;

    /** How a worker works. */
    enum Kind {
        HONEST,
        /** Wrong in one result of ten: bad memory, or half precision gone wrong. */
        FLAKY,
        /** Invents pictures and scores for nearly all, fetches little. */
        LAZY,
        /** Honest for its first jobs, then invents one result in three. */
        TURNCOAT,
        /** As lazy, and all of its kind invent the very same. */
        COLLUDING,
        /** As colluding, and comes back under another name and address once it is found out. */
        SYBIL
    }

    /** @param jobsEach how many jobs there are for each worker */
    record Setting(int workers, Kind cheats, double share, int jobsEach, Replication rule) {}

    /**
     * @param falsePairs in what is accepted at the end
     * @param pairs all that is accepted at the end
     * @param done results handed in
     * @param jobs that are done at the end
     * @param honestRejected results of honest workers that were rejected or taken back
     * @param honestResults results of honest workers
     * @param confirming results that did nothing but confirm another
     * @param tests how often a job whose answer was known went out once more
     */
    record Outcome(
            long falsePairs,
            long pairs,
            long done,
            long jobs,
            long unfinished,
            long honestRejected,
            long honestResults,
            long honestConvicted,
            long cheatsConvicted,
            long cheats,
            long confirming,
            long tests) {}

    private static final class Worker {
        private final int id;
        private final Kind kind;
        private final List<String> party;
        private Standing standing = Standing.NEW;
        private long confirmedAt;
        private int done;
        private final List<Job> jobs = new ArrayList<>();

        Worker(int id, Kind kind) {
            this.id = id;
            this.kind = kind;
            this.party = Party.of("w" + id, "n" + id, null, "a" + id);
        }
    }

    private static final class Result {
        private final Worker worker;
        private final Findings findings;
        private final boolean right;
        private final long at;
        private boolean unchecked;

        Result(Worker worker, Findings findings, boolean right, long at) {
            this.worker = worker;
            this.findings = findings;
            this.right = right;
            this.at = at;
        }
    }

    private static final class Job {
        private JobSnapshot state;
        private final Map<Integer, Result> results = new HashMap<>();
        private long waitsSince;

        Job(long id) {
            state = new JobSnapshot(id, JobStatus.OPEN, 0, 0, List.of());
        }
    }

    private final Setting setting;
    private final Random random;
    private final Draw draw;
    private final List<Worker> workers = new ArrayList<>();
    private final List<Worker> retired = new ArrayList<>();
    private final List<Job> jobs = new ArrayList<>();
    private final Deque<Job> fresh = new ArrayDeque<>();
    private final List<Job> waiting = new ArrayList<>();
    private long time;
    private long results;
    private long honestResults;
    private long honestRejected;
    private long confirming;
    private long tests;
    private int provenWorkers;

    TrustEffort(Setting setting, long seed) {
        this.setting = setting;
        this.random = new Random(seed);
        this.draw = new Draw(Long.toString(seed).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        int cheats = (int) Math.round(setting.workers * setting.share);
        for (int i = 0; i < setting.workers; i++) {
            workers.add(new Worker(i, i < cheats ? setting.cheats : Kind.HONEST));
        }
        for (long id = 1; id <= (long) setting.workers * setting.jobsEach; id++) {
            Job job = new Job(id);
            jobs.add(job);
            fresh.add(job);
        }
    }

    Outcome run() {
        for (long step = 0; step < 40L * jobs.size() && !(fresh.isEmpty() && waiting.isEmpty()); step++) {
            Worker worker = workers.get(random.nextInt(workers.size()));
            if (!worker.standing.convicted()) {
                work(worker);
            }
        }
        return sum();
    }

    private void work(Worker worker) {
        boolean proven = worker.standing.isProven(setting.rule);
        Job job = waiting.stream()
                // What newcomers may check is what has waited for longer than a job takes.
                .filter(j -> proven || provenWorkers == 0 || time - j.waitsSince > setting.workers)
                .filter(j -> j.results.entrySet().stream()
                        .noneMatch(r -> held(j, r.getKey()) && Party.isShared(r.getValue().worker.party, worker.party)))
                .findFirst()
                .orElse(null);
        if (job == null) {
            job = fresh.poll();
        } else {
            waiting.remove(job);
        }
        if (job == null) {
            return;
        }
        int attempt = job.state.attempts().size() + 1;
        String name = "w" + worker.id;
        apply(job, new LedgerEvent.Grant(name, "r", Duration.ofHours(1), false));
        boolean right = isHonestNow(worker);
        worker.done++;
        Result result = new Result(worker, findings(job.state.id(), worker, right), right, ++time);
        job.results.put(attempt, result);
        worker.jobs.add(job);
        results++;
        honestResults += worker.kind == Kind.HONEST ? 1 : 0;
        apply(
                job,
                new LedgerEvent.Submit(
                        name,
                        new FencingToken(EPOCH, attempt),
                        "{}",
                        "f" + attempt,
                        result.findings.candidateDigest()));
        judge(job, attempt, result);
    }

    private boolean isHonestNow(Worker worker) {
        return switch (worker.kind) {
            case HONEST -> true;
            case FLAKY -> random.nextInt(10) > 0;
            case LAZY, COLLUDING, SYBIL -> false;
            case TURNCOAT -> worker.done < setting.jobsEach / 2 || random.nextInt(3) > 0;
        };
    }

    /** What a worker finds: the truth, as seen through its device and a web that changes, or an invention. */
    private Findings findings(long job, Worker worker, boolean right) {
        Map<Long, Findings.Pair> pairs = new HashMap<>();
        boolean together = worker.kind == Kind.COLLUDING || worker.kind == Kind.SYBIL;
        Random invented = together ? new Random(job * 7919) : random;
        for (int i = 0; i < PAIRS; i++) {
            Random truth = new Random(job * 1_000_003 + i);
            long picture = truth.nextLong();
            float similarity = 0.32f + 0.2f * truth.nextFloat();
            long signs = truth.nextLong();
            if (right) {
                boolean gone = random.nextInt(50) == 0;
                boolean changed = random.nextInt(100) == 0;
                float noise = (float) (random.nextGaussian() * 0.002);
                if (!gone) {
                    pairs.put(
                            (long) i,
                            changed
                                    ? new Findings.Pair(random.nextLong(), similarity, random.nextLong())
                                    : new Findings.Pair(picture, similarity + noise, signs ^ 1L << random.nextInt(64)));
                }
            } else if (worker.kind == Kind.FLAKY) {
                boolean broken = random.nextInt(3) == 0;
                pairs.put(
                        (long) i,
                        broken
                                ? new Findings.Pair(picture, 0.3f + 0.5f * random.nextFloat(), random.nextLong())
                                : new Findings.Pair(picture, similarity, signs));
            } else {
                pairs.put(
                        (long) i,
                        new Findings.Pair(
                                invented.nextLong(), 0.3f + 0.2f * invented.nextFloat(), invented.nextLong()));
            }
        }
        return new Findings("d" + job, THRESHOLD, pairs);
    }

    /** As the tracker's judge does it. */
    private void judge(Job job, int attempt, Result result) {
        List<Integer> others = job.results.keySet().stream()
                .filter(n -> n != attempt && held(job, n))
                .toList();
        if (others.isEmpty()) {
            boolean check =
                    draw.lot(job.state.id(), attempt, "f" + attempt) < result.worker.standing.chance(setting.rule);
            if (check) {
                hold(job, attempt);
            } else {
                apply(job, new LedgerEvent.Accept(attempt, Opinion.BELIEVED));
                result.unchecked = true;
            }
            return;
        }
        List<Jury.Handed> handed = new ArrayList<>(List.of(handed(job, attempt)));
        others.forEach(n -> handed.add(handed(job, n)));
        boolean test = draw.lot(job.state.id()) < setting.rule.testShare();
        Jury.Ruling ruling = test ? Jury.decideTest(handed, setting.rule) : Jury.decide(handed, setting.rule);
        if (test && Jury.isAskedAgain(ruling, handed.size(), setting.rule)) {
            tests++;
            hold(job, attempt);
        } else if (ruling instanceof Jury.Ruling.Stands stands) {
            apply(job, new LedgerEvent.Accept(stands.attempt(), new Opinion(true, stands.others(), stands.reasons())));
            told(job, stands.attempt(), Standing.Outcome.CONFIRMED);
            stands.others().forEach((n, outcome) -> told(job, n, outcome));
        } else if (ruling instanceof Jury.Ruling.Hung hung) {
            apply(job, new LedgerEvent.Hold(attempt, "waits"));
            apply(job, new LedgerEvent.Quarantine(hung.reason()));
        } else {
            hold(job, attempt);
        }
    }

    private void hold(Job job, int attempt) {
        apply(job, new LedgerEvent.Hold(attempt, "waits"));
        job.waitsSince = time;
        waiting.add(job);
    }

    private Jury.Handed handed(Job job, int attempt) {
        Result result = job.results.get(attempt);
        return new Jury.Handed(
                attempt, result.worker.party, result.worker.standing.isProven(setting.rule), result.findings);
    }

    private void told(Job job, int attempt, Standing.Outcome outcome) {
        Worker worker = job.results.get(attempt).worker;
        boolean before = worker.standing.convicted();
        provenWorkers -= worker.standing.isProven(setting.rule) ? 1 : 0;
        worker.standing = worker.standing.after(outcome);
        provenWorkers += worker.standing.isProven(setting.rule) ? 1 : 0;
        if (outcome == Standing.Outcome.CONFIRMED) {
            worker.confirmedAt = time;
            confirming += job.state.canonical() == attempt ? 0 : 1;
        } else {
            honestRejected += worker.kind == Kind.HONEST ? 1 : 0;
        }
        if (outcome == Standing.Outcome.WRONG) {
            takeBack(worker);
        }
        if (!before && worker.standing.convicted() && worker.kind == Kind.SYBIL) {
            workers.remove(worker);
            retired.add(worker);
            workers.add(new Worker(setting.workers + retired.size(), Kind.SYBIL));
        }
    }

    /** As the tracker's back-tracking does it. */
    private void takeBack(Worker worker) {
        for (Job job : worker.jobs) {
            Result canonical = job.state.status() == JobStatus.DONE ? job.results.get(job.state.canonical()) : null;
            if (canonical == null) {
                continue;
            }
            boolean doubtful = worker.standing.convicted()
                    ? !vouchedFor(job)
                    : canonical.worker == worker && canonical.unchecked && canonical.at >= worker.confirmedAt;
            if (doubtful) {
                honestRejected += canonical.worker.kind == Kind.HONEST ? 1 : 0;
                apply(job, new LedgerEvent.Retract(job.state.canonical(), "doubtful"));
                fresh.add(job);
            }
        }
    }

    private static boolean vouchedFor(Job job) {
        return job.state.attempts().stream()
                .filter(a -> a.status() == AttemptStatus.ACCEPTED || a.status() == AttemptStatus.SUPERSEDED)
                .anyMatch(a -> !job.results.get(a.number()).worker.standing.convicted());
    }

    private static boolean held(Job job, int attempt) {
        return job.state.attempt(attempt).status() == AttemptStatus.HELD;
    }

    private static void apply(Job job, LedgerEvent event) {
        Decision decision = JobRules.decide(job.state, event);
        if (!(decision instanceof Decision.Applied applied)) {
            throw new AssertionError(event + " on " + job.state + ": " + decision);
        }
        List<JobSnapshot.Attempt> attempts = new ArrayList<>(job.state.attempts());
        for (Decision.AttemptChange change : applied.attempts()) {
            if (event instanceof LedgerEvent.Grant grant) {
                attempts.add(new JobSnapshot.Attempt(
                        change.number(), EPOCH, grant.worker(), change.to(), null, null, null, false));
                continue;
            }
            JobSnapshot.Attempt old = attempts.get(change.number() - 1);
            LedgerEvent.Submit submit = event instanceof LedgerEvent.Submit s ? s : null;
            attempts.set(
                    change.number() - 1,
                    new JobSnapshot.Attempt(
                            old.number(),
                            old.epoch(),
                            old.worker(),
                            change.to(),
                            null,
                            submit == null ? old.fingerprint() : submit.fingerprint(),
                            submit == null ? old.candidateDigest() : submit.candidateDigest(),
                            false));
        }
        Decision.JobChange change = applied.job();
        job.state = new JobSnapshot(
                job.state.id(),
                change == null ? job.state.status() : change.status(),
                change == null ? job.state.points() : change.points(),
                change == null ? job.state.canonical() : change.canonical(),
                attempts);
    }

    private Outcome sum() {
        long falsePairs = 0;
        long pairs = 0;
        long done = 0;
        for (Job job : jobs) {
            if (job.state.status() != JobStatus.DONE) {
                continue;
            }
            done++;
            Result canonical = job.results.get(job.state.canonical());
            pairs += canonical.findings.pairs().size();
            falsePairs += canonical.right ? 0 : falseOnes(job, canonical);
        }
        List<Worker> all = new ArrayList<>(workers);
        all.addAll(retired);
        return new Outcome(
                falsePairs,
                pairs,
                results,
                done,
                jobs.size() - done,
                honestRejected,
                honestResults,
                all.stream()
                        .filter(w -> w.kind == Kind.HONEST && w.standing.convicted())
                        .count(),
                all.stream()
                        .filter(w -> w.kind != Kind.HONEST && w.standing.convicted())
                        .count(),
                all.stream().filter(w -> w.kind != Kind.HONEST).count(),
                confirming,
                tests);
    }

    /** Of a flaky device's result only some pairs are false. */
    private static long falseOnes(Job job, Result result) {
        long count = 0;
        for (Map.Entry<Long, Findings.Pair> pair : result.findings.pairs().entrySet()) {
            Random truth = new Random(job.state.id() * 1_000_003 + pair.getKey());
            truth.nextLong();
            float similarity = 0.32f + 0.2f * truth.nextFloat();
            count += Math.abs(pair.getValue().similarity() - similarity) > 0.02 ? 1 : 0;
        }
        return count;
    }
}
