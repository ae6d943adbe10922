package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.lease.FailureClass;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A job as the ledger holds it, with all attempts in order of their number.
 *
 * @param points failure points so far
 * @param canonical the accepted attempt's number, 0 when there is none
 */
public record JobSnapshot(long id, JobStatus status, double points, int canonical, List<Attempt> attempts) {

    public JobSnapshot {
        attempts = List.copyOf(attempts);
    }

    /**
     * @param epoch the ledger's when the attempt was granted: with the number, its fencing token
     * @param failure of a FAILED attempt
     * @param fingerprint of the manifest that was handed in
     * @param candidateDigest of that manifest
     * @param excused counts against the job no more
     */
    public record Attempt(
            int number,
            String epoch,
            String worker,
            AttemptStatus status,
            @Nullable FailureClass failure,
            @Nullable String fingerprint,
            @Nullable String candidateDigest,
            boolean excused) {}

    public @Nullable Attempt attempt(int number) {
        return number >= 1 && number <= attempts.size() ? attempts.get(number - 1) : null;
    }

    /** The attempts that are leased or being judged: one, or two near a campaign's end, or none. */
    public List<Attempt> living() {
        return attempts.stream().filter(attempt -> attempt.status().live()).toList();
    }
}
