package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.bind;
import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.Counts;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Statements about campaigns. */
final class Campaigns {
    private static final int JOBS_A_CHANGE = 20_000;
    private static final String LOADING = "loading";
    private static final String ACTIVE = "active";

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
                "INSERT INTO campaign (name, state, base, slices, bundle, policy, fingerprint, wats, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                spec.name(),
                LOADING,
                spec.base(),
                spec.slices(),
                spec.bundle(),
                json(spec.policy()),
                fingerprint,
                wats,
                now);
    }

    static boolean isLoading(Head head) {
        return head.state().equals(LOADING);
    }

    /**
     * Adds the next WATs with their jobs; opens the campaign when all are in.
     *
     * @return whether all are in
     */
    static boolean load(Session session, long campaign, int slices, List<String> paths) throws SQLException {
        int from = one(session, r -> r.getInt(1), "SELECT count(*) FROM wat WHERE campaign = ?", campaign)
                .orElse(0);
        int to = Math.min(paths.size(), from + Math.max(1, JOBS_A_CHANGE / slices));
        PreparedStatement wat = session.prepare("INSERT INTO wat (campaign, idx, path) VALUES (?, ?, ?)");
        PreparedStatement job = session.prepare("INSERT INTO job (campaign, wat, slice, place) VALUES (?, ?, ?, ?)");
        for (int w = from; w < to; w++) {
            bind(wat, campaign, w, paths.get(w));
            wat.addBatch();
            for (int s = 0; s < slices; s++) {
                bind(job, campaign, w, s, place(campaign, w, s));
                job.addBatch();
            }
        }
        wat.executeBatch();
        job.executeBatch();
        session.sums().jobs(campaign, Sums.Column.FREE, (long) (to - from) * slices);
        if (to < paths.size()) {
            return false;
        }
        update(session, "UPDATE campaign SET state = ? WHERE id = ? AND state = ?", ACTIVE, campaign, LOADING);
        return true;
    }

    /** A pseudo-random rank: neighbouring WATs share hosts, so they must not go out together. SplitMix64's finaliser. */
    static long place(long campaign, int wat, int slice) {
        long z = campaign * 0x9E3779B97F4A7C15L + ((long) wat << 20 | slice) * 0xD1B54A32D192ED03L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
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

    static List<CampaignStatus> all(Session session) throws SQLException {
        return Sql.all(
                session,
                r -> status(session, r),
                "SELECT id, name, state, base, slices, bundle, policy, wats FROM campaign ORDER BY id");
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
                parse(r.getString(7), Policy.class).threshold());
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

    static List<Long> active(Session session) throws SQLException {
        return Sql.all(session, r -> r.getLong(1), "SELECT id FROM campaign WHERE state = ? ORDER BY id", ACTIVE);
    }
}
