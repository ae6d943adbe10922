package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.result.CandidateDigest;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.trust.Standing;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
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

    private static final String NO_COUNTS = json(Counts.none());
    private static final String NO_PROFILE = json(Profile.none());
    /** What {@code progress} sums up. */
    static final long INTERVAL_MILLIS = 300_000;

    private static final long DAY_MILLIS = 86_400_000;

    private static final class Tally {
        private final Map<Column, Long> jobs = new EnumMap<>(Column.class);

        private Counts counts = Counts.none();
        private Profile profile = Profile.none();
        private String digest = Sql.NO_CANDIDATES;
        private long bytes;
        private boolean results;
        /** Of results that were taken back. */
        private Counts countsLost = Counts.none();

        private Profile profileLost = Profile.none();
        private long confirming;

        long jobs(Column column) {
            return jobs.getOrDefault(column, 0L);
        }
    }

    private static final class Person {
        private int accepted;
        private int rejected;
        private int failed;
        private final List<Standing.Outcome> outcomes = new ArrayList<>();
        private long kept;
        private int raised;
        private int lowered;
    }

    /** What came in within one interval. */
    private static final class Intake {
        private long jobs;
        private long candidates;
        private long kept;
        private long bytes;
    }

    private record Interval(long campaign, long at) implements Comparable<Interval> {
        @Override
        public int compareTo(Interval other) {
            int by = Long.compare(campaign, other.campaign);
            return by != 0 ? by : Long.compare(at, other.at);
        }
    }

    private final Map<Long, Tally> tallies = new TreeMap<>();
    private final Map<Interval, Intake> intervals = new TreeMap<>();
    private final Map<String, Person> workers = new TreeMap<>();
    private long now;

    void jobs(long campaign, Column column, long count) {
        tallies.computeIfAbsent(campaign, c -> new Tally()).jobs.merge(column, count, Long::sum);
    }

    /**
     * A result has become a job's canonical one.
     *
     * @param pairs whether what it kept are pairs, and not pictures that are yet to be scored
     * @param at epoch milliseconds
     */
    void result(long campaign, String worker, Manifest manifest, Profile profile, boolean pairs, long at) {
        Tally tally = tallies.computeIfAbsent(campaign, c -> new Tally());
        tally.results = true;
        tally.counts = tally.counts.plus(manifest.counts());
        tally.profile = tally.profile.plus(profile);
        tally.digest = CandidateDigest.sum(tally.digest, manifest.candidateDigest());
        long bytes = manifest.objects().stream().mapToLong(ShardObject::bytes).sum();
        tally.bytes += bytes;
        Intake intake = intervals.computeIfAbsent(
                new Interval(campaign, at - Math.floorMod(at, INTERVAL_MILLIS)), i -> new Intake());
        intake.jobs++;
        intake.candidates += manifest.counts().candidates();
        intake.kept += manifest.counts().kept();
        intake.bytes += bytes;
        workers.computeIfAbsent(worker, w -> new Person()).kept +=
                pairs ? manifest.counts().kept() : 0;
    }

    /** The other way round of {@link #result}: what the intervals say of the past stays. */
    void retracted(long campaign, String worker, Manifest manifest, Profile profile) {
        Tally tally = tallies.computeIfAbsent(campaign, c -> new Tally());
        tally.results = true;
        tally.countsLost = tally.countsLost.plus(manifest.counts());
        tally.profileLost = tally.profileLost.plus(profile);
        tally.digest = CandidateDigest.minus(tally.digest, manifest.candidateDigest());
        tally.bytes -= manifest.objects().stream().mapToLong(ShardObject::bytes).sum();
        workers.computeIfAbsent(worker, w -> new Person()).kept -=
                manifest.counts().kept();
    }

    /** A result did nothing but confirm another. */
    void confirming(long campaign) {
        tallies.computeIfAbsent(campaign, c -> new Tally()).confirming++;
    }

    /** A comparison has said something of a worker. */
    void judged(String worker, Standing.Outcome outcome) {
        workers.computeIfAbsent(worker, w -> new Person()).outcomes.add(outcome);
    }

    /** An attempt has ended so. Whose fault that is, is told in {@code docs/leases.md}. */
    void ended(String worker, AttemptStatus status, LedgerEvent event, long at) {
        now = at;
        switch (status) {
            case ACCEPTED, SUPERSEDED -> {
                Person person = workers.computeIfAbsent(worker, w -> new Person());
                person.accepted++;
                person.raised++;
                person.rejected -= event instanceof LedgerEvent.Reinstate ? 1 : 0;
            }
            case RETRACTED -> {
                Person person = workers.computeIfAbsent(worker, w -> new Person());
                person.accepted--;
                person.rejected++;
                person.lowered++;
            }
            case REJECTED -> {
                Person person = workers.computeIfAbsent(worker, w -> new Person());
                person.rejected++;
                person.lowered++;
            }
            case FAILED, EXPIRED -> failed(worker, event);
            case LEASED, SUBMITTED, HELD, RELEASED, REVOKED -> {}
        }
    }

    private void failed(String worker, LedgerEvent event) {
        if (event instanceof LedgerEvent.Expire expire && expire.amnesty()) {
            return;
        }
        Person person = workers.computeIfAbsent(worker, w -> new Person());
        person.failed++;
        boolean ownFault = !(event instanceof LedgerEvent.Fail fail) || fail.failure() == FailureClass.RESOURCE;
        person.lowered += ownFault ? 1 : 0;
    }

    void write(Session session, int slot, String forUpdate) throws SQLException {
        for (Map.Entry<Long, Tally> entry : tallies.entrySet()) {
            write(session, entry.getKey(), slot, entry.getValue(), forUpdate);
        }
        for (Map.Entry<Interval, Intake> entry : intervals.entrySet()) {
            write(session, entry.getKey(), slot, entry.getValue());
        }
        for (Map.Entry<String, Person> entry : workers.entrySet()) {
            write(session, entry.getKey(), entry.getValue());
            standing(session, entry.getKey(), entry.getValue(), forUpdate);
        }
        for (Map.Entry<String, Person> entry : workers.entrySet()) {
            gift(session, Math.floorDiv(now, DAY_MILLIS), entry.getKey(), entry.getValue());
        }
        clear();
    }

    private static void write(Session session, Interval interval, int slot, Intake intake) throws SQLException {
        update(
                session,
                "INSERT INTO progress (campaign, at, slot, jobs, candidates, kept, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)"
                        + " ON CONFLICT (campaign, at, slot) DO UPDATE SET jobs = progress.jobs + excluded.jobs,"
                        + " candidates = progress.candidates + excluded.candidates, kept = progress.kept + excluded.kept,"
                        + " bytes = progress.bytes + excluded.bytes",
                interval.campaign,
                interval.at,
                slot,
                intake.jobs,
                intake.candidates,
                intake.kept,
                intake.bytes);
    }

    private static void gift(Session session, long day, String worker, Person person) throws SQLException {
        update(
                session,
                "INSERT INTO gift (day, worker, accepted, rejected, failed, kept) VALUES (?, ?, ?, ?, ?, ?)"
                        + " ON CONFLICT (day, worker) DO UPDATE SET accepted = gift.accepted + excluded.accepted,"
                        + " rejected = gift.rejected + excluded.rejected, failed = gift.failed + excluded.failed,"
                        + " kept = gift.kept + excluded.kept",
                day,
                worker,
                person.accepted,
                person.rejected,
                person.failed,
                person.kept);
    }

    /** The standing is doubled by each accepted result and loses a thousandth by each fault. */
    private static void write(Session session, String worker, Person person) throws SQLException {
        if (person.raised == 0 && person.lowered == 0) {
            update(
                    session,
                    "UPDATE worker SET failed = failed + ?, kept = kept + ? WHERE id = ?",
                    person.failed,
                    person.kept,
                    worker);
            return;
        }
        int times = 1 << Math.min(10, person.raised);
        update(
                session,
                "UPDATE worker SET accepted = accepted + ?, rejected = rejected + ?, failed = failed + ?, kept = kept + ?,"
                        + " streak = streak * ? + ?, standing = CASE WHEN standing * ? - ? > 1000 THEN 1000"
                        + " WHEN standing * ? - ? < 1 THEN 1 ELSE standing * ? - ? END WHERE id = ?",
                person.accepted,
                person.rejected,
                person.failed,
                person.kept,
                person.lowered == 0 ? 1 : 0,
                person.lowered == 0 ? person.raised : 0,
                times,
                person.lowered,
                times,
                person.lowered,
                times,
                person.lowered,
                worker);
    }

    /** What was proven of a worker. A wrong result makes all doubtful that was accepted unchecked since the last one found right. */
    private void standing(Session session, String worker, Person person, String forUpdate) throws SQLException {
        if (person.outcomes.isEmpty()) {
            return;
        }
        long[] before = one(
                        session,
                        r -> new long[] {r.getLong(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5)},
                        "SELECT proven, suspicion, convicted, confirmed_at, suspect FROM worker WHERE id = ?"
                                + forUpdate,
                        worker)
                .orElseThrow();
        Standing standing = new Standing((int) before[0], (int) before[1], before[2] != 0);
        long confirmed = before[3];
        long suspect = before[4];
        for (Standing.Outcome outcome : person.outcomes) {
            standing = standing.after(outcome);
            if (outcome == Standing.Outcome.CONFIRMED) {
                confirmed = now;
            } else if (outcome == Standing.Outcome.WRONG) {
                long since = Math.max(1, confirmed);
                suspect = suspect == 0 ? since : Math.min(suspect, since);
            }
        }
        update(
                session,
                "UPDATE worker SET proven = ?, suspicion = ?, convicted = ?, confirmed_at = ?, suspect = ? WHERE id = ?",
                standing.proven(),
                standing.suspicion(),
                standing.convicted() ? 1 : 0,
                confirmed,
                suspect,
                worker);
    }

    private static void write(Session session, long campaign, int slot, Tally tally, String forUpdate)
            throws SQLException {
        update(
                session,
                "INSERT INTO tally (campaign, slot, free, leased, done, quarantined, cancelled, counts, bytes, digest, profile) VALUES (?, ?, 0, 0, 0, 0, 0, ?, 0, ?, ?)"
                        + " ON CONFLICT DO NOTHING",
                campaign,
                slot,
                NO_COUNTS,
                Sql.NO_CANDIDATES,
                NO_PROFILE);
        update(
                session,
                "UPDATE tally SET free = free + ?, leased = leased + ?, done = done + ?, quarantined = quarantined + ?, cancelled = cancelled + ?,"
                        + " bytes = bytes + ?, confirming = confirming + ? WHERE campaign = ? AND slot = ?",
                tally.jobs(Column.FREE),
                tally.jobs(Column.LEASED),
                tally.jobs(Column.DONE),
                tally.jobs(Column.QUARANTINED),
                tally.jobs(Column.CANCELLED),
                tally.bytes,
                tally.confirming,
                campaign,
                slot);
        if (!tally.results) {
            return;
        }
        String[] before = one(
                        session,
                        r -> new String[] {r.getString(1), r.getString(2), r.getString(3)},
                        "SELECT counts, digest, profile FROM tally WHERE campaign = ? AND slot = ?" + forUpdate,
                        campaign,
                        slot)
                .orElseThrow();
        update(
                session,
                "UPDATE tally SET counts = ?, digest = ?, profile = ? WHERE campaign = ? AND slot = ?",
                json(parse(before[0], Counts.class).plus(tally.counts).minus(tally.countsLost)),
                CandidateDigest.sum(before[1], tally.digest),
                json(parse(before[2], Profile.class).plus(tally.profile).minus(tally.profileLost)),
                campaign,
                slot);
    }

    void clear() {
        tallies.clear();
        intervals.clear();
        workers.clear();
    }
}
