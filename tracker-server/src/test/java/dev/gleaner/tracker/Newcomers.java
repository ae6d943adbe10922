package dev.gleaner.tracker;

import dev.gleaner.protocol.lease.Register;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Roster;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Workers that tests enrol. */
public final class Newcomers {
    private Newcomers() {}

    public static Roster.Newcomer of(String worker, String tokenHash) {
        return with(worker, tokenHash, null);
    }

    public static Roster.Newcomer with(String worker, String tokenHash, @Nullable String invitationHash) {
        return new Roster.Newcomer(
                worker,
                tokenHash,
                new Register.Request(
                        worker, null, "agent/1", new Register.Capabilities(2, 1000, List.of("cpu"), "linux"), null),
                invitationHash,
                null);
    }

    public static CompletionStage<Enrolment.Answer> enrol(Roster roster, String worker, String tokenHash) {
        return roster.enrol(of(worker, tokenHash), Enrolment.DEFAULT);
    }
}
