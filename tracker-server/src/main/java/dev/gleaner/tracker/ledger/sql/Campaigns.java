package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.bind;
import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.tracker.ledger.Ledger;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Statements about campaigns. */
final class Campaigns {
    private static final int ROWS_A_CHANGE = 20_000;
    private static final String LOADING = "loading";
    private static final String ACTIVE = "active";
    private static final String FEED =
            "INSERT INTO job (campaign, wat, slice, place, source_job, source_attempt) SELECT ?, wat, slice, id, id, canonical FROM job ";

    private Campaigns() {}

    /** A campaign's row as far as adding needs it. */
    record Head(long id, String state, String fingerprint) {}

    static Optional<Head> head(Session session, String name) throws SQLException {
        return one(
                session,
                r -> new Head(r.getLong(1), r.getString(2), r.getString(3)),
                "SELECT id, state, fingerprint FROM campaign WHERE name = ?",
                name);
    }

    static void insert(Session session, CampaignSpec spec, String fingerprint, int wats, long now) throws SQLException {
        update(
                session,
                "INSERT INTO campaign (name, state, base, slices, bundle, policy, fingerprint, wats, created_at, stage, source, replication)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM campaign WHERE name = ?), ?)",
                spec.name(),
                LOADING,
                spec.base(),
                spec.slices(),
                spec.bundle(),
                json(spec.policy()),
                fingerprint,
                wats,
                now,
                spec.does().name(),
                spec.source(),
                spec.replication() == null ? null : json(spec.replication()));
        keepPolicy(
                session,
                head(session, spec.name()).orElseThrow().id(),
                1,
                spec.policy(),
                spec.charter(),
                "as made",
                now);
    }

    private static void keepPolicy(
            Session session,
            long campaign,
            int version,
            Policy policy,
            Charter.@Nullable Ref charter,
            String reason,
            long now)
            throws SQLException {
        update(
                session,
                "INSERT INTO campaign_policy (campaign, version, policy, at, reason, charter, signature) VALUES (?, ?, ?, ?, ?, ?, ?)",
                campaign,
                version,
                json(policy),
                now,
                reason,
                charter == null ? null : charter.id(),
                charter == null ? null : charter.signature());
    }

    /** @return whether there is that version */
    static boolean sign(Session session, String name, int version, Charter.Ref charter) throws SQLException {
        return update(
                        session,
                        "UPDATE campaign_policy SET charter = ?, signature = ? WHERE version = ? AND campaign = (SELECT id FROM campaign WHERE name = ?)",
                        charter.id(),
                        charter.signature(),
                        version,
                        name)
                == 1;
    }

    static Charter.@Nullable Ref charter(@Nullable String id, @Nullable String signature) {
        return id == null || signature == null ? null : new Charter.Ref(id, signature);
    }

    /** @return the new version; empty when there is no such campaign, or its policy is not that version */
    static Optional<Integer> changePolicy(
            Session session,
            String name,
            int from,
            Policy policy,
            Charter.@Nullable Ref charter,
            String reason,
            long now)
            throws SQLException {
        int changed = update(
                session,
                "UPDATE campaign SET policy = ?, policy_version = policy_version + 1 WHERE name = ? AND policy_version = ?",
                json(policy),
                name,
                from);
        if (changed == 0) {
            return Optional.empty();
        }
        keepPolicy(session, head(session, name).orElseThrow().id(), from + 1, policy, charter, reason, now);
        return Optional.of(from + 1);
    }

    static List<Ledger.PolicyVersion> policies(Session session, String name) throws SQLException {
        return Sql.all(
                session,
                r -> new Ledger.PolicyVersion(
                        r.getInt(1),
                        Instant.ofEpochMilli(r.getLong(2)),
                        r.getString(3),
                        parse(r.getString(4), Policy.class),
                        charter(r.getString(5), r.getString(6))),
                "SELECT p.version, p.at, p.reason, p.policy, p.charter, p.signature FROM campaign_policy p JOIN campaign c ON c.id = p.campaign"
                        + " WHERE c.name = ? ORDER BY p.version DESC",
                name);
    }

    /** What a campaign's jobs do; that never changes. */
    static Stage stage(Session session, long campaign) throws SQLException {
        return Stage.valueOf(one(session, r -> r.getString(1), "SELECT stage FROM campaign WHERE id = ?", campaign)
                .orElseThrow());
    }

    /**
     * The fetch campaign of this name, kept from getting results until this change is over: each of its accepted jobs is either
     * seen by this change, or sees what this change made.
     */
    static Optional<Long> lockSource(Session session, String name, String forUpdate) throws SQLException {
        return one(
                session,
                r -> r.getLong(1),
                "SELECT id FROM campaign WHERE name = ? AND stage = 'FETCH' AND state <> '" + LOADING + "'" + forUpdate,
                name);
    }

    /** Opens a scoring campaign, with a job for each accepted job of its source so far. */
    static long follow(Session session, long campaign, long source) throws SQLException {
        update(
                session,
                "INSERT INTO wat (campaign, idx, path) SELECT ?, idx, path FROM wat WHERE campaign = ?",
                campaign,
                source);
        int jobs = update(session, FEED + "WHERE campaign = ? AND state = 'DONE'", campaign, source);
        session.sums().jobs(campaign, Sums.Column.FREE, jobs);
        update(
                session,
                "UPDATE campaign SET state = ?, wats = (SELECT s.wats FROM campaign s WHERE s.id = ?) WHERE id = ?",
                ACTIVE,
                source,
                campaign);
        return jobs;
    }

    /** A fetch job was accepted: every campaign that scores its batches gets a job. */
    static void feed(Session session, long source, long job, String forShare) throws SQLException {
        Sql.all(session, r -> r.getLong(1), "SELECT id FROM campaign WHERE id = ?" + forShare, source);
        for (long campaign :
                Sql.all(session, r -> r.getLong(1), "SELECT id FROM campaign WHERE source = ? ORDER BY id", source)) {
            session.sums().jobs(campaign, Sums.Column.FREE, update(session, FEED + "WHERE id = ?", campaign, job));
        }
    }

    /** Whether a fetch job's batches were scored by every campaign that works on them, and by one at least. */
    static boolean isSpent(Session session, long job) throws SQLException {
        return one(
                        session,
                        r -> r.getLong(1) > 0 && r.getLong(1) == r.getLong(2),
                        "SELECT count(*), count(*) FILTER (WHERE state = 'DONE') FROM job WHERE source_job = ?",
                        job)
                .orElse(false);
    }

    static boolean isLoading(Head head) {
        return head.state().equals(LOADING);
    }

    /**
     * Adds the next WATs, then the next jobs; opens the campaign when all are in.
     *
     * <p>Jobs are numbered in the order in which they will go out. What happens at one time is then written side by side, which
     * makes a commit of many changes a commit of few pages.
     *
     * @return whether all are in
     */
    static boolean load(Session session, long campaign, int slices, List<String> paths) throws SQLException {
        int wats = one(session, r -> r.getInt(1), "SELECT count(*) FROM wat WHERE campaign = ?", campaign)
                .orElse(0);
        if (wats < paths.size()) {
            PreparedStatement wat = session.prepare("INSERT INTO wat (campaign, idx, path) VALUES (?, ?, ?)");
            for (int w = wats; w < Math.min(paths.size(), wats + ROWS_A_CHANGE); w++) {
                bind(wat, campaign, w, paths.get(w));
                wat.addBatch();
            }
            wat.executeBatch();
            return false;
        }
        long all = (long) paths.size() * slices;
        long from = one(session, r -> r.getLong(1), "SELECT count(*) FROM job WHERE campaign = ?", campaign)
                .orElse(0L);
        long to = Math.min(all, from + ROWS_A_CHANGE);
        Shuffle order = new Shuffle(all, campaign);
        PreparedStatement job = session.prepare("INSERT INTO job (campaign, wat, slice, place) VALUES (?, ?, ?, ?)");
        for (long place = from; place < to; place++) {
            long which = order.at(place);
            bind(job, campaign, which / slices, which % slices, place);
            job.addBatch();
        }
        job.executeBatch();
        session.sums().jobs(campaign, Sums.Column.FREE, to - from);
        if (to < all) {
            return false;
        }
        update(session, "UPDATE campaign SET state = ? WHERE id = ? AND state = ?", ACTIVE, campaign, LOADING);
        return true;
    }

    /** @return whether there is such a campaign, loaded */
    static boolean pause(Session session, String name, boolean paused) throws SQLException {
        return update(
                        session,
                        "UPDATE campaign SET state = ? WHERE name = ? AND state <> ?",
                        paused ? "paused" : ACTIVE,
                        name,
                        LOADING)
                == 1;
    }

    /** @return whether there is such a campaign */
    static boolean prioritise(Session session, String name, int priority) throws SQLException {
        return update(session, "UPDATE campaign SET priority = ? WHERE name = ?", priority, name) == 1;
    }

    static List<CampaignStatus> all(Session session) throws SQLException {
        return Sql.all(
                session,
                r -> status(session, r),
                "SELECT c.id, c.name, c.state, c.base, c.slices, c.bundle, c.policy, c.wats, c.stage, s.name, c.priority, c.policy_version, c.replication, coalesce((SELECT sum(t.confirming) FROM tally t WHERE t.campaign = c.id), 0) FROM campaign c"
                        + " LEFT JOIN campaign s ON s.id = c.source ORDER BY c.id");
    }

    private static CampaignStatus status(Session session, ResultSet r) throws SQLException {
        Total total = total(session, r.getLong(1));
        return new CampaignStatus(
                r.getString(2),
                r.getString(3).toLowerCase(Locale.ROOT),
                r.getString(4),
                r.getInt(5),
                r.getString(6),
                r.getLong(8),
                total.jobs,
                total.counts,
                total.bytes,
                total.digest,
                parse(r.getString(7), Policy.class).threshold(),
                Stage.valueOf(r.getString(9)),
                r.getString(10),
                r.getInt(11),
                r.getInt(12),
                r.getString(13) == null ? null : parse(r.getString(13), Replication.class),
                r.getLong(14));
    }

    /** What all slots of a campaign's tally add up to. */
    record Total(CampaignStatus.Jobs jobs, Counts counts, long bytes, String digest) {
        private Total plus(Total other) {
            return new Total(
                    new CampaignStatus.Jobs(
                            jobs.open() + other.jobs.open(),
                            jobs.leased() + other.jobs.leased(),
                            jobs.done() + other.jobs.done(),
                            jobs.quarantined() + other.jobs.quarantined(),
                            jobs.cancelled() + other.jobs.cancelled()),
                    counts.plus(other.counts),
                    bytes + other.bytes,
                    CandidateDigest.sum(digest, other.digest));
        }
    }

    static Total total(Session session, long campaign) throws SQLException {
        List<Total> slots = Sql.all(
                session,
                r -> new Total(
                        new CampaignStatus.Jobs(r.getLong(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)),
                        parse(r.getString(6), Counts.class),
                        r.getLong(7),
                        r.getString(8)),
                "SELECT free, leased, done, quarantined, cancelled, counts, bytes, digest FROM tally WHERE campaign = ?",
                campaign);
        Total none = new Total(new CampaignStatus.Jobs(0, 0, 0, 0, 0), Counts.none(), 0, Sql.NO_CANDIDATES);
        return slots.stream().reduce(none, Total::plus);
    }

    static List<Long> active(Session session, Stage stage) throws SQLException {
        return Sql.all(
                session,
                r -> r.getLong(1),
                "SELECT id FROM campaign WHERE state = ? AND stage = ? ORDER BY priority DESC, id",
                ACTIVE,
                stage.name());
    }
}
