package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.one;

import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.tracker.ledger.Ledger.AuditRow;
import dev.gleaner.tracker.ledger.Ledger.JobQuery;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What operators look at: jobs with their attempts, and the audit trail. */
final class Views {
    private static final String COLUMNS =
            "SELECT j.id, c.name, w.path, j.slice, c.slices, j.state, j.reason, j.points FROM job j"
                    + " JOIN campaign c ON c.id = j.campaign JOIN wat w ON w.campaign = j.campaign AND w.idx = j.wat ";

    private Views() {}

    static Optional<JobView> job(Session session, long job) throws SQLException {
        return one(session, r -> view(session, r), COLUMNS + "WHERE j.id = ?", job);
    }

    static List<JobView> jobs(Session session, JobQuery query, long after, int limit) throws SQLException {
        List<Object> values = new ArrayList<>(List.of(after));
        String where = "WHERE j.id > ?" + where(query, values);
        values.add(limit);
        return all(session, r -> view(session, r), COLUMNS + where + " ORDER BY j.id LIMIT ?", values.toArray());
    }

    /** How many there are, or {@code most} when there are more. */
    static long count(Session session, JobQuery query, long most) throws SQLException {
        List<Object> values = new ArrayList<>();
        String sql = "SELECT count(*) FROM (SELECT 1 FROM job j JOIN campaign c ON c.id = j.campaign"
                + " JOIN wat w ON w.campaign = j.campaign AND w.idx = j.wat WHERE 1 = 1" + where(query, values)
                + " LIMIT ?) m";
        values.add(most);
        return one(session, r -> r.getLong(1), sql, values.toArray()).orElse(0L);
    }

    private static String where(JobQuery query, List<Object> values) {
        StringBuilder where = new StringBuilder();
        String state = query.state();
        if (query.campaign() != null) {
            where.append(" AND c.name = ?");
            values.add(query.campaign());
        }
        if (query.wat() != null) {
            where.append(" AND w.path LIKE ? ESCAPE '!'");
            values.add(containing(query.wat()));
        }
        if (query.reason() != null) {
            where.append(" AND j.reason LIKE ? ESCAPE '!'");
            values.add(containing(query.reason()));
        }
        if (state != null) {
            where.append(" AND j.state = ?");
            values.add(state.equals("leased") ? "OPEN" : state.toUpperCase(Locale.ROOT));
            where.append(
                    switch (state) {
                        case "leased" -> " AND j.live > 0";
                        case "open" -> " AND j.live = 0";
                        default -> "";
                    });
        }
        return where.toString();
    }

    private static String containing(String text) {
        return "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%";
    }

    private static JobView view(Session session, ResultSet r) throws SQLException {
        List<JobView.AttemptView> attempts = all(
                session,
                a -> new JobView.AttemptView(
                        a.getInt(1),
                        a.getString(2),
                        a.getString(3),
                        a.getString(4).toLowerCase(Locale.ROOT),
                        a.getString(5),
                        Instant.ofEpochMilli(a.getLong(6)).toString(),
                        a.getObject(7) == null
                                ? null
                                : Instant.ofEpochMilli(a.getLong(7)).toString()),
                "SELECT a.number, a.worker, coalesce(w.nickname, '?'), a.state, a.detail, a.granted_at, a.ended_at FROM attempt a"
                        + " LEFT JOIN worker w ON w.id = a.worker WHERE a.job = ? ORDER BY a.number DESC",
                r.getLong(1));
        return new JobView(
                r.getLong(1),
                r.getString(2),
                r.getString(3),
                r.getInt(4) + "/" + r.getInt(5),
                r.getString(6).toLowerCase(Locale.ROOT),
                r.getString(7),
                r.getDouble(8),
                attempts);
    }

    /** As the index of V7 says it. */
    private static final String OF_PEOPLE =
            " AND action NOT IN ('grant', 'submit', 'accept', 'reject', 'release', 'fail', 'expire', 'worker-token', 'worker-version')";

    static List<AuditRow> audit(Session session, long before, int limit, boolean people) throws SQLException {
        return all(
                session,
                r -> new AuditRow(
                        r.getLong(1),
                        Instant.ofEpochMilli(r.getLong(2)),
                        r.getString(3),
                        r.getString(4),
                        r.getString(5),
                        r.getString(6)),
                "SELECT id, at, actor, action, subject, detail FROM audit WHERE id < ?" + (people ? OF_PEOPLE : "")
                        + " ORDER BY id DESC LIMIT ?",
                before,
                limit);
    }
}
