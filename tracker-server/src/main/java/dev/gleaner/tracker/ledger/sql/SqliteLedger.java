package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.bind;
import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.requireOne;
import static dev.gleaner.tracker.ledger.sql.Sql.sha256;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.JobRules;
import dev.gleaner.tracker.ledger.JobSnapshot;
import dev.gleaner.tracker.ledger.JobStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;

/**
 * The ledger in one SQLite file: write-ahead log, {@code synchronous=FULL}, one writing connection, one for reading.
 *
 * <p>Every change of a job writes with a compare-and-set on what the rules looked at, though a single writer never loses one:
 * the same statements must hold on a database with many.
 */
public final class SqliteLedger implements Ledger {
    private static final String READY_COLUMNS =
            "j.id, c.name, c.base, w.path, j.slice, c.slices, c.bundle, c.policy FROM job j"
                    + " JOIN campaign c ON c.id = j.campaign JOIN wat w ON w.campaign = j.campaign AND w.idx = j.wat ";

    private final Connection writing;
    private final Connection reading;
    private final GroupCommit writer;
    private final InstantSource clock;
    private final String epoch;

    /**
     * Opens or makes the ledger.
     *
     * @throws LedgerException when the file cannot be used, is no ledger, or is newer than this program
     */
    public SqliteLedger(Path file, InstantSource clock) {
        this.clock = clock;
        try {
            SQLiteConfig config = new SQLiteConfig();
            config.setJournalMode(SQLiteConfig.JournalMode.WAL);
            config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
            config.enforceForeignKeys(true);
            config.setBusyTimeout(5_000);
            writing = config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
            Migrations.run(writing);
            SQLiteConfig readOnly = new SQLiteConfig();
            readOnly.setBusyTimeout(5_000);
            readOnly.setReadOnly(true);
            reading = readOnly.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
            epoch = metaOrMake(writing, "epoch", 8);
        } catch (SQLException e) {
            throw new LedgerException("the ledger " + file + " cannot be opened: " + e.getMessage(), e);
        }
        writer = new GroupCommit(writing);
    }

    @Override
    public String epoch() {
        return epoch;
    }

    @Override
    public byte[] secret(String name) {
        return HexFormat.of()
                .parseHex(writer.write(c -> metaOrMake(c, "secret." + name, 32))
                        .toCompletableFuture()
                        .join());
    }

    private static String metaOrMake(Connection c, String key, int bytes) throws SQLException {
        byte[] random = new byte[bytes];
        new SecureRandom().nextBytes(random);
        update(
                c,
                "INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)",
                key,
                HexFormat.of().formatHex(random));
        return one(c, r -> r.getString(1), "SELECT value FROM meta WHERE key = ?", key)
                .orElseThrow();
    }

    // Campaigns

    @Override
    public CompletionStage<CampaignAdded> addCampaign(CampaignSpec spec, List<String> watPaths, String actor) {
        String fingerprint = sha256(json(spec) + "\n" + String.join("\n", watPaths));
        return writer.write(c -> {
            Optional<String> existing =
                    one(c, r -> r.getString(1), "SELECT fingerprint FROM campaign WHERE name = ?", spec.name());
            if (existing.isPresent()) {
                boolean same = existing.get().equals(fingerprint);
                return new CampaignAdded(same ? CampaignAdded.Outcome.EXISTED : CampaignAdded.Outcome.CONFLICT, 0);
            }
            update(
                    c,
                    "INSERT INTO campaign (name, state, base, slices, bundle, policy, fingerprint, wats, created_at, counts, digest)"
                            + " VALUES (?, 'active', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    spec.name(),
                    spec.base(),
                    spec.slices(),
                    spec.bundle(),
                    json(spec.policy()),
                    fingerprint,
                    watPaths.size(),
                    clock.millis(),
                    json(Counts.none()),
                    "0".repeat(32));
            long id = one(c, r -> r.getLong(1), "SELECT id FROM campaign WHERE name = ?", spec.name())
                    .orElseThrow();
            addJobs(c, id, spec.slices(), watPaths);
            audit(
                    c,
                    actor,
                    "campaign-create",
                    spec.name(),
                    watPaths.size() + " WATs, " + spec.slices() + " slices each");
            return new CampaignAdded(CampaignAdded.Outcome.CREATED, (long) watPaths.size() * spec.slices());
        });
    }

    private static void addJobs(Connection c, long campaign, int slices, List<String> paths) throws SQLException {
        try (PreparedStatement wat = c.prepareStatement("INSERT INTO wat (campaign, idx, path) VALUES (?, ?, ?)");
                PreparedStatement job =
                        c.prepareStatement("INSERT INTO job (campaign, wat, slice, place) VALUES (?, ?, ?, ?)")) {
            for (int w = 0; w < paths.size(); w++) {
                bind(wat, campaign, w, paths.get(w));
                wat.executeUpdate();
                for (int s = 0; s < slices; s++) {
                    bind(job, campaign, w, s, place(campaign, w, s));
                    job.executeUpdate();
                }
            }
        }
    }

    /** A pseudo-random rank: neighbouring WATs share hosts, so they must not go out together. SplitMix64's finaliser. */
    static long place(long campaign, int wat, int slice) {
        long z = campaign * 0x9E3779B97F4A7C15L + ((long) wat << 20 | slice) * 0xD1B54A32D192ED03L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    @Override
    public CompletionStage<Boolean> pauseCampaign(String name, boolean paused, String actor) {
        return writer.write(c -> {
            boolean found =
                    update(c, "UPDATE campaign SET state = ? WHERE name = ?", paused ? "paused" : "active", name) == 1;
            if (found) {
                audit(c, actor, paused ? "campaign-pause" : "campaign-resume", name, null);
            }
            return found;
        });
    }

    @Override
    public List<CampaignStatus> campaigns() {
        return read(
                c -> all(
                        c,
                        r -> campaign(c, r),
                        "SELECT id, name, state, base, slices, bundle, policy, wats, counts, bytes, digest FROM campaign ORDER BY id"));
    }

    private static CampaignStatus campaign(Connection c, ResultSet r) throws SQLException {
        long id = r.getLong(1);
        Map<JobStatus, Long> byState = new EnumMap<>(JobStatus.class);
        for (Object[] row : all(
                c,
                s -> new Object[] {s.getString(1), s.getLong(2)},
                "SELECT state, count(*) FROM job WHERE campaign = ? GROUP BY state",
                id)) {
            byState.put(JobStatus.valueOf((String) row[0]), (Long) row[1]);
        }
        long leased = one(
                        c,
                        s -> s.getLong(1),
                        "SELECT count(*) FROM attempt a JOIN job j ON j.id = a.job WHERE a.state IN ('LEASED', 'SUBMITTED') AND j.campaign = ?",
                        id)
                .orElse(0L);
        return new CampaignStatus(
                r.getString(2),
                r.getString(3),
                r.getString(4),
                r.getInt(5),
                r.getString(6),
                r.getLong(8),
                new CampaignStatus.Jobs(
                        byState.getOrDefault(JobStatus.OPEN, 0L) - leased,
                        leased,
                        byState.getOrDefault(JobStatus.DONE, 0L),
                        byState.getOrDefault(JobStatus.QUARANTINED, 0L),
                        byState.getOrDefault(JobStatus.CANCELLED, 0L)),
                parse(r.getString(9), Counts.class),
                r.getLong(10),
                r.getString(11),
                parse(r.getString(7), Policy.class).threshold());
    }

    // Workers

    @Override
    public CompletionStage<Void> addWorker(String worker, String tokenHash, Register.Request request) {
        return writer.write(c -> update(
                        c,
                        "INSERT INTO worker (id, token_hash, nickname, team, agent, capabilities, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                        worker,
                        tokenHash,
                        request.nickname(),
                        request.team(),
                        request.agent(),
                        json(request.capabilities()),
                        clock.millis()))
                .thenAccept(rows -> {});
    }

    @Override
    public Optional<WorkerRow> workerByToken(String tokenHash) {
        return read(c -> one(
                c,
                r -> new WorkerRow(r.getString(1), r.getString(2), r.getBoolean(3)),
                "SELECT id, nickname, banned FROM worker WHERE token_hash = ?",
                tokenHash));
    }

    @Override
    public CompletionStage<Boolean> banWorker(String worker, boolean banned, String actor) {
        return writer.write(c -> {
            boolean found = update(c, "UPDATE worker SET banned = ? WHERE id = ?", banned ? 1 : 0, worker) == 1;
            if (found) {
                audit(c, actor, banned ? "worker-ban" : "worker-unban", worker, null);
            }
            return found;
        });
    }

    @Override
    public List<WorkerView> workers() {
        return read(
                c -> all(
                        c,
                        r -> new WorkerView(
                                r.getString(1),
                                r.getString(2),
                                r.getString(3),
                                r.getString(4),
                                r.getBoolean(5),
                                r.getInt(6),
                                r.getLong(7),
                                r.getLong(8),
                                r.getLong(9),
                                r.getLong(10),
                                null),
                        "SELECT w.id, w.nickname, w.team, w.agent, w.banned,"
                                + " sum(a.state IN ('LEASED', 'SUBMITTED')), sum(a.state IN ('ACCEPTED', 'SUPERSEDED')), sum(a.state = 'REJECTED'),"
                                + " sum(a.state IN ('FAILED', 'EXPIRED')), w.kept"
                                + " FROM worker w LEFT JOIN attempt a ON a.worker = w.id GROUP BY w.id ORDER BY w.kept DESC, w.registered_at"));
    }

    // Jobs

    @Override
    public CompletionStage<Optional<Decision>> apply(long job, LedgerEvent event, String actor) {
        return writer.write(c -> applyNow(c, job, event, actor));
    }

    @Override
    public CompletionStage<Optional<Decision>> accept(long job, int attempt, Manifest manifest) {
        return writer.write(c -> {
            Optional<Decision> decision = applyNow(c, job, new LedgerEvent.Accept(attempt), "tracker");
            boolean counts = decision.isPresent()
                    && decision.get() instanceof Decision.Applied applied
                    && applied.job() != null
                    && applied.job().canonical() == attempt;
            if (counts) {
                count(c, job, attempt, manifest);
            }
            return decision;
        });
    }

    /** Adds the canonical result's numbers to the campaign's, once: in the same transaction as the acceptance. */
    private static void count(Connection c, long job, int attempt, Manifest manifest) throws SQLException {
        Object[] row = one(
                        c,
                        r -> new Object[] {r.getLong(1), r.getString(2), r.getString(3)},
                        "SELECT c.id, c.counts, c.digest FROM campaign c JOIN job j ON j.campaign = c.id WHERE j.id = ?",
                        job)
                .orElseThrow();
        Counts sum = parse((String) row[1], Counts.class).plus(manifest.counts());
        String digest = CandidateDigest.sum((String) row[2], manifest.candidateDigest());
        long bytes = manifest.objects().stream().mapToLong(ShardObject::bytes).sum();
        update(
                c,
                "UPDATE campaign SET counts = ?, digest = ?, bytes = bytes + ? WHERE id = ?",
                json(sum),
                digest,
                bytes,
                row[0]);
        update(
                c,
                "UPDATE worker SET kept = kept + ? WHERE id = (SELECT worker FROM attempt WHERE job = ? AND number = ?)",
                manifest.counts().kept(),
                job,
                attempt);
    }

    private Optional<Decision> applyNow(Connection c, long id, LedgerEvent event, String actor) throws SQLException {
        Optional<JobSnapshot> found = snapshot(c, id);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        JobSnapshot job = found.get();
        Decision decision = JobRules.decide(job, event);
        if (decision instanceof Decision.Applied applied) {
            for (Decision.AttemptChange change : applied.attempts()) {
                write(c, job, change, event);
            }
            Decision.JobChange change = applied.job();
            if (change != null) {
                requireOne(update(
                        c,
                        "UPDATE job SET state = ?, reason = ?, points = ?, not_before = ?, canonical = ? WHERE id = ? AND state = ? AND attempts = ?",
                        change.status().name(),
                        change.reason(),
                        change.points(),
                        change.delay().isZero()
                                ? 0
                                : clock.millis() + change.delay().toMillis(),
                        change.canonical(),
                        id,
                        job.status().name(),
                        job.attempts().size()));
            }
            audit(c, actor, event.kind().name().toLowerCase(Locale.ROOT), "job " + id, describe(applied));
        }
        return Optional.of(decision);
    }

    private void write(Connection c, JobSnapshot job, Decision.AttemptChange change, LedgerEvent event)
            throws SQLException {
        long now = clock.millis();
        if (event instanceof LedgerEvent.Grant grant) {
            requireOne(update(
                    c,
                    "UPDATE job SET attempts = ? WHERE id = ? AND state = 'OPEN' AND attempts = ?",
                    change.number(),
                    job.id(),
                    change.number() - 1));
            update(
                    c,
                    "INSERT INTO attempt (job, number, worker, state, request, granted_at, hard_cap) VALUES (?, ?, ?, 'LEASED', ?, ?, ?)",
                    job.id(),
                    change.number(),
                    grant.worker(),
                    grant.request(),
                    now,
                    grant.hardCap().toMillis());
            return;
        }
        AttemptStatus from = java.util.Objects.requireNonNull(change.from(), "only a grant makes an attempt");
        requireOne(update(
                c,
                "UPDATE attempt SET state = ?, detail = coalesce(?, detail), ended_at = ? WHERE job = ? AND number = ? AND state = ?",
                change.to().name(),
                change.detail(),
                change.to().live() ? null : now,
                job.id(),
                change.number(),
                from.name()));
        if (event instanceof LedgerEvent.Submit submit) {
            update(
                    c,
                    "UPDATE attempt SET manifest = ?, fingerprint = ?, digest = ? WHERE job = ? AND number = ?",
                    submit.manifest(),
                    submit.fingerprint(),
                    submit.candidateDigest(),
                    job.id(),
                    change.number());
        } else if (event instanceof LedgerEvent.Fail fail) {
            update(
                    c,
                    "UPDATE attempt SET failure = ? WHERE job = ? AND number = ?",
                    fail.failure().name(),
                    job.id(),
                    change.number());
        }
    }

    private static String describe(Decision.Applied applied) {
        StringBuilder text = new StringBuilder();
        for (Decision.AttemptChange change : applied.attempts()) {
            text.append("attempt ")
                    .append(change.number())
                    .append(' ')
                    .append(change.from())
                    .append(" -> ")
                    .append(change.to());
            if (change.detail() != null) {
                text.append(": ").append(change.detail());
            }
            text.append("; ");
        }
        if (applied.job() != null) {
            text.append("job ").append(applied.job().status());
        }
        return text.toString();
    }

    private Optional<JobSnapshot> snapshot(Connection c, long id) throws SQLException {
        List<JobSnapshot.Attempt> attempts = all(
                c,
                r -> new JobSnapshot.Attempt(
                        r.getInt(1),
                        r.getString(2),
                        AttemptStatus.valueOf(r.getString(3)),
                        r.getString(4) == null ? null : FailureClass.valueOf(r.getString(4)),
                        r.getString(5),
                        r.getString(6)),
                "SELECT number, worker, state, failure, fingerprint, digest FROM attempt WHERE job = ? ORDER BY number",
                id);
        return one(
                c,
                r -> new JobSnapshot(
                        id, epoch, JobStatus.valueOf(r.getString(1)), r.getDouble(2), r.getInt(3), attempts),
                "SELECT state, points, canonical FROM job WHERE id = ?",
                id);
    }

    @Override
    public List<ReadyJob> ready(int limit, Instant now) {
        return read(c -> {
            List<ReadyJob> jobs = new ArrayList<>();
            for (Long campaign :
                    all(c, r -> r.getLong(1), "SELECT id FROM campaign WHERE state = 'active' ORDER BY id")) {
                jobs.addAll(all(
                        c,
                        SqliteLedger::readyJob,
                        "SELECT " + READY_COLUMNS + "WHERE j.campaign = ? AND j.state = 'OPEN' AND j.not_before <= ?"
                                + " AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.job = j.id AND a.state IN ('LEASED', 'SUBMITTED'))"
                                + " ORDER BY j.place LIMIT ?",
                        campaign,
                        now.toEpochMilli(),
                        limit - jobs.size()));
                if (jobs.size() >= limit) {
                    break;
                }
            }
            return jobs;
        });
    }

    @Override
    public Optional<Instant> nextDelayed() {
        return read(c -> one(
                c,
                r -> r.getObject(1) == null ? null : Instant.ofEpochMilli(r.getLong(1)),
                "SELECT min(j.not_before) FROM job j JOIN campaign c ON c.id = j.campaign WHERE j.state = 'OPEN' AND j.not_before > ? AND c.state = 'active'",
                clock.millis()));
    }

    @Override
    public Optional<ReadyJob> job(long job) {
        return read(c -> one(c, SqliteLedger::readyJob, "SELECT " + READY_COLUMNS + "WHERE j.id = ?", job));
    }

    private static ReadyJob readyJob(ResultSet r) throws SQLException {
        return new ReadyJob(
                r.getLong(1),
                r.getString(2),
                r.getString(3),
                r.getString(4),
                r.getInt(5),
                r.getInt(6),
                r.getString(7),
                parse(r.getString(8), Policy.class));
    }

    private static final String LIVE_COLUMNS = "SELECT job, number, worker, granted_at, hard_cap FROM attempt ";

    @Override
    public List<LiveAttempt> attempts(AttemptStatus status) {
        return read(c -> all(c, this::liveAttempt, LIVE_COLUMNS + "WHERE state = ?", status.name()));
    }

    @Override
    public List<LiveAttempt> granted(String worker, String request) {
        return read(c -> all(
                c,
                this::liveAttempt,
                LIVE_COLUMNS + "WHERE worker = ? AND request = ? AND state = 'LEASED'",
                worker,
                request));
    }

    private LiveAttempt liveAttempt(ResultSet r) throws SQLException {
        return new LiveAttempt(
                r.getLong(1),
                new FencingToken(epoch, r.getInt(2)),
                r.getString(3),
                Instant.ofEpochMilli(r.getLong(4)),
                Duration.ofMillis(r.getLong(5)));
    }

    @Override
    public Optional<AttemptStatus> status(long job, FencingToken token, String worker) {
        if (!token.epoch().equals(epoch)) {
            return Optional.empty();
        }
        return read(c -> one(
                c,
                r -> AttemptStatus.valueOf(r.getString(1)),
                "SELECT state FROM attempt WHERE job = ? AND number = ? AND worker = ?",
                job,
                token.attempt(),
                worker));
    }

    @Override
    public Optional<String> manifest(long job, int attempt) {
        return read(c ->
                one(c, r -> r.getString(1), "SELECT manifest FROM attempt WHERE job = ? AND number = ?", job, attempt));
    }

    private static final String VIEW_COLUMNS =
            "SELECT j.id, c.name, w.path, j.slice, c.slices, j.state, j.reason, j.points FROM job j"
                    + " JOIN campaign c ON c.id = j.campaign JOIN wat w ON w.campaign = j.campaign AND w.idx = j.wat ";

    @Override
    public Optional<JobView> view(long job) {
        return read(c -> one(c, r -> view(c, r), VIEW_COLUMNS + "WHERE j.id = ?", job));
    }

    @Override
    public List<JobView> views(@Nullable String campaign, @Nullable String state, long after, int limit) {
        boolean leased = "leased".equals(state);
        String wanted = leased ? "OPEN" : state == null ? null : state.toUpperCase(Locale.ROOT);
        String live = "EXISTS (SELECT 1 FROM attempt a WHERE a.job = j.id AND a.state IN ('LEASED', 'SUBMITTED'))";
        String liveness = leased ? " AND " + live : "OPEN".equals(wanted) ? " AND NOT " + live : "";
        return read(c -> all(
                c,
                r -> view(c, r),
                VIEW_COLUMNS + "WHERE j.id > ? AND (? IS NULL OR c.name = ?) AND (? IS NULL OR j.state = ?)" + liveness
                        + " ORDER BY j.id LIMIT ?",
                after,
                campaign,
                campaign,
                wanted,
                wanted,
                limit));
    }

    private static JobView view(Connection c, ResultSet r) throws SQLException {
        List<JobView.AttemptView> attempts = all(
                c,
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

    @Override
    public void requireWritable() {
        writer.write(c -> update(
                        c,
                        "INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', ?)",
                        Long.toString(clock.millis())))
                .toCompletableFuture()
                .join();
    }

    @Override
    public void close() {
        writer.close();
        try {
            reading.close();
            writing.close();
        } catch (SQLException e) {
            throw new LedgerException("the ledger cannot be closed: " + e.getMessage(), e);
        }
    }

    // SQL

    private interface Query<T> {
        T run(Connection connection) throws SQLException;
    }

    private <T> T read(Query<T> query) {
        synchronized (reading) {
            try {
                return query.run(reading);
            } catch (SQLException e) {
                throw new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
            }
        }
    }

    private void audit(Connection c, String actor, String action, String subject, @Nullable String detail)
            throws SQLException {
        update(
                c,
                "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
                clock.millis(),
                actor,
                action,
                subject,
                detail);
    }
}
