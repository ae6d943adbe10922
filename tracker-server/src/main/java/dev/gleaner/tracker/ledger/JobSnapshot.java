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
     */
    public record Attempt(
            int number,
            String epoch,
            String worker,
            AttemptStatus status,
            @Nullable FailureClass failure,
            @Nullable String fingerprint,
            @Nullable String candidateDigest) {}

    public @Nullable Attempt attempt(int number) {
        return number >= 1 && number <= attempts.size() ? attempts.get(number - 1) : null;
    }

    /** The attempt that is leased or being judged, if any. */
    public @Nullable Attempt live() {
        for (Attempt attempt : attempts) {
            if (attempt.status().live()) {
                return attempt;
            }
        }
        return null;
    }
}
