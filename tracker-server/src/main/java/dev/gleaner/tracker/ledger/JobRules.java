package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.ledger.Decision.Applied;
import dev.gleaner.tracker.ledger.Decision.AttemptChange;
import dev.gleaner.tracker.ledger.Decision.JobChange;
import dev.gleaner.tracker.ledger.Decision.Refused;
import dev.gleaner.tracker.ledger.Decision.Replayed;
import dev.gleaner.tracker.ledger.JobSnapshot.Attempt;
import dev.gleaner.tracker.trust.Standing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a job's life: one pure function from a job and an event to what becomes of them.
 *
 * <p>Who pays for a failure, and how much, follows the table of {@code docs/leases.md}. Expected refusals are values;
 * a move that the transition table does not have is a bug and throws.
 */
public final class JobRules {
    /** A job with so many failure points is set aside. */
    public static final double QUARANTINE_POINTS = 4;

    /** A job with so many attempts that cost somebody something is set aside. */
    public static final int QUARANTINE_ATTEMPTS = 8;

    private static final Duration FIRST_DELAY = Duration.ofSeconds(10);
    private static final Duration LONGEST_DELAY = Duration.ofMinutes(6);

    private JobRules() {}

    /** Decides; changes nothing itself. */
    public static Decision decide(JobSnapshot job, LedgerEvent event) {
        Decision decision;
        if (event instanceof LedgerEvent.Grant grant) {
            decision = grant(job, grant);
        } else if (event instanceof LedgerEvent.Submit submit) {
            decision = submit(job, submit);
        } else if (event instanceof LedgerEvent.Accept accept) {
            decision = accept(job, accept.attempt(), accept.opinion());
        } else if (event instanceof LedgerEvent.Hold hold) {
            decision = hold(job, hold);
        } else if (event instanceof LedgerEvent.Retract retract) {
            decision = retract(job, retract);
        } else if (event instanceof LedgerEvent.Reinstate reinstate) {
            decision = reinstate(job, reinstate);
        } else if (event instanceof LedgerEvent.Reject reject) {
            decision = reject(job, reject);
        } else if (event instanceof LedgerEvent.Release release) {
            decision = release(job, release);
        } else if (event instanceof LedgerEvent.Fail fail) {
            decision = fail(job, fail);
        } else if (event instanceof LedgerEvent.Expire expire) {
            decision = expire(job, expire);
        } else if (event instanceof LedgerEvent.Revoke revoke) {
            decision = revoke(job, revoke);
        } else if (event instanceof LedgerEvent.Requeue requeue) {
            decision = requeue(job, requeue);
        } else if (event instanceof LedgerEvent.Quarantine quarantine) {
            decision = quarantine(job, quarantine);
        } else {
            throw new IllegalStateException("no rule for " + event);
        }
        requireLegal(job, event, decision);
        return decision;
    }

    private static Decision grant(JobSnapshot job, LedgerEvent.Grant grant) {
        if (job.status() != JobStatus.OPEN) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the job is " + job.status());
        }
        List<Attempt> living = job.living();
        boolean secondAllowed = grant.hedge()
                && living.size() == 1
                && living.get(0).status() == AttemptStatus.LEASED
                && !living.get(0).worker().equals(grant.worker());
        if (!living.isEmpty() && !secondAllowed) {
            return new Refused(ProblemCode.STATE_CONFLICT, "somebody else works on the job");
        }
        return new Applied(
                null, List.of(new AttemptChange(job.attempts().size() + 1, null, AttemptStatus.LEASED, null)), 0);
    }

    private static Decision submit(JobSnapshot job, LedgerEvent.Submit submit) {
        Attempt attempt = owned(job, submit.token(), submit.worker());
        if (attempt == null) {
            return lost("this worker never held that lease");
        }
        return switch (attempt.status()) {
            case LEASED -> new Applied(null, List.of(move(attempt, AttemptStatus.SUBMITTED, null)), attempt.number());
            case EXPIRED, RELEASED -> late(job, attempt, submit);
            case SUBMITTED, ACCEPTED, RETRACTED, REJECTED, HELD, SUPERSEDED ->
                submit.fingerprint().equals(attempt.fingerprint())
                        ? new Replayed(attempt.status(), attempt.number())
                        : new Refused(
                                ProblemCode.RESULT_CONFLICT,
                                "attempt " + attempt.number() + " has handed in another manifest");
            case FAILED, REVOKED -> lost("the attempt is " + attempt.status());
        };
    }

    /** A late result is not wasted: judged, kept as a second opinion, or credited. */
    private static Decision late(JobSnapshot job, Attempt attempt, LedgerEvent.Submit submit) {
        return switch (job.status()) {
            case OPEN ->
                job.living().isEmpty()
                        ? new Applied(null, List.of(move(attempt, AttemptStatus.SUBMITTED, "late")), attempt.number())
                        : new Applied(null, List.of(move(attempt, AttemptStatus.HELD, "late")), 0);
            case DONE -> {
                Attempt canonical =
                        Objects.requireNonNull(job.attempt(job.canonical()), "a done job has a canonical attempt");
                boolean agrees = submit.candidateDigest().equals(canonical.candidateDigest());
                yield new Applied(
                        null,
                        List.of(
                                agrees
                                        ? move(
                                                attempt,
                                                AttemptStatus.SUPERSEDED,
                                                "late, agrees with attempt " + job.canonical())
                                        : move(
                                                attempt,
                                                AttemptStatus.HELD,
                                                "late, disagrees with attempt " + job.canonical())),
                        0);
            }
            case QUARANTINED, CANCELLED -> lost("the job is " + job.status());
        };
    }

    /**
     * The first good result wins. Whoever works on the job beside it is told to stop and pays nothing; a result that was handed in
     * beside it is credited when it agrees and kept as evidence when it does not; where results were compared, one that does not
     * agree is rejected.
     */
    private static Decision accept(JobSnapshot job, int number, @Nullable Opinion opinion) {
        Attempt attempt = job.attempt(number);
        if (attempt == null) {
            return new Refused(ProblemCode.STATE_CONFLICT, "no such attempt");
        }
        if (attempt.status() == AttemptStatus.ACCEPTED || attempt.status() == AttemptStatus.SUPERSEDED) {
            return new Replayed(attempt.status(), number);
        }
        if (attempt.status() != AttemptStatus.SUBMITTED && attempt.status() != AttemptStatus.HELD) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the attempt is " + attempt.status());
        }
        boolean compared = opinion != null && opinion.compared();
        boolean waits = attempt.status() == AttemptStatus.HELD
                && !compared
                && !job.living().isEmpty();
        if (job.status() != JobStatus.OPEN || waits) {
            return new Refused(
                    ProblemCode.STATE_CONFLICT, "the job is " + job.status() + " and may have a newer attempt");
        }
        List<AttemptChange> changes = new ArrayList<>();
        changes.add(move(attempt, AttemptStatus.ACCEPTED, null));
        for (Attempt other : job.attempts()) {
            if (other.number() == number) {
                continue;
            }
            boolean handedIn = other.status() == AttemptStatus.HELD || other.status() == AttemptStatus.SUBMITTED;
            Standing.Outcome outcome = opinion == null ? null : opinion.others().get(other.number());
            if (other.status() == AttemptStatus.LEASED) {
                changes.add(move(other, AttemptStatus.RELEASED, "attempt " + number + " was first"));
            } else if (handedIn && opinion != null && outcome != null) {
                changes.add(
                        outcome == Standing.Outcome.CONFIRMED
                                ? move(other, AttemptStatus.SUPERSEDED, "agrees with attempt " + number)
                                : move(
                                        other,
                                        AttemptStatus.REJECTED,
                                        "does not agree with attempt " + number + ": "
                                                + opinion.reasons().getOrDefault(other.number(), "")));
            } else if (handedIn && sameCandidates(other, attempt)) {
                changes.add(move(other, AttemptStatus.SUPERSEDED, "agrees with attempt " + number));
            } else if (other.status() == AttemptStatus.SUBMITTED) {
                changes.add(move(other, AttemptStatus.HELD, "disagrees with attempt " + number));
            }
        }
        return new Applied(new JobChange(JobStatus.DONE, null, job.points(), Duration.ZERO, number), changes, 0);
    }

    /** Good in itself; the job goes to somebody else, too. */
    private static Decision hold(JobSnapshot job, LedgerEvent.Hold hold) {
        Attempt attempt = job.attempt(hold.attempt());
        if (attempt != null && attempt.status() == AttemptStatus.HELD) {
            return new Replayed(attempt.status(), attempt.number());
        }
        if (attempt == null || attempt.status() != AttemptStatus.SUBMITTED || job.status() != JobStatus.OPEN) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the attempt is not waiting for a judgement");
        }
        return new Applied(null, List.of(move(attempt, AttemptStatus.HELD, hold.reason())), 0);
    }

    private static Decision retract(JobSnapshot job, LedgerEvent.Retract retract) {
        Attempt attempt = job.attempt(retract.attempt());
        if (attempt != null && attempt.status() == AttemptStatus.RETRACTED) {
            return new Replayed(attempt.status(), attempt.number());
        }
        if (attempt == null || attempt.status() != AttemptStatus.ACCEPTED) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the attempt's result is not the job's");
        }
        return new Applied(
                new JobChange(JobStatus.OPEN, null, job.points(), Duration.ZERO, 0),
                List.of(move(attempt, AttemptStatus.RETRACTED, retract.reason())),
                0);
    }

    private static Decision reinstate(JobSnapshot job, LedgerEvent.Reinstate reinstate) {
        Attempt attempt = job.attempt(reinstate.attempt());
        if (attempt != null && attempt.status() == AttemptStatus.ACCEPTED) {
            return new Replayed(attempt.status(), attempt.number());
        }
        if (attempt == null || attempt.status() != AttemptStatus.RETRACTED || job.status() != JobStatus.OPEN) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the job is " + job.status() + " by now");
        }
        List<AttemptChange> changes = new ArrayList<>();
        changes.add(move(attempt, AttemptStatus.ACCEPTED, "reinstated"));
        for (Attempt other : job.living()) {
            changes.add(
                    other.status() == AttemptStatus.LEASED
                            ? move(other, AttemptStatus.RELEASED, "attempt " + attempt.number() + " was reinstated")
                            : move(other, AttemptStatus.HELD, "attempt " + attempt.number() + " was reinstated"));
        }
        return new Applied(
                new JobChange(JobStatus.DONE, null, job.points(), Duration.ZERO, attempt.number()), changes, 0);
    }

    private static boolean sameCandidates(Attempt a, Attempt b) {
        return a.candidateDigest() != null && a.candidateDigest().equals(b.candidateDigest());
    }

    private static Decision reject(JobSnapshot job, LedgerEvent.Reject reject) {
        Attempt attempt = job.attempt(reject.attempt());
        if (attempt == null
                || (attempt.status() != AttemptStatus.SUBMITTED && attempt.status() != AttemptStatus.HELD)) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the attempt is not waiting for a judgement");
        }
        return ended(job, move(attempt, AttemptStatus.REJECTED, reject.reason()), new Cost(0.5, true, false), null);
    }

    private static Decision release(JobSnapshot job, LedgerEvent.Release release) {
        Attempt attempt = owned(job, release.token(), release.worker());
        if (attempt == null
                || (attempt.status() != AttemptStatus.LEASED && attempt.status() != AttemptStatus.RELEASED)) {
            return lost("the lease is over");
        }
        if (attempt.status() == AttemptStatus.RELEASED) {
            return new Replayed(attempt.status(), attempt.number());
        }
        return ended(job, move(attempt, AttemptStatus.RELEASED, release.reason()), Cost.NONE, null);
    }

    private static Decision fail(JobSnapshot job, LedgerEvent.Fail fail) {
        Attempt attempt = owned(job, fail.token(), fail.worker());
        if (attempt == null || (attempt.status() != AttemptStatus.LEASED && attempt.status() != AttemptStatus.FAILED)) {
            return lost("the lease is over");
        }
        if (attempt.status() == AttemptStatus.FAILED) {
            return new Replayed(attempt.status(), attempt.number());
        }
        List<Attempt> alike = job.attempts().stream()
                .filter(a -> a.failure() == fail.failure() && !a.excused())
                .toList();
        Set<String> workers = new TreeSet<>(List.of(fail.worker()));
        alike.forEach(a -> workers.add(a.worker()));
        boolean sameWorkerAgain = alike.stream().anyMatch(a -> a.worker().equals(fail.worker()));
        double points =
                switch (fail.failure()) {
                    // An input that one worker cannot read is believed once, however often that worker tries.
                    case INPUT -> sameWorkerAgain ? 0 : 1;
                    case BUG -> 1;
                    case RESOURCE -> 0.25;
                    case NETWORK -> 0;
                };
        String verdict = workers.size() < believed(fail.failure())
                ? null
                : workers.size() + " workers failed alike (" + fail.failure() + ", attempts "
                        + Stream.concat(alike.stream().map(Attempt::number), Stream.of(attempt.number()))
                                .map(String::valueOf)
                                .collect(Collectors.joining(", "))
                        + "), the last: " + fail.message();
        return ended(
                job,
                move(attempt, AttemptStatus.FAILED, fail.failure() + ": " + fail.message()),
                new Cost(points, true, false),
                verdict);
    }

    /** When so many different workers fail in the same way, it is the job. The web's troubles are never the job's. */
    private static int believed(FailureClass failure) {
        return switch (failure) {
            case INPUT -> 2;
            case BUG -> 3;
            case RESOURCE -> 4;
            case NETWORK -> Integer.MAX_VALUE;
        };
    }

    private static Decision expire(JobSnapshot job, LedgerEvent.Expire expire) {
        Attempt attempt = job.attempt(expire.attempt());
        if (attempt == null || attempt.status() != AttemptStatus.LEASED) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the attempt is not leased");
        }
        return ended(
                job,
                move(attempt, AttemptStatus.EXPIRED, expire.cause()),
                expire.amnesty() ? Cost.NONE : new Cost(0.25, false, false),
                null);
    }

    private static Decision revoke(JobSnapshot job, LedgerEvent.Revoke revoke) {
        Attempt attempt = job.attempt(revoke.attempt());
        if (attempt == null || !attempt.status().live()) {
            return new Refused(ProblemCode.STATE_CONFLICT, "the attempt is over");
        }
        return ended(job, move(attempt, AttemptStatus.REVOKED, revoke.reason()), Cost.NONE, null);
    }

    private static Decision requeue(JobSnapshot job, LedgerEvent.Requeue requeue) {
        if (job.status() != JobStatus.OPEN && job.status() != JobStatus.QUARANTINED) {
            return new Refused(ProblemCode.STATE_CONFLICT, "a job that is " + job.status() + " cannot be requeued");
        }
        return new Applied(
                new JobChange(JobStatus.OPEN, null, 0, Duration.ZERO, 0), revokeAll(job, requeue.reason()), 0);
    }

    private static Decision quarantine(JobSnapshot job, LedgerEvent.Quarantine quarantine) {
        if (job.status() != JobStatus.OPEN) {
            return new Refused(ProblemCode.STATE_CONFLICT, "a job that is " + job.status() + " cannot be quarantined");
        }
        return new Applied(
                new JobChange(JobStatus.QUARANTINED, quarantine.reason(), job.points(), Duration.ZERO, 0),
                revokeAll(job, quarantine.reason()),
                0);
    }

    private static List<AttemptChange> revokeAll(JobSnapshot job, String reason) {
        return job.living().stream()
                .map(attempt -> move(attempt, AttemptStatus.REVOKED, reason))
                .toList();
    }

    /**
     * What an attempt that came to nothing costs the job.
     *
     * @param excused it does not even count as an attempt
     */
    private record Cost(double points, boolean delayed, boolean excused) {
        private static final Cost NONE = new Cost(0, false, true);
    }

    /** A live attempt came to nothing: who pays, is the job set aside, when may it go out again, is there a held result? */
    private static Decision ended(JobSnapshot job, AttemptChange change, Cost cost, @Nullable String verdict) {
        if (job.status() != JobStatus.OPEN) {
            return new Applied(null, List.of(change), 0);
        }
        double points = job.points() + cost.points;
        boolean othersLive = job.living().stream().anyMatch(a -> a.number() != change.number());
        if (othersLive) {
            // Whoever else works on the job decides what becomes of it.
            return new Applied(new JobChange(JobStatus.OPEN, null, points, Duration.ZERO, 0), List.of(change), 0);
        }
        long costly = job.attempts().stream()
                        .filter(a -> a.number() != change.number() && !a.excused() && costs(a.status()))
                        .count()
                + (!cost.excused && costs(change.to()) ? 1 : 0);
        String reason = verdict != null
                ? verdict
                : points >= QUARANTINE_POINTS
                        ? points + " failure points, the last: " + change.to() + " " + change.detail()
                        : costly >= QUARANTINE_ATTEMPTS
                                ? costly + " attempts failed, the last: " + change.to() + " " + change.detail()
                                : null;
        if (reason != null) {
            return new Applied(
                    new JobChange(JobStatus.QUARANTINED, reason, points, Duration.ZERO, 0), List.of(change), 0);
        }
        int held = 0;
        for (Attempt other : job.attempts()) {
            if (other.status() == AttemptStatus.HELD && other.number() != change.number()) {
                held = other.number();
            }
        }
        Duration delay = cost.delayed ? backOff(costly) : Duration.ZERO;
        return new Applied(new JobChange(JobStatus.OPEN, null, points, delay, 0), List.of(change), held);
    }

    /** Whether the event frees the job of what this attempt cost: the tracker was to blame, or an operator begins anew. */
    public static boolean excuses(LedgerEvent event, int attempt) {
        return event instanceof LedgerEvent.Requeue
                || (event instanceof LedgerEvent.Expire expire && expire.amnesty() && expire.attempt() == attempt);
    }

    private static boolean costs(AttemptStatus status) {
        return status == AttemptStatus.FAILED || status == AttemptStatus.EXPIRED || status == AttemptStatus.REJECTED;
    }

    /** 10 s, 20 s, 40 s … at most 6 minutes. */
    static Duration backOff(long failures) {
        if (failures > 6) {
            return LONGEST_DELAY;
        }
        Duration delay = FIRST_DELAY.multipliedBy(1L << Math.max(0, failures - 1));
        return delay.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : delay;
    }

    private static @Nullable Attempt owned(JobSnapshot job, FencingToken token, String worker) {
        Attempt attempt = job.attempt(token.attempt());
        boolean same = attempt != null
                && attempt.epoch().equals(token.epoch())
                && attempt.worker().equals(worker);
        return same ? attempt : null;
    }

    private static Refused lost(String why) {
        return new Refused(ProblemCode.LEASE_LOST, why + "; drop the job");
    }

    private static AttemptChange move(Attempt attempt, AttemptStatus to, @Nullable String detail) {
        return new AttemptChange(attempt.number(), attempt.status(), to, detail);
    }

    /** Attempts that an acceptance supersedes move by ACCEPT, too. */
    private static void requireLegal(JobSnapshot job, LedgerEvent event, Decision decision) {
        if (decision instanceof Applied applied) {
            for (AttemptChange change : applied.attempts()) {
                AttemptStatus from = change.from();
                if (from != null && !Transitions.allows(from, event.kind(), change.to())) {
                    throw new IllegalStateException("bug: " + event.kind() + " would move attempt " + change.number()
                            + " from " + from + " to " + change.to() + "; job " + job);
                }
            }
        }
    }
}
