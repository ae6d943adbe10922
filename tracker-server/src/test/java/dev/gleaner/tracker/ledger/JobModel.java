package dev.gleaner.tracker.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** A job that changes as a decision says, and the promises that every step must keep, told apart from the rules. */
final class JobModel {
    static final String EPOCH = "0123456789abcdef";

    private JobModel() {}

    static JobSnapshot newJob() {
        return new JobSnapshot(1, JobStatus.OPEN, 0, 0, List.of());
    }

    /** The job after the decision. */
    static JobSnapshot after(JobSnapshot job, LedgerEvent event, Decision decision) {
        require(decision != null, "no decision", () -> event + " on " + job);
        if (!(decision instanceof Decision.Applied applied)) {
            return job;
        }
        List<JobSnapshot.Attempt> attempts = new ArrayList<>(job.attempts());
        for (Decision.AttemptChange change : applied.attempts()) {
            if (event instanceof LedgerEvent.Grant grant) {
                require(
                        change.from() == null && change.number() == attempts.size() + 1,
                        "a number is used twice",
                        job::toString);
                attempts.add(new JobSnapshot.Attempt(
                        change.number(), EPOCH, grant.worker(), change.to(), null, null, null, false));
                continue;
            }
            JobSnapshot.Attempt old = attempts.get(change.number() - 1);
            require(old.status() == change.from(), "an attempt does not come from where it was", job::toString);
            LedgerEvent.Submit submit = event instanceof LedgerEvent.Submit s ? s : null;
            attempts.set(
                    change.number() - 1,
                    new JobSnapshot.Attempt(
                            old.number(),
                            old.epoch(),
                            old.worker(),
                            change.to(),
                            event instanceof LedgerEvent.Fail f ? f.failure() : old.failure(),
                            submit == null ? old.fingerprint() : submit.fingerprint(),
                            submit == null ? old.candidateDigest() : submit.candidateDigest(),
                            old.excused()));
        }
        attempts.replaceAll(a -> excused(a, event));
        Decision.JobChange change = applied.job();
        return new JobSnapshot(
                job.id(),
                change == null ? job.status() : change.status(),
                change == null ? job.points() : change.points(),
                change == null ? job.canonical() : change.canonical(),
                attempts);
    }

    static JobSnapshot.Attempt excused(JobSnapshot.Attempt a, LedgerEvent event) {
        return !JobRules.excuses(event, a.number())
                ? a
                : new JobSnapshot.Attempt(
                        a.number(),
                        a.epoch(),
                        a.worker(),
                        a.status(),
                        a.failure(),
                        a.fingerprint(),
                        a.candidateDigest(),
                        true);
    }

    /** Invariants I1, I2, I3 and I8 of {@code docs/leases.md}, and who may work beside whom. */
    static void requirePromises(JobSnapshot before, LedgerEvent event, Decision decision, JobSnapshot after) {
        Supplier<String> told = () -> event + " on " + before + " gave " + decision + " and " + after;
        List<JobSnapshot.Attempt> accepted = after.attempts().stream()
                .filter(a -> a.status() == AttemptStatus.ACCEPTED)
                .toList();
        require(accepted.size() <= 1, "two canonical results", told);
        require((after.status() == JobStatus.DONE) == (accepted.size() == 1), "done without a result", told);
        require((after.status() == JobStatus.DONE) == (after.canonical() > 0), "canonical without being done", told);
        if (after.status() == JobStatus.DONE) {
            require(accepted.get(0).number() == after.canonical(), "another attempt is canonical", told);
            require(
                    before.canonical() == 0 || before.canonical() == after.canonical(),
                    "the canonical result changed",
                    told);
        } else {
            require(
                    before.status() != JobStatus.DONE || event instanceof LedgerEvent.Retract,
                    "a done job is done no more",
                    told);
        }
        List<JobSnapshot.Attempt> living = after.attempts().stream()
                .filter(a -> a.status() == AttemptStatus.LEASED || a.status() == AttemptStatus.SUBMITTED)
                .toList();
        require(living.size() <= 2, "more than two work on a job", told);
        require(
                living.stream().map(JobSnapshot.Attempt::worker).distinct().count() == living.size(),
                "one worker has a job twice",
                told);
        require(after.status() == JobStatus.OPEN || living.isEmpty(), "somebody works on a job that is over", told);
        for (int i = 0; i < after.attempts().size(); i++) {
            require(after.attempts().get(i).number() == i + 1, "attempts are not numbered from 1", told);
        }
        require(after.points() >= 0, "negative points", told);
        requireStaleChangesNothing(before, event, decision, told);
        if (decision instanceof Decision.Applied applied && applied.toJudge() > 0) {
            AttemptStatus status = after.attempt(applied.toJudge()).status();
            require(
                    after.status() == JobStatus.OPEN
                            && (status == AttemptStatus.SUBMITTED || status == AttemptStatus.HELD),
                    "nothing to judge there",
                    told);
        }
    }

    /** Whoever does not hold the lease changes nothing, but for a result of its own that comes late. */
    private static void requireStaleChangesNothing(
            JobSnapshot before, LedgerEvent event, Decision decision, Supplier<String> told) {
        String worker;
        int number;
        if (event instanceof LedgerEvent.Submit submit) {
            worker = submit.worker();
            number = submit.token().attempt();
        } else if (event instanceof LedgerEvent.Release release) {
            worker = release.worker();
            number = release.token().attempt();
        } else if (event instanceof LedgerEvent.Fail fail) {
            worker = fail.worker();
            number = fail.token().attempt();
        } else {
            return;
        }
        if (!(decision instanceof Decision.Applied applied)) {
            return;
        }
        JobSnapshot.Attempt attempt = before.attempt(number);
        require(attempt != null && attempt.worker().equals(worker), "a stranger changed something", told);
        boolean late = event instanceof LedgerEvent.Submit
                && (attempt.status() == AttemptStatus.EXPIRED || attempt.status() == AttemptStatus.RELEASED);
        require(attempt.status() == AttemptStatus.LEASED || late, "a stale attempt changed something", told);
        require(
                applied.attempts().stream()
                        .map(Decision.AttemptChange::number)
                        .collect(Collectors.toSet())
                        .equals(java.util.Set.of(number)),
                "a worker's call changed another's attempt",
                told);
    }

    private static void require(boolean holds, String what, Supplier<String> told) {
        if (!holds) {
            throw new AssertionError(what + ": " + told.get());
        }
    }
}
