package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.ProblemCode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the rules make of an event. */
public sealed interface Decision {

    /**
     * The event takes place.
     *
     * @param job what becomes of the job, or null when it stays as it is
     * @param attempts what becomes of attempts
     * @param toJudge the attempt whose result must be judged now, 0 when there is none
     */
    record Applied(@Nullable JobChange job, List<AttemptChange> attempts, int toJudge) implements Decision {
        public Applied {
            attempts = List.copyOf(attempts);
        }
    }

    /** It took place before; the same answer is due. */
    record Replayed(AttemptStatus status, int attempt) implements Decision {}

    /** It may not take place; nothing changes. */
    record Refused(ProblemCode code, String detail) implements Decision {}

    /**
     * @param reason why it is quarantined, null otherwise
     * @param points failure points from now on
     * @param delay not leased before this time has passed
     * @param canonical the accepted attempt's number, 0 for none
     */
    record JobChange(JobStatus status, @Nullable String reason, double points, Duration delay, int canonical) {}

    /**
     * @param from null for a new attempt
     * @param detail reason or message, null when there is none
     */
    record AttemptChange(
            int number,
            @Nullable AttemptStatus from,
            AttemptStatus to,
            @Nullable String detail) {}
}
