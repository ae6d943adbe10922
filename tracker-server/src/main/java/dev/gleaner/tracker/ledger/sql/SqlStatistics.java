package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.bind;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.Statistics;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Statistics from the ledger's database. */
final class SqlStatistics implements Statistics {
    private static final long HOSTS_KEY = 0;

    private final SqlLedger ledger;

    SqlStatistics(SqlLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public List<Interval> progress(String campaign, Instant from, Duration step) {
        return ledger.read(c -> all(
                c,
                r -> new Interval(
                        Instant.ofEpochMilli(r.getLong(1)), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)),
                "SELECT s.start, sum(s.jobs), sum(s.candidates), sum(s.kept), sum(s.bytes) FROM (SELECT p.at - p.at % ? AS start, p.jobs,"
                        + " p.candidates, p.kept, p.bytes FROM progress p JOIN campaign c ON c.id = p.campaign WHERE c.name = ? AND p.at >= ?) s"
                        + " GROUP BY s.start ORDER BY s.start",
                step.toMillis(),
                campaign,
                from.toEpochMilli()));
    }

    @Override
    public Optional<Profile> profile(String campaign) {
        return ledger.read(c -> {
            Optional<Campaigns.Head> head = Campaigns.head(c, campaign);
            if (head.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(all(
                            c,
                            r -> parse(r.getString(1), Profile.class),
                            "SELECT profile FROM tally WHERE campaign = ?",
                            head.get().id())
                    .stream()
                    .reduce(Profile.none(), Profile::plus));
        });
    }

    @Override
    public Optional<Policy> policy(String campaign) {
        return ledger.read(c -> one(
                c, r -> parse(r.getString(1), Policy.class), "SELECT policy FROM campaign WHERE name = ?", campaign));
    }

    @Override
    public Crowd crowd() {
        return ledger.read(c -> {
            long workers = one(c, r -> r.getLong(1), "SELECT count(*) FROM worker WHERE banned = 0 AND waiting = 0")
                    .orElse(0L);
            return one(
                            c,
                            r -> new Crowd(workers, r.getLong(1), r.getLong(2)),
                            "SELECT count(DISTINCT worker), count(*) FROM attempt WHERE state = 'LEASED'")
                    .orElseThrow();
        });
    }

    @Override
    public List<Leader> leaders(By by, @Nullable Long day, int limit) {
        String name = by == By.PERSON ? "w.nickname" : "w.team";
        String team = by == By.PERSON ? "max(w.team)" : "NULL";
        String source = day == null ? "w" : "g";
        String from = day == null
                ? "worker w WHERE w.accepted > 0"
                : "gift g JOIN worker w ON w.id = g.worker WHERE g.accepted > 0 AND g.day = ?";
        String sql =
                "SELECT " + name + ", " + team + ", count(DISTINCT w.id), sum(" + source + ".accepted), sum(" + source
                        + ".kept) FROM " + from + " AND w.banned = 0 AND " + name + " IS NOT NULL GROUP BY " + name
                        + " ORDER BY sum(" + source + ".kept) DESC, " + name + " LIMIT ?";
        return ledger.read(c -> all(
                c,
                r -> new Leader(r.getString(1), r.getString(2), r.getLong(3), r.getLong(4), r.getLong(5)),
                sql,
                day == null ? new Object[] {limit} : new Object[] {day, limit}));
    }

    @Override
    public List<Machine> machines(String nickname) {
        return ledger.read(c -> all(
                c,
                r -> new Machine(
                        r.getString(1),
                        r.getString(2),
                        r.getString(3),
                        Instant.ofEpochMilli(r.getLong(4)),
                        r.getInt(5) != 0,
                        r.getLong(6),
                        r.getLong(7),
                        r.getLong(8),
                        r.getLong(9),
                        r.getLong(10),
                        r.getInt(11)),
                "SELECT w.id, w.team, w.agent, w.registered_at, w.banned,"
                        + " (SELECT count(*) FROM attempt a WHERE a.state = 'LEASED' AND a.worker = w.id),"
                        + " w.accepted, w.rejected, w.failed, w.kept, w.streak FROM worker w WHERE w.nickname = ?"
                        + " ORDER BY w.registered_at, w.id LIMIT 1000",
                nickname));
    }

    @Override
    public List<Day> days(String nickname, long from) {
        return ledger.read(c -> all(
                c,
                r -> new Day(r.getLong(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)),
                "SELECT g.day, sum(g.accepted), sum(g.rejected), sum(g.failed), sum(g.kept) FROM gift g JOIN worker w ON w.id = g.worker"
                        + " WHERE w.nickname = ? AND g.day >= ? GROUP BY g.day ORDER BY g.day",
                nickname,
                from));
    }

    @Override
    public List<Failing> failing(long from, long least, int limit) {
        return ledger.read(c -> all(
                c,
                r -> new Failing(r.getString(1), r.getString(2), r.getLong(3), r.getLong(4), r.getLong(5)),
                "SELECT w.id, w.nickname, sum(g.accepted), sum(g.rejected), sum(g.failed) FROM gift g JOIN worker w ON w.id = g.worker"
                        + " WHERE g.day >= ? AND w.banned = 0 GROUP BY w.id, w.nickname"
                        + " HAVING sum(g.rejected) + sum(g.failed) >= ? AND sum(g.rejected) + sum(g.failed) > sum(g.accepted)"
                        + " ORDER BY sum(g.rejected) + sum(g.failed) DESC, w.id LIMIT ?",
                from,
                least,
                limit));
    }

    @Override
    public List<Version> versions(long from) {
        return ledger.read(c -> all(
                c,
                r -> new Version(r.getString(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)),
                "SELECT w.agent, count(l.worker), coalesce(sum(g.accepted), 0), coalesce(sum(g.rejected), 0), coalesce(sum(g.failed), 0) FROM worker w"
                        + " LEFT JOIN (SELECT DISTINCT worker FROM attempt WHERE state = 'LEASED') l ON l.worker = w.id"
                        + " LEFT JOIN (SELECT worker, sum(accepted) AS accepted, sum(rejected) AS rejected, sum(failed) AS failed FROM gift"
                        + " WHERE day >= ? GROUP BY worker) g ON g.worker = w.id WHERE l.worker IS NOT NULL OR g.worker IS NOT NULL"
                        + " GROUP BY w.agent ORDER BY coalesce(sum(g.accepted + g.rejected + g.failed), 0) DESC, w.agent",
                from));
    }

    @Override
    public CompletionStage<Void> keptFrom(Map<String, Long> hosts, long at) {
        // Sorted, so that writers side by side lock rows in one order.
        Map<String, Long> rows = new TreeMap<>();
        hosts.forEach((host, kept) -> rows.merge(fromTheTop(host), kept, Long::sum));
        return ledger.write(HOSTS_KEY, c -> {
                    for (Map.Entry<String, Long> row : rows.entrySet()) {
                        Sql.update(
                                c,
                                "INSERT INTO host (name, kept, last_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                                        + " kept = host.kept + excluded.kept, last_at = excluded.last_at",
                                bytes(row.getKey()),
                                row.getValue(),
                                at);
                    }
                    return true;
                })
                .thenAccept(done -> {});
    }

    private static String fromTheTop(String host) {
        List<String> labels = Arrays.asList(host.split("\\.", -1));
        Collections.reverse(labels);
        return String.join(".", labels);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public KeptFrom keptFrom(String domain) {
        String top = fromTheTop(domain);
        // What stands between "org.example." and "org.example/" begins with the former: a slash comes after a dot.
        return ledger.read(c -> one(
                        c,
                        r -> new KeptFrom(r.getLong(1), r.getLong(2) == 0 ? null : Instant.ofEpochMilli(r.getLong(2))),
                        "SELECT coalesce(sum(kept), 0), coalesce(max(last_at), 0) FROM host WHERE name = ? OR (name >= ? AND name < ?)",
                        bytes(top),
                        bytes(top + "."),
                        bytes(top + "/"))
                .orElseThrow());
    }

    @Override
    public List<Day> daysOf(String worker, long from) {
        return ledger.read(c -> all(
                c,
                r -> new Day(r.getLong(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)),
                "SELECT day, accepted, rejected, failed, kept FROM gift WHERE worker = ? AND day >= ? ORDER BY day",
                worker,
                from));
    }

    @Override
    public Optional<Field> field(String campaign) {
        return ledger.read(c -> {
            Optional<Campaigns.Head> head = Campaigns.head(c, campaign);
            if (head.isEmpty()) {
                return Optional.empty();
            }
            long id = head.get().id();
            return one(
                    c,
                    r -> {
                        long jobs = r.getLong(1);
                        long first = r.getLong(2);
                        boolean hasGaps = jobs > 0 && r.getLong(3) - first + 1 != jobs;
                        return new Field(id, jobs, first, hasGaps ? starts(c, id) : List.of());
                    },
                    "SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM job WHERE campaign = ?",
                    id);
        });
    }

    private static List<Long> starts(Session session, long campaign) throws SQLException {
        return all(
                session,
                r -> r.getLong(1) - 1,
                "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM job WHERE campaign = ?) j"
                        + " WHERE (n - 1) % " + Field.EVERY + " = 0 ORDER BY id",
                campaign);
    }

    @Override
    public void jobs(long campaign, long after, long limit, JobVisitor visitor) {
        ledger.read(c -> {
            // The plus keeps SQLite from reading by the campaign's index and sorting all of it.
            PreparedStatement statement = c.prepare(
                    "SELECT id, state, live, changed_at, attempts FROM job WHERE +campaign = ? AND id > ? ORDER BY id LIMIT ?");
            bind(statement, campaign, after, limit);
            try (ResultSet r = statement.executeQuery()) {
                while (r.next()) {
                    visitor.job(
                            r.getLong(1),
                            JobStatus.valueOf(r.getString(2)),
                            r.getLong(3) > 0,
                            r.getLong(4),
                            r.getInt(5));
                }
            }
            return true;
        });
    }
}
