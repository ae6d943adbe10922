package dev.gleaner.tracker.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gleaner.protocol.ProblemCode;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EnrolmentTest {
    private static final Instant NOW = Instant.parse("2026-01-02T12:00:00Z");
    private static final Enrolment.Answer IN = new Enrolment.Answer.Welcome(false);

    private static Enrolment mode(Enrolment.Mode mode) {
        return new Enrolment(mode, 3);
    }

    private static Enrolment.Answer stranger(Enrolment.Mode mode) {
        return mode(mode).decide(false, Optional.empty(), 0, NOW);
    }

    private static ProblemCode refused(Enrolment.Answer answer) {
        return ((Enrolment.Answer.Refused) answer).code();
    }

    private static Enrolment.Answer invited(int uses, int used, Instant expiresAt, boolean withdrawn) {
        Roster.Invitation invitation = new Roster.Invitation("i", "", uses, used, NOW, expiresAt, withdrawn);
        return mode(Enrolment.Mode.INVITATION).decide(true, Optional.of(invitation), 0, NOW);
    }

    @Test
    void aStrangerComesInWaitsOrIsTurnedAwayAsTheModeSays() {
        assertEquals(IN, stranger(Enrolment.Mode.OPEN));
        assertEquals(new Enrolment.Answer.Welcome(true), stranger(Enrolment.Mode.APPROVAL));
        assertEquals(ProblemCode.INVITATION_INVALID, refused(stranger(Enrolment.Mode.INVITATION)));
    }

    @Test
    void anInvitationLetsInAtOnceInEveryMode() {
        Roster.Invitation good = new Roster.Invitation("i", "", 0, 99, NOW, null, false);
        for (Enrolment.Mode mode : Enrolment.Mode.values()) {
            assertEquals(IN, mode(mode).decide(true, Optional.of(good), 0, NOW), mode.name());
        }
    }

    @Test
    void aWrongInvitationIsSaidToBeWrongEvenWhereNoneIsNeeded() {
        for (Enrolment.Mode mode : Enrolment.Mode.values()) {
            assertEquals(
                    ProblemCode.INVITATION_INVALID,
                    refused(mode(mode).decide(true, Optional.empty(), 0, NOW)),
                    mode.name());
        }
    }

    @Test
    void anInvitationEndsByUseByTimeAndByWithdrawal() {
        assertEquals(IN, invited(2, 1, NOW.plusSeconds(1), false));
        assertEquals(ProblemCode.INVITATION_INVALID, refused(invited(2, 2, null, false)));
        assertEquals(ProblemCode.INVITATION_INVALID, refused(invited(0, 0, NOW, false)));
        assertEquals(ProblemCode.INVITATION_INVALID, refused(invited(0, 0, null, true)));
    }

    @Test
    void oneAddressBringsSoManyADayAndNoInvitationGoesAroundThat() {
        Enrolment open = mode(Enrolment.Mode.OPEN);
        assertEquals(IN, open.decide(false, Optional.empty(), 2, NOW));
        assertEquals(ProblemCode.TOO_MANY_REQUESTS, refused(open.decide(false, Optional.empty(), 3, NOW)));
        Roster.Invitation good = new Roster.Invitation("i", "", 0, 0, NOW, null, false);
        assertEquals(ProblemCode.TOO_MANY_REQUESTS, refused(open.decide(true, Optional.of(good), 3, NOW)));
        assertEquals(IN, new Enrolment(Enrolment.Mode.OPEN, 0).decide(false, Optional.empty(), 9_999, NOW));
        assertThrows(IllegalArgumentException.class, () -> new Enrolment(Enrolment.Mode.OPEN, -1));
    }
}
