package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.AttemptStatus;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the changes of one transaction add to the campaigns' tallies and the workers' records. Gathered while the changes are
 * made and written once, in the order of the keys, so that writers side by side lock rows in one order.
 */
final class Sums {
    /** A job as the tally counts it. */
    enum Column {
        FREE,
        LEASED,
        DONE,
        QUARANTINED,
        CANCELLED
    }

    private static final class Tally {
        private final Map<Column, Long> jobs = new EnumMap<>(Column.class);

        private Counts counts = Counts.none();
        private String digest = Sql.NO_CANDIDATES;
        private long bytes;
        private boolean results;

        long jobs(Column column) {
            return jobs.getOrDefault(column, 0L);
        }
    }

    private static final class Person {
        private int accepted;
        private int rejected;
        private int failed;
        private long kept;
    }

    private final Map<Long, Tally> tallies = new TreeMap<>();
    private final Map<String, Person> workers = new TreeMap<>();

    void jobs(long campaign, Column column, long count) {
        tallies.computeIfAbsent(campaign, c -> new Tally()).jobs.merge(column, count, Long::sum);
    }

    /** A result has become a job's canonical one. */
    void result(long campaign, String worker, Manifest manifest) {
        Tally tally = tallies.computeIfAbsent(campaign, c -> new Tally());
        tally.results = true;
        tally.counts = tally.counts.plus(manifest.counts());
        tally.digest = CandidateDigest.sum(tally.digest, manifest.candidateDigest());
        tally.bytes += manifest.objects().stream().mapToLong(ShardObject::bytes).sum();
        workers.computeIfAbsent(worker, w -> new Person()).kept +=
                manifest.counts().kept();
    }

    /** An attempt has ended so. */
    void ended(String worker, AttemptStatus status) {
        switch (status) {
            case ACCEPTED, SUPERSEDED -> workers.computeIfAbsent(worker, w -> new Person()).accepted++;
            case REJECTED -> workers.computeIfAbsent(worker, w -> new Person()).rejected++;
            case FAILED, EXPIRED -> workers.computeIfAbsent(worker, w -> new Person()).failed++;
            case LEASED, SUBMITTED, HELD, RELEASED, REVOKED -> {}
        }
    }

    void write(Session session, int slot, String forUpdate) throws SQLException {
        for (Map.Entry<Long, Tally> entry : tallies.entrySet()) {
            write(session, entry.getKey(), slot, entry.getValue(), forUpdate);
        }
        for (Map.Entry<String, Person> entry : workers.entrySet()) {
            Person person = entry.getValue();
            update(
                    session,
                    "UPDATE worker SET accepted = accepted + ?, rejected = rejected + ?, failed = failed + ?, kept = kept + ? WHERE id = ?",
                    person.accepted,
                    person.rejected,
                    person.failed,
                    person.kept,
                    entry.getKey());
        }
        clear();
    }

    private static void write(Session session, long campaign, int slot, Tally tally, String forUpdate)
            throws SQLException {
        Counts counts = tally.counts;
        String digest = tally.digest;
        if (tally.results) {
            Object[] before = one(
                            session,
                            r -> new Object[] {r.getString(1), r.getString(2)},
                            "SELECT counts, digest FROM tally WHERE campaign = ? AND slot = ?" + forUpdate,
                            campaign,
                            slot)
                    .orElse(null);
            if (before != null) {
                counts = parse((String) before[0], Counts.class).plus(counts);
                digest = CandidateDigest.sum((String) before[1], digest);
            }
        }
        int rows = tally.results
                ? update(
                        session,
                        "UPDATE tally SET free = free + ?, leased = leased + ?, done = done + ?, quarantined = quarantined + ?, cancelled = cancelled + ?,"
                                + " counts = ?, bytes = bytes + ?, digest = ? WHERE campaign = ? AND slot = ?",
                        tally.jobs(Column.FREE),
                        tally.jobs(Column.LEASED),
                        tally.jobs(Column.DONE),
                        tally.jobs(Column.QUARANTINED),
                        tally.jobs(Column.CANCELLED),
                        json(counts),
                        tally.bytes,
                        digest,
                        campaign,
                        slot)
                : update(
                        session,
                        "UPDATE tally SET free = free + ?, leased = leased + ?, done = done + ?, quarantined = quarantined + ?, cancelled = cancelled + ?"
                                + " WHERE campaign = ? AND slot = ?",
                        tally.jobs(Column.FREE),
                        tally.jobs(Column.LEASED),
                        tally.jobs(Column.DONE),
                        tally.jobs(Column.QUARANTINED),
                        tally.jobs(Column.CANCELLED),
                        campaign,
                        slot);
        if (rows == 0) {
            update(
                    session,
                    "INSERT INTO tally (campaign, slot, free, leased, done, quarantined, cancelled, counts, bytes, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    campaign,
                    slot,
                    tally.jobs(Column.FREE),
                    tally.jobs(Column.LEASED),
                    tally.jobs(Column.DONE),
                    tally.jobs(Column.QUARANTINED),
                    tally.jobs(Column.CANCELLED),
                    json(counts),
                    tally.bytes,
                    digest);
        }
    }

    void clear() {
        tallies.clear();
        workers.clear();
    }
}
