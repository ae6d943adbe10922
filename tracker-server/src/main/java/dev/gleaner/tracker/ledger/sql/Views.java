package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.one;

import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.Ledger.AuditRow;
import dev.gleaner.tracker.ledger.Ledger.JobQuery;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

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
        List<JobView> jobs = new ArrayList<>();
        for (long job :
                query.wat() == null ? byState(session, query, after, limit) : byWat(session, query, after, limit)) {
            job(session, job).ifPresent(jobs::add);
        }
        return jobs;
    }

    /** One look by the index for each campaign and state, for neither database makes one query of all of them go by it. */
    private static List<Long> byState(Session session, JobQuery query, long after, int limit) throws SQLException {
        SortedSet<Long> found = new TreeSet<>();
        for (long campaign : campaigns(session, query)) {
            for (String state : states(query)) {
                List<Object> values = new ArrayList<>(List.of(campaign, state, after));
                String more = more(query, values);
                values.add(limit);
                // Few jobs are leased: they are found by their attempts.
                String from = "leased".equals(query.state())
                        ? "SELECT DISTINCT j.id FROM attempt a CROSS JOIN job j WHERE a.state IN ('LEASED', 'SUBMITTED') AND j.id = a.job AND"
                        : "SELECT j.id FROM job j WHERE";
                found.addAll(all(
                        session,
                        r -> r.getLong(1),
                        from + " j.campaign = ? AND j.state = ? AND j.id > ?" + more + " ORDER BY j.id LIMIT ?",
                        values.toArray()));
            }
        }
        return found.stream().limit(limit).toList();
    }

    /** First the few WATs, then their jobs. */
    private static List<Long> byWat(Session session, JobQuery query, long after, int limit) throws SQLException {
        List<Object> values = new ArrayList<>();
        String from = fromWats(query, values);
        values.add(after);
        values.add(limit);
        return all(
                session,
                r -> r.getLong(1),
                "SELECT j.id" + from + " AND j.id > ? ORDER BY j.id LIMIT ?",
                values.toArray());
    }

    /** How many there are, or {@code most} when there are more. */
    static long count(Session session, JobQuery query, long most) throws SQLException {
        List<Object> values = new ArrayList<>();
        long count = 0;
        if (query.wat() != null) {
            String from = fromWats(query, values);
            values.add(most);
            count = one(
                            session,
                            r -> r.getLong(1),
                            "SELECT count(*) FROM (SELECT 1" + from + " LIMIT ?) m",
                            values.toArray())
                    .orElse(0L);
        } else if (query.reason() != null) {
            count = byState(session, query, 0, (int) Math.min(Integer.MAX_VALUE, most))
                    .size();
        } else {
            for (long campaign : campaigns(session, query)) {
                count += tallied(Campaigns.total(session, campaign).jobs(), query.state());
            }
        }
        return Math.min(most, count);
    }

    private static long tallied(CampaignStatus.Jobs jobs, @Nullable String state) {
        return switch (state == null ? "" : state) {
            case "open" -> jobs.open();
            case "leased" -> jobs.leased();
            case "done" -> jobs.done();
            case "quarantined" -> jobs.quarantined();
            case "cancelled" -> jobs.cancelled();
            default -> jobs.open() + jobs.leased() + jobs.done() + jobs.quarantined() + jobs.cancelled();
        };
    }

    private static List<Long> campaigns(Session session, JobQuery query) throws SQLException {
        return query.campaign() == null
                ? all(session, r -> r.getLong(1), "SELECT id FROM campaign ORDER BY id")
                : all(session, r -> r.getLong(1), "SELECT id FROM campaign WHERE name = ?", query.campaign());
    }

    /** As the rows have them. Only jobs that were taken out have a reason. */
    private static List<String> states(JobQuery query) {
        String state = query.state();
        if (state != null) {
            return List.of(row(state));
        }
        return query.reason() == null
                ? Arrays.stream(JobStatus.values()).map(Enum::name).toList()
                : List.of(JobStatus.QUARANTINED.name(), JobStatus.CANCELLED.name());
    }

    private static String row(String state) {
        return state.equals("leased") ? JobStatus.OPEN.name() : state.toUpperCase(Locale.ROOT);
    }

    /** A cross join is read by SQLite in the order in which it is written; PostgreSQL finds its own. */
    private static String fromWats(JobQuery query, List<Object> values) {
        StringBuilder from = new StringBuilder(" FROM wat w CROSS JOIN job j WHERE w.path LIKE ? ESCAPE '!'");
        values.add(containing(String.valueOf(query.wat())));
        if (query.campaign() != null) {
            from.append(" AND w.campaign = (SELECT id FROM campaign WHERE name = ?)");
            values.add(query.campaign());
        }
        from.append(" AND j.campaign = w.campaign AND j.wat = w.idx");
        if (query.state() != null) {
            from.append(" AND j.state = ?");
            values.add(row(query.state()));
        }
        return from + more(query, values);
    }

    private static String more(JobQuery query, List<Object> values) {
        String live =
                switch (query.state() == null ? "" : query.state()) {
                    case "leased" -> " AND j.live > 0";
                    case "open" -> " AND j.live = 0";
                    default -> "";
                };
        if (query.reason() == null) {
            return live;
        }
        values.add(containing(query.reason()));
        return live + " AND j.reason LIKE ? ESCAPE '!'";
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
