package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.tracker.ledger.Roster;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Statements about workers. */
final class Workers {
    private Workers() {}

    static void insert(Session session, Roster.Newcomer newcomer, @Nullable String invitation, boolean waits, long now)
            throws SQLException {
        Register.Request request = newcomer.request();
        update(
                session,
                "INSERT INTO worker (id, token_hash, nickname, team, agent, capabilities, registered_at, waiting, address, invitation)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                newcomer.worker(),
                newcomer.tokenHash(),
                request.nickname(),
                request.team(),
                request.agent(),
                json(request.capabilities()),
                now,
                waits ? 1 : 0,
                newcomer.address(),
                invitation);
    }

    static Optional<Roster.WorkerRow> byToken(Session session, String tokenHash) throws SQLException {
        return one(
                session,
                r -> new Roster.WorkerRow(
                        r.getString(1),
                        r.getString(2),
                        r.getString(3),
                        r.getString(4),
                        r.getInt(5) != 0,
                        r.getInt(6) != 0,
                        r.getInt(7),
                        r.getInt(8) != 0,
                        r.getString(9),
                        r.getString(10),
                        r.getInt(11),
                        r.getInt(12),
                        Heartbeat.Directive.valueOf(r.getString(13)),
                        r.getString(14),
                        troubles(r.getString(15))),
                "SELECT id, nickname, team, agent, banned, waiting, proven, convicted, address, invitation, standing, streak, directive, message, troubles FROM worker WHERE token_hash = ?",
                tokenHash);
    }

    private static List<Trouble> troubles(@Nullable String json) throws SQLException {
        return json == null ? List.of() : List.of(parse(json, Trouble[].class));
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
                        r.getInt(6) != 0,
                        r.getString(7),
                        r.getInt(8),
                        r.getLong(9),
                        r.getLong(10),
                        r.getLong(11),
                        r.getLong(12),
                        r.getInt(13),
                        r.getInt(14),
                        Heartbeat.Directive.valueOf(r.getString(15)),
                        r.getString(16),
                        troubles(r.getString(17)),
                        r.getInt(18),
                        r.getInt(19),
                        r.getInt(20) != 0),
                "SELECT w.id, w.nickname, w.team, w.agent, w.banned, w.waiting, w.invitation, coalesce(l.live, 0), w.accepted, w.rejected, w.failed, w.kept,"
                        + " w.standing, w.streak, w.directive, w.message, w.troubles, w.proven, w.suspicion, w.convicted FROM worker w"
                        + " LEFT JOIN (SELECT worker, count(*) AS live FROM attempt WHERE state IN ('LEASED', 'SUBMITTED') GROUP BY worker) l"
                        + " ON l.worker = w.id ORDER BY w.convicted DESC, w.waiting DESC, w.kept DESC, w.registered_at");
    }
}
