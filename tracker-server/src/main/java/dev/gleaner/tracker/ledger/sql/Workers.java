package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.tracker.ledger.Ledger.WorkerRow;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Statements about workers. */
final class Workers {
    private Workers() {}

    static void insert(Session session, String worker, String tokenHash, Register.Request request, long now)
            throws SQLException {
        update(
                session,
                "INSERT INTO worker (id, token_hash, nickname, team, agent, capabilities, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                worker,
                tokenHash,
                request.nickname(),
                request.team(),
                request.agent(),
                json(request.capabilities()),
                now);
    }

    static Optional<WorkerRow> byToken(Session session, String tokenHash) throws SQLException {
        return one(
                session,
                r -> new WorkerRow(r.getString(1), r.getString(2), r.getInt(3) != 0),
                "SELECT id, nickname, banned FROM worker WHERE token_hash = ?",
                tokenHash);
    }

    /** @return whether there is such a worker */
    static boolean ban(Session session, String worker, boolean banned) throws SQLException {
        return update(session, "UPDATE worker SET banned = ? WHERE id = ?", banned ? 1 : 0, worker) == 1;
    }

    static List<WorkerView> views(Session session) throws SQLException {
        return all(
                session,
                r -> new WorkerView(
                        r.getString(1),
                        r.getString(2),
                        r.getString(3),
                        r.getString(4),
                        r.getInt(5) != 0,
                        r.getInt(6),
                        r.getLong(7),
                        r.getLong(8),
                        r.getLong(9),
                        r.getLong(10),
                        null),
                "SELECT w.id, w.nickname, w.team, w.agent, w.banned, coalesce(l.live, 0), w.accepted, w.rejected, w.failed, w.kept FROM worker w"
                        + " LEFT JOIN (SELECT worker, count(*) AS live FROM attempt WHERE state IN ('LEASED', 'SUBMITTED') GROUP BY worker) l"
                        + " ON l.worker = w.id ORDER BY w.kept DESC, w.registered_at");
    }
}
