package dev.gleaner.tracker.ledger;

import static dev.gleaner.tracker.ledger.AttemptStatus.ACCEPTED;
import static dev.gleaner.tracker.ledger.AttemptStatus.EXPIRED;
import static dev.gleaner.tracker.ledger.AttemptStatus.FAILED;
import static dev.gleaner.tracker.ledger.AttemptStatus.HELD;
import static dev.gleaner.tracker.ledger.AttemptStatus.LEASED;
import static dev.gleaner.tracker.ledger.AttemptStatus.REJECTED;
import static dev.gleaner.tracker.ledger.AttemptStatus.RELEASED;
import static dev.gleaner.tracker.ledger.AttemptStatus.RETRACTED;
import static dev.gleaner.tracker.ledger.AttemptStatus.REVOKED;
import static dev.gleaner.tracker.ledger.AttemptStatus.SUBMITTED;
import static dev.gleaner.tracker.ledger.AttemptStatus.SUPERSEDED;

import dev.gleaner.tracker.ledger.LedgerEvent.Kind;
import java.util.List;
import java.util.Set;

/**
 * Every legal move of an attempt, as data: from where, by which event, to where. A conditional move names all its targets.
 * The diagram in {@code docs/ARCHITECTURE.md} is generated from this table, and the tests visit every row.
 */
public final class Transitions {
    /** One row. */
    public record Row(AttemptStatus from, Kind event, Set<AttemptStatus> to) {}

    public static final List<Row> ROWS = List.of(
            new Row(LEASED, Kind.SUBMIT, Set.of(SUBMITTED)),
            new Row(LEASED, Kind.RELEASE, Set.of(RELEASED)),
            new Row(LEASED, Kind.FAIL, Set.of(FAILED)),
            new Row(LEASED, Kind.EXPIRE, Set.of(EXPIRED)),
            new Row(LEASED, Kind.REVOKE, Set.of(REVOKED)),
            new Row(LEASED, Kind.REQUEUE, Set.of(REVOKED)),
            new Row(LEASED, Kind.QUARANTINE, Set.of(REVOKED)),
            new Row(LEASED, Kind.ACCEPT, Set.of(RELEASED)),
            new Row(LEASED, Kind.REINSTATE, Set.of(RELEASED)),
            new Row(SUBMITTED, Kind.REINSTATE, Set.of(HELD)),
            new Row(SUBMITTED, Kind.ACCEPT, Set.of(ACCEPTED, SUPERSEDED, HELD, REJECTED)),
            new Row(SUBMITTED, Kind.HOLD, Set.of(HELD)),
            new Row(ACCEPTED, Kind.RETRACT, Set.of(RETRACTED)),
            new Row(RETRACTED, Kind.REINSTATE, Set.of(ACCEPTED)),
            new Row(SUBMITTED, Kind.REJECT, Set.of(REJECTED)),
            new Row(SUBMITTED, Kind.REVOKE, Set.of(REVOKED)),
            new Row(SUBMITTED, Kind.REQUEUE, Set.of(REVOKED)),
            new Row(SUBMITTED, Kind.QUARANTINE, Set.of(REVOKED)),
            new Row(EXPIRED, Kind.SUBMIT, Set.of(SUBMITTED, HELD, SUPERSEDED)),
            new Row(RELEASED, Kind.SUBMIT, Set.of(SUBMITTED, HELD, SUPERSEDED)),
            new Row(HELD, Kind.ACCEPT, Set.of(ACCEPTED, SUPERSEDED, REJECTED)),
            new Row(HELD, Kind.REJECT, Set.of(REJECTED)));

    private Transitions() {}

    /** Whether the move is in the table. */
    public static boolean allows(AttemptStatus from, Kind event, AttemptStatus to) {
        for (Row row : ROWS) {
            if (row.from == from && row.event == event) {
                return row.to.contains(to);
            }
        }
        return false;
    }
}
