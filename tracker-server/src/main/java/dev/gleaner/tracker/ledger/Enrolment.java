package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.ProblemCode;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who may become a worker.
 *
 * @param mode how a stranger gets in
 * @param workersPerAddressPerDay most new workers from one network address in 24 hours, 0 for no limit
 */
public record Enrolment(Mode mode, int workersPerAddressPerDay) {
    public static final Enrolment DEFAULT = new Enrolment(Mode.OPEN, 200);

    /** How a stranger gets in. An invitation always does. */
    public enum Mode {
        /** Anybody. */
        OPEN,
        /** Only with an invitation. */
        INVITATION,
        /** Anybody registers, and waits for an operator's approval. */
        APPROVAL
    }

    public Enrolment {
        if (workersPerAddressPerDay < 0) {
            throw new IllegalArgumentException("workersPerAddressPerDay must be 0, which means no limit, or more");
        }
    }

    /** What becomes of somebody who registers. */
    public sealed interface Answer {
        /** @param waits for an operator's approval */
        record Welcome(boolean waits) implements Answer {}

        record Refused(ProblemCode code, String detail) implements Answer {}
    }

    /**
     * Decides.
     *
     * @param code whether the newcomer gave an invitation's code
     * @param invitation the invitation of that code, if there is one
     * @param latelyFromThere workers that registered from the same address in the last 24 hours
     */
    public Answer decide(boolean code, Optional<Roster.Invitation> invitation, int latelyFromThere, Instant now) {
        if (workersPerAddressPerDay > 0 && latelyFromThere >= workersPerAddressPerDay) {
            return new Answer.Refused(
                    ProblemCode.TOO_MANY_REQUESTS,
                    latelyFromThere
                            + " workers registered from this address within a day, which is the most; keep a worker's"
                            + " home folder and it needs no new registration");
        }
        if (code) {
            String fault = invitation.isEmpty() ? "nobody knows this invitation" : fault(invitation.get(), now);
            return fault == null
                    ? new Answer.Welcome(false)
                    : new Answer.Refused(ProblemCode.INVITATION_INVALID, fault + "; ask the operators for another");
        }
        return switch (mode) {
            case OPEN -> new Answer.Welcome(false);
            case APPROVAL -> new Answer.Welcome(true);
            case INVITATION ->
                new Answer.Refused(
                        ProblemCode.INVITATION_INVALID,
                        "this tracker takes workers by invitation; ask the operators for a code and give it with --invitation");
        };
    }

    private static @Nullable String fault(Roster.Invitation invitation, Instant now) {
        if (invitation.withdrawn()) {
            return "this invitation was withdrawn";
        }
        if (invitation.expiresAt() != null && !now.isBefore(invitation.expiresAt())) {
            return "this invitation has run out";
        }
        if (invitation.uses() > 0 && invitation.used() >= invitation.uses()) {
            return "this invitation has been used by as many workers as it is for";
        }
        return null;
    }
}
