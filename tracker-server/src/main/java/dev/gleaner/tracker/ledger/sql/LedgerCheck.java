package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;

import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.Ledger.LedgerException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Looks at every row of a ledger for what must never be. Does not trust the rules or the tallies: it counts again. Reads while
 * others write may see a change half way between two questions; check a ledger at rest, or twice.
 */
public final class LedgerCheck {
    private static final int SHOWN = 20;

    private LedgerCheck() {}

    /** A question whose every answer is a fault. */
    private record Rule(String fault, String sql) {}

    private static final List<Rule> RULES = List.of(
            new Rule(
                    "a job's count of attempts is not the number of its attempts",
                    "SELECT j.id FROM job j WHERE j.attempts <> (SELECT count(*) FROM attempt a WHERE a.job = j.id)"),
            new Rule(
                    "attempts of a job are not numbered from 1 without a gap",
                    "SELECT job FROM attempt GROUP BY job HAVING min(number) <> 1 OR max(number) <> count(*)"),
            new Rule(
                    "a job's count of live attempts is wrong",
                    "SELECT j.id FROM job j WHERE j.live <> (SELECT count(*) FROM attempt a WHERE a.job = j.id AND a.state IN ('LEASED', 'SUBMITTED'))"),
            new Rule("a job has more than two live attempts", "SELECT id FROM job WHERE live > 2"),
            new Rule(
                    "a worker works on a job twice",
                    "SELECT job FROM attempt WHERE state IN ('LEASED', 'SUBMITTED') GROUP BY job, worker HAVING count(*) > 1"),
            new Rule(
                    "a job that is not open has a live attempt",
                    "SELECT id FROM job WHERE state <> 'OPEN' AND live > 0"),
            new Rule(
                    "a job is in no known state",
                    "SELECT id FROM job WHERE state NOT IN ('OPEN', 'DONE', 'QUARANTINED', 'CANCELLED')"),
            new Rule(
                    "a done job has no accepted canonical attempt",
                    "SELECT j.id FROM job j WHERE j.state = 'DONE' AND NOT EXISTS"
                            + " (SELECT 1 FROM attempt a WHERE a.job = j.id AND a.number = j.canonical AND a.state = 'ACCEPTED')"),
            new Rule(
                    "a job that is not done has a canonical attempt",
                    "SELECT id FROM job WHERE state <> 'DONE' AND canonical <> 0"),
            new Rule(
                    "a job has more than one accepted attempt",
                    "SELECT job FROM attempt WHERE state = 'ACCEPTED' GROUP BY job HAVING count(*) > 1"),
            new Rule(
                    "an accepted attempt belongs to a job that is not done",
                    "SELECT j.id FROM attempt a JOIN job j ON j.id = a.job WHERE a.state = 'ACCEPTED' AND j.state <> 'DONE'"),
            new Rule(
                    "an attempt that was handed in has no manifest",
                    "SELECT job FROM attempt WHERE state IN ('SUBMITTED', 'ACCEPTED', 'RETRACTED', 'HELD', 'SUPERSEDED') AND manifest IS NULL"),
            new Rule(
                    "a quarantined job has no reason",
                    "SELECT id FROM job WHERE state = 'QUARANTINED' AND reason IS NULL"),
            new Rule(
                    "a job waits for another volunteer without a result that does, or the other way round",
                    "SELECT j.id FROM job j WHERE j.waiting <> CASE WHEN j.state = 'OPEN' AND EXISTS"
                            + " (SELECT 1 FROM attempt a WHERE a.job = j.id AND a.state = 'HELD' AND a.doubt = 2) THEN 1 ELSE 0 END"),
            new Rule(
                    "an attempt is in doubt that cannot be",
                    "SELECT job FROM attempt WHERE (doubt = 1 AND state <> 'ACCEPTED') OR (doubt = 2 AND state <> 'HELD') OR (doubt = 3 AND state <> 'RETRACTED')"),
            new Rule(
                    "a campaign's count of results that confirm others is wrong",
                    "SELECT c.id FROM campaign c WHERE coalesce((SELECT sum(t.confirming) FROM tally t WHERE t.campaign = c.id), 0) <>"
                            + " (SELECT count(*) FROM attempt a JOIN job j ON j.id = a.job WHERE j.campaign = c.id AND a.state = 'SUPERSEDED')"),
            new Rule(
                    "an attempt's worker is unknown",
                    "SELECT a.job FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM worker w WHERE w.id = a.worker)"),
            new Rule(
                    "a campaign does not have a job for each slice of each WAT",
                    "SELECT c.id FROM campaign c WHERE c.state <> 'loading' AND c.stage <> 'SCORE' AND c.wats * c.slices <> (SELECT count(*) FROM job j WHERE j.campaign = c.id)"),
            new Rule(
                    "a campaign that scores lacks a job for an accepted batch",
                    "SELECT c.id FROM campaign c JOIN job s ON s.campaign = c.source AND s.state = 'DONE' WHERE c.stage = 'SCORE'"
                            + " AND NOT EXISTS (SELECT 1 FROM job j WHERE j.campaign = c.id AND j.source_job = s.id AND j.source_attempt = s.canonical)"),
            new Rule(
                    "a scoring job works on what was not accepted",
                    "SELECT j.id FROM job j LEFT JOIN job s ON s.id = j.source_job WHERE j.source_job IS NOT NULL"
                            + " AND (s.state IS NULL OR s.state <> 'DONE' OR s.canonical <> j.source_attempt)"),
            new Rule(
                    "a result in its campaign's chain has another manifest",
                    "SELECT k.job FROM chain k LEFT JOIN attempt a ON a.job = k.job AND a.number = k.attempt"
                            + " WHERE a.fingerprint IS NULL OR a.fingerprint <> k.fingerprint OR a.epoch <> k.epoch"),
            new Rule(
                    "a job changed without a line in the audit trail",
                    "SELECT j.id FROM job j LEFT JOIN (SELECT subject, count(*) AS lines FROM audit GROUP BY subject) a"
                            + " ON a.subject = 'job ' || j.id WHERE j.version > coalesce(a.lines, 0)"));

    private static final String UNCHAINED =
            "SELECT a.job FROM attempt a LEFT JOIN chain k ON k.job = a.job AND k.attempt = a.number AND k.kind <> 'RETRACT'"
                    + " WHERE a.state = 'ACCEPTED' AND k.job IS NULL LIMIT ";

    /** Faults in words, empty when the ledger is sound. */
    public static List<String> faults(SqlLedger ledger) {
        try {
            return ledger.database().read(LedgerCheck::faults);
        } catch (SQLException e) {
            throw new LedgerException("the ledger cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<String> faults(Session session) throws SQLException {
        List<String> faults = new ArrayList<>();
        for (Rule rule : RULES) {
            List<Long> found = all(session, r -> r.getLong(1), rule.sql + " LIMIT " + (SHOWN + 1));
            if (!found.isEmpty()) {
                faults.add(rule.fault + ": " + (rule.fault.startsWith("a campaign") ? "campaign " : "job ")
                        + (found.size() > SHOWN ? found.subList(0, SHOWN) + " and more" : found));
            }
        }
        Set<Long> noted = SqlResultChain.noted(session);
        List<Long> unchained = all(session, r -> r.getLong(1), UNCHAINED + (noted.size() + SHOWN + 1)).stream()
                .filter(job -> !noted.contains(job))
                .toList();
        if (!unchained.isEmpty()) {
            faults.add("an accepted result is not in its campaign's chain: job " + unchained);
        }
        for (Object[] campaign :
                all(session, r -> new Object[] {r.getLong(1), r.getString(2)}, "SELECT id, name FROM campaign")) {
            String broken = SqlResultChain.fault(session, (String) campaign[1]);
            if (!broken.isEmpty()) {
                faults.add("campaign " + campaign[1] + ": " + broken);
            }
            String fault = tallyFault(session, (Long) campaign[0]);
            if (!fault.isEmpty()) {
                faults.add("campaign " + campaign[1] + ": " + fault);
            }
        }
        return faults;
    }

    /** Counts a campaign again from its rows. */
    private static String tallyFault(Session session, long campaign) throws SQLException {
        Campaigns.Total tally = Campaigns.total(session, campaign);
        for (Object[] row : all(
                session,
                r -> new Object[] {r.getLong(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)},
                "SELECT count(*) FILTER (WHERE state = 'OPEN' AND live = 0), count(*) FILTER (WHERE state = 'OPEN' AND live > 0),"
                        + " count(*) FILTER (WHERE state = 'DONE'), count(*) FILTER (WHERE state = 'QUARANTINED'),"
                        + " count(*) FILTER (WHERE state = 'CANCELLED') FROM job WHERE campaign = ?",
                campaign)) {
            var counted = new dev.gleaner.protocol.operator.CampaignStatus.Jobs(
                    (Long) row[0], (Long) row[1], (Long) row[2], (Long) row[3], (Long) row[4]);
            if (!counted.equals(tally.jobs())) {
                return "its jobs are " + counted + ", its tally says " + tally.jobs();
            }
        }
        Counts counts = Counts.none();
        String digest = Sql.NO_CANDIDATES;
        long bytes = 0;
        for (long after = 0; ; ) {
            List<Object[]> page = all(
                    session,
                    r -> new Object[] {r.getLong(1), r.getString(2), r.getString(3)},
                    "SELECT j.id, a.manifest, a.fingerprint FROM job j JOIN attempt a ON a.job = j.id AND a.number = j.canonical"
                            + " WHERE j.campaign = ? AND j.state = 'DONE' AND j.id > ? ORDER BY j.id LIMIT 500",
                    campaign,
                    after);
            if (page.isEmpty()) {
                break;
            }
            for (Object[] row : page) {
                if (row[1] == null) {
                    return "the result of job " + row[0] + " that counts has no manifest";
                }
                Manifest manifest = Sql.parse((String) row[1], Manifest.class);
                if (!Sql.sha256((String) row[1]).equals(row[2])) {
                    return "the manifest of job " + row[0] + " is not the one that was handed in";
                }
                counts = counts.plus(manifest.counts());
                digest = CandidateDigest.sum(digest, manifest.candidateDigest());
                bytes += manifest.objects().stream()
                        .mapToLong(ShardObject::bytes)
                        .sum();
                after = (Long) row[0];
            }
        }
        boolean same = counts.equals(tally.counts()) && digest.equals(tally.digest()) && bytes == tally.bytes();
        return same ? "" : "its accepted manifests do not add up to its tally";
    }
}
