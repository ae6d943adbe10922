package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.requireOne;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.JobRules;
import dev.gleaner.tracker.ledger.JobSnapshot;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.trust.Party;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** Statements about jobs and their attempts. A job and its attempts change together, by a compare-and-set on the job's version. */
final class Jobs {
    private static final String READY_COLUMNS =
            "SELECT j.id, c.name, c.base, w.path, j.slice, c.slices, c.bundle, p.policy, p.version, c.stage, j.source_job, j.source_attempt, j.policy, p.charter, p.signature FROM job j"
                    + " JOIN campaign c ON c.id = j.campaign JOIN wat w ON w.campaign = j.campaign AND w.idx = j.wat"
                    + " JOIN campaign_policy p ON p.campaign = j.campaign AND p.version = CASE WHEN j.policy > 0 THEN j.policy ELSE c.policy_version END ";
    private static final String LIVE_COLUMNS = "SELECT job, epoch, number, worker, granted_at, hard_cap FROM attempt ";

    /** Values of {@code attempt.doubt}: accepted on its worker's record; waits for another's; to be moved from the accepted ones. */
    private static final int UNCHECKED = 1;

    private static final int WAITS = 2;
    private static final int LEAVING = 3;

    private static final int ASKED_AT_ONCE = 128;
    private static final String TRIED =
            "SELECT a.job, a.worker, coalesce(w.agent, ''), a.state, coalesce(w.nickname, '?'), w.team, w.address, a.doubt FROM attempt a LEFT JOIN worker w ON w.id = a.worker WHERE a.job IN ("
                    + String.join(",", Collections.nCopies(ASKED_AT_ONCE, "?")) + ")";

    private static final Cache<String, Policy> POLICIES =
            Caffeine.newBuilder().maximumSize(100).build();

    private Jobs() {}

    private record TriedRow(long job, Ledger.Tried tried) {}

    /** A job as the rules see it, with what only the database needs. */
    record Loaded(JobSnapshot job, long version, long campaign) {
        private Sums.Column column() {
            return column(job.status(), !job.living().isEmpty());
        }

        private static Sums.Column column(JobStatus status, boolean live) {
            return switch (status) {
                case OPEN -> live ? Sums.Column.LEASED : Sums.Column.FREE;
                case DONE -> Sums.Column.DONE;
                case QUARANTINED -> Sums.Column.QUARANTINED;
                case CANCELLED -> Sums.Column.CANCELLED;
            };
        }
    }

    /** A job with its attempts. Whoever changes these meanwhile changes the job's version, too. */
    static Optional<Loaded> load(Session session, long id) throws SQLException {
        List<JobSnapshot.Attempt> attempts = new ArrayList<>();
        List<Loaded> rows = all(
                session,
                r -> {
                    if (r.getObject(6) != null) {
                        attempts.add(attempt(r));
                    }
                    JobSnapshot job = new JobSnapshot(
                            id, JobStatus.valueOf(r.getString(1)), r.getDouble(2), r.getInt(3), attempts);
                    return new Loaded(job, r.getLong(4), r.getLong(5));
                },
                "SELECT j.state, j.points, j.canonical, j.version, j.campaign, a.number, a.epoch, a.worker, a.state, a.failure,"
                        + " a.fingerprint, a.digest, a.excused FROM job j LEFT JOIN attempt a ON a.job = j.id WHERE j.id = ?"
                        + " ORDER BY a.number",
                id);
        return rows.isEmpty() ? Optional.empty() : Optional.of(rows.get(rows.size() - 1));
    }

    private static JobSnapshot.Attempt attempt(ResultSet r) throws SQLException {
        String failure = r.getString(10);
        return new JobSnapshot.Attempt(
                r.getInt(6),
                r.getString(7),
                r.getString(8),
                AttemptStatus.valueOf(r.getString(9)),
                failure == null ? null : FailureClass.valueOf(failure),
                r.getString(11),
                r.getString(12),
                r.getInt(13) != 0);
    }

    /** Decides and writes; the caller notes it in the audit trail. */
    static Decision apply(Session session, Loaded loaded, LedgerEvent event, String epoch, long now)
            throws SQLException {
        Decision decision = JobRules.decide(loaded.job(), event);
        if (decision instanceof Decision.Applied applied) {
            write(session, loaded, applied, now);
            for (Decision.AttemptChange change : applied.attempts()) {
                write(session, loaded, change, event, epoch, now);
            }
            excuse(session, loaded.job(), event);
            if (changesWaiting(event, applied)) {
                update(
                        session,
                        "UPDATE job SET waiting = CASE WHEN state = 'OPEN' AND EXISTS (SELECT 1 FROM attempt WHERE job = ? AND state = 'HELD' AND doubt = "
                                + WAITS + ") THEN 1 ELSE 0 END WHERE id = ?",
                        loaded.job().id(),
                        loaded.job().id());
            }
        }
        return decision;
    }

    /** Whether the event may change that the job waits for another volunteer. */
    private static boolean changesWaiting(LedgerEvent event, Decision.Applied applied) {
        return switch (event.kind()) {
            case HOLD, RETRACT, REINSTATE, REQUEUE, QUARANTINE -> true;
            case GRANT, SUBMIT, ACCEPT, REJECT, RELEASE, FAIL, EXPIRE, REVOKE ->
                applied.attempts().stream().anyMatch(change -> change.from() == AttemptStatus.HELD);
        };
    }

    /** What is uncertain about an attempt from now on: see the schema. */
    private static int doubt(LedgerEvent event, AttemptStatus to) {
        if (event instanceof LedgerEvent.Hold) {
            return WAITS;
        }
        boolean believed = event instanceof LedgerEvent.Accept accept
                && accept.opinion() != null
                && !accept.opinion().compared();
        return to == AttemptStatus.ACCEPTED && believed ? UNCHECKED : to == AttemptStatus.RETRACTED ? LEAVING : 0;
    }

    private static void excuse(Session session, JobSnapshot job, LedgerEvent event) throws SQLException {
        for (JobSnapshot.Attempt attempt : job.attempts()) {
            if (!attempt.excused() && JobRules.excuses(event, attempt.number())) {
                update(
                        session,
                        "UPDATE attempt SET excused = 1 WHERE job = ? AND number = ?",
                        job.id(),
                        attempt.number());
            }
        }
    }

    private static void write(Session session, Loaded loaded, Decision.Applied applied, long now) throws SQLException {
        JobSnapshot job = loaded.job();
        long attempts = job.attempts().size();
        long live = job.attempts().stream().filter(a -> a.status().live()).count();
        for (Decision.AttemptChange change : applied.attempts()) {
            AttemptStatus from = change.from();
            attempts += from == null ? 1 : 0;
            live += (change.to().live() ? 1 : 0) - (from != null && from.live() ? 1 : 0);
        }
        Decision.JobChange change = applied.job();
        int rows = change == null
                ? update(
                        session,
                        "UPDATE job SET attempts = ?, live = ?, changed_at = ?, version = version + 1 WHERE id = ? AND version = ?",
                        attempts,
                        live,
                        now,
                        job.id(),
                        loaded.version())
                : update(
                        session,
                        "UPDATE job SET attempts = ?, live = ?, state = ?, reason = ?, points = ?, not_before = ?, canonical = ?, changed_at = ?, version = version + 1"
                                + " WHERE id = ? AND version = ?",
                        attempts,
                        live,
                        change.status().name(),
                        change.reason(),
                        change.points(),
                        change.delay().isZero() ? 0 : now + change.delay().toMillis(),
                        change.canonical(),
                        now,
                        job.id(),
                        loaded.version());
        requireOne(rows, "job " + job.id());
        Sums.Column before = loaded.column();
        Sums.Column after = Loaded.column(change == null ? job.status() : change.status(), live > 0);
        if (before != after) {
            session.sums().jobs(loaded.campaign(), before, -1);
            session.sums().jobs(loaded.campaign(), after, 1);
        }
    }

    private static void write(
            Session session, Loaded loaded, Decision.AttemptChange change, LedgerEvent event, String epoch, long now)
            throws SQLException {
        long job = loaded.job().id();
        if (event instanceof LedgerEvent.Grant grant) {
            update(
                    session,
                    "INSERT INTO attempt (job, number, epoch, worker, state, request, granted_at, hard_cap) VALUES (?, ?, ?, ?, 'LEASED', ?, ?, ?)",
                    job,
                    change.number(),
                    epoch,
                    grant.worker(),
                    grant.request(),
                    now,
                    grant.hardCap().toMillis());
            if (change.number() == 1) {
                update(session, "UPDATE job SET policy = ? WHERE id = ?", grant.policy(), job);
            }
            return;
        }
        AttemptStatus from = Objects.requireNonNull(change.from(), "only a grant makes an attempt");
        Long ended = change.to().live() ? null : now;
        int rows;
        if (event instanceof LedgerEvent.Submit submit) {
            rows = update(
                    session,
                    "UPDATE attempt SET state = ?, detail = coalesce(?, detail), ended_at = ?, manifest = ?, fingerprint = ?, digest = ?"
                            + " WHERE job = ? AND number = ? AND state = ?",
                    change.to().name(),
                    change.detail(),
                    ended,
                    submit.manifest(),
                    submit.fingerprint(),
                    submit.candidateDigest(),
                    job,
                    change.number(),
                    from.name());
        } else {
            rows = update(
                    session,
                    "UPDATE attempt SET state = ?, detail = coalesce(?, detail), ended_at = ?, failure = coalesce(?, failure), doubt = ?"
                            + " WHERE job = ? AND number = ? AND state = ?",
                    change.to().name(),
                    change.detail(),
                    ended,
                    event instanceof LedgerEvent.Fail fail ? fail.failure().name() : null,
                    doubt(event, change.to()),
                    job,
                    change.number(),
                    from.name());
        }
        requireOne(rows, "attempt " + change.number() + " of job " + job);
        JobSnapshot.Attempt attempt = Objects.requireNonNull(
                loaded.job().attempt(change.number()), "the rules change attempts that are there");
        session.sums().ended(attempt.worker(), change.to(), event, now);
        if (change.to() == AttemptStatus.SUPERSEDED) {
            session.sums().confirming(loaded.campaign());
        }
    }

    static List<Ledger.ReadyJob> ready(Session session, Stage stage, int limit, Instant now, Share share)
            throws SQLException {
        String owned = share.isAll()
                ? ""
                : " AND j.id % " + Share.PARTITIONS + " IN ("
                        + share.partitions().stream()
                                .sorted()
                                .map(String::valueOf)
                                .collect(Collectors.joining(","))
                        + ")";
        List<Ledger.ReadyJob> jobs = new ArrayList<>();
        if (share.partitions().isEmpty()) {
            return jobs;
        }
        for (Long campaign : Campaigns.active(session, stage)) {
            // Jobs that wait for another volunteer go first, but leave room: who is here may not be the one they wait
            // for.
            for (int waiting = 1; waiting >= 0 && jobs.size() < limit; waiting--) {
                int room = limit - jobs.size();
                jobs.addAll(all(
                        session,
                        Jobs::readyJob,
                        READY_COLUMNS
                                + "WHERE j.campaign = ? AND j.state = 'OPEN' AND j.live = 0 AND j.waiting = " + waiting
                                + " AND j.not_before <= ?" + owned + " ORDER BY j.place LIMIT ?",
                        campaign,
                        now.toEpochMilli(),
                        waiting == 1 ? (room + 1) / 2 : room));
            }
        }
        return jobs;
    }

    static Map<Long, List<Ledger.Tried>> tried(Session session, List<Long> jobs) throws SQLException {
        Map<Long, List<Ledger.Tried>> tried = new HashMap<>();
        for (int from = 0; from < jobs.size(); from += ASKED_AT_ONCE) {
            // One statement whatever the number of jobs: the last one is asked for again and again.
            Object[] asked = new Object[ASKED_AT_ONCE];
            for (int i = 0; i < ASKED_AT_ONCE; i++) {
                asked[i] = jobs.get(Math.min(from + i, jobs.size() - 1));
            }
            for (TriedRow row : all(
                    session,
                    r -> new TriedRow(
                            r.getLong(1),
                            new Ledger.Tried(
                                    r.getString(2),
                                    r.getString(3),
                                    AttemptStatus.valueOf(r.getString(4)),
                                    Party.of(r.getString(2), r.getString(5), r.getString(6), r.getString(7)),
                                    r.getInt(8) == WAITS)),
                    TRIED,
                    asked)) {
                tried.computeIfAbsent(row.job, job -> new ArrayList<>()).add(row.tried);
            }
        }
        return tried;
    }

    /** @param fixed whether what is said of the job can change no more */
    record Found(Ledger.ReadyJob job, boolean fixed) {}

    static Optional<Found> ready(Session session, long job) throws SQLException {
        return one(session, r -> new Found(readyJob(r), r.getInt(13) > 0), READY_COLUMNS + "WHERE j.id = ?", job);
    }

    private static Ledger.ReadyJob readyJob(ResultSet r) throws SQLException {
        return new Ledger.ReadyJob(
                r.getLong(1),
                r.getString(2),
                r.getString(3),
                r.getString(4),
                r.getInt(5),
                r.getInt(6),
                r.getString(7),
                policy(r.getString(8)),
                r.getInt(9),
                Stage.valueOf(r.getString(10)),
                r.getObject(11) == null ? null : new Ledger.Source(r.getLong(11), r.getInt(12)),
                Campaigns.charter(r.getString(14), r.getString(15)));
    }

    /** Campaigns have few policies and their jobs are many. */
    private static Policy policy(String text) throws SQLException {
        Policy known = POLICIES.getIfPresent(text);
        if (known == null) {
            known = parse(text, Policy.class);
            POLICIES.put(text, known);
        }
        return known;
    }

    static Optional<Instant> nextDelayed(Session session, long now) throws SQLException {
        return one(
                session,
                r -> r.getObject(1) == null ? null : Instant.ofEpochMilli(r.getLong(1)),
                "SELECT min(j.not_before) FROM job j JOIN campaign c ON c.id = j.campaign"
                        + " WHERE j.state = 'OPEN' AND j.live = 0 AND j.not_before > 0 AND j.not_before > ? AND c.state = 'active'",
                now);
    }

    static List<Ledger.LiveAttempt> attempts(Session session, AttemptStatus status) throws SQLException {
        return all(session, Jobs::live, LIVE_COLUMNS + "WHERE state = ?", status.name());
    }

    static List<Ledger.LiveAttempt> granted(Session session, String worker, String request) throws SQLException {
        return all(
                session,
                Jobs::live,
                LIVE_COLUMNS + "WHERE worker = ? AND request = ? AND state = 'LEASED'",
                worker,
                request);
    }

    private static Ledger.LiveAttempt live(ResultSet r) throws SQLException {
        return new Ledger.LiveAttempt(
                r.getLong(1),
                new FencingToken(r.getString(2), r.getInt(3)),
                r.getString(4),
                Instant.ofEpochMilli(r.getLong(5)),
                Duration.ofMillis(r.getLong(6)));
    }

    static Optional<Ledger.AttemptRow> attempt(Session session, long job, int number) throws SQLException {
        return one(
                session,
                r -> new Ledger.AttemptRow(
                        new FencingToken(r.getString(1), number),
                        r.getString(2),
                        r.getString(3),
                        AttemptStatus.valueOf(r.getString(4)),
                        r.getString(5),
                        r.getString(6)),
                "SELECT a.epoch, a.worker, coalesce(w.nickname, '?'), a.state, a.detail, a.manifest FROM attempt a"
                        + " LEFT JOIN worker w ON w.id = a.worker WHERE a.job = ? AND a.number = ?",
                job,
                number);
    }
}
