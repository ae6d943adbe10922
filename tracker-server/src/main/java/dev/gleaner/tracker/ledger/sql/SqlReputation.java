package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.parse;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Reputation;
import dev.gleaner.tracker.trust.Party;
import dev.gleaner.tracker.trust.Standing;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Who can be believed, in the ledger's database. */
final class SqlReputation implements Reputation {
    private final SqlLedger ledger;

    SqlReputation(SqlLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public Optional<Replication> replication(String campaign) {
        return ledger.read(c -> one(
                c,
                r -> r.getString(1) == null ? null : parse(r.getString(1), Replication.class),
                "SELECT replication FROM campaign WHERE name = ?",
                campaign));
    }

    @Override
    public CompletionStage<Boolean> replicate(String campaign, @Nullable Replication rule, String actor) {
        String text = rule == null ? null : json(rule);
        return ledger.write(0, c -> {
            boolean found = update(c, "UPDATE campaign SET replication = ? WHERE name = ?", text, campaign) == 1;
            if (found) {
                ledger.audit(c, actor, "campaign-replication", campaign, text);
            }
            return found;
        });
    }

    @Override
    public List<HandedIn> handedIn(long job) {
        return ledger.read(c -> all(
                c,
                SqlReputation::handedIn,
                "SELECT a.epoch, a.number, a.worker, w.agent, w.nickname, w.team, w.address, w.proven, w.suspicion, w.convicted,"
                        + " a.state, a.fingerprint, a.manifest FROM attempt a JOIN worker w ON w.id = a.worker"
                        + " WHERE a.job = ? AND a.state IN ('SUBMITTED', 'HELD') ORDER BY a.number",
                job));
    }

    private static HandedIn handedIn(ResultSet r) throws SQLException {
        String worker = r.getString(3);
        return new HandedIn(
                new FencingToken(r.getString(1), r.getInt(2)),
                worker,
                r.getString(4),
                Party.of(worker, r.getString(5), r.getString(6), r.getString(7)),
                new Standing(r.getInt(8), r.getInt(9), r.getInt(10) != 0),
                AttemptStatus.valueOf(r.getString(11)),
                Objects.requireNonNull(r.getString(12), "a result that was handed in has a fingerprint"),
                Objects.requireNonNull(r.getString(13), "and a manifest"));
    }

    @Override
    public List<Result> waiting(String campaign) {
        return ledger.read(c -> all(
                c,
                SqlReputation::result,
                "SELECT a.job, a.number FROM attempt a JOIN job j ON j.id = a.job WHERE a.doubt = 2"
                        + " AND j.campaign = (SELECT id FROM campaign WHERE name = ?) ORDER BY a.job, a.number",
                campaign));
    }

    @Override
    public List<Suspect> suspects() {
        return ledger.read(c -> all(
                c,
                r -> new Suspect(r.getString(1), r.getLong(2), r.getInt(3) != 0),
                "SELECT id, suspect, convicted FROM worker WHERE suspect > 0"));
    }

    @Override
    public CompletionStage<Void> settled(Suspect suspect) {
        return ledger.write(
                        suspect.worker().hashCode(),
                        c -> update(
                                c,
                                "UPDATE worker SET suspect = 0 WHERE id = ? AND suspect = ? AND convicted = ?",
                                suspect.worker(),
                                suspect.since(),
                                suspect.convicted() ? 1 : 0))
                .thenAccept(rows -> {});
    }

    @Override
    public List<Result> unchecked(String worker, long since) {
        return ledger.read(c -> all(
                c,
                SqlReputation::result,
                "SELECT job, number FROM attempt WHERE doubt = 1 AND worker = ? AND ended_at >= ?",
                worker,
                since));
    }

    @Override
    public List<Result> vouchedForByNobody(String worker) {
        return ledger.read(c -> all(
                c,
                SqlReputation::result,
                "SELECT k.job, k.number FROM attempt a JOIN job j ON j.id = a.job AND j.state = 'DONE'"
                        + " JOIN attempt k ON k.job = j.id AND k.number = j.canonical"
                        + " WHERE a.worker = ? AND a.state IN ('ACCEPTED', 'SUPERSEDED') AND NOT EXISTS (SELECT 1 FROM attempt v"
                        + " JOIN worker w ON w.id = v.worker WHERE v.job = j.id AND v.state IN ('ACCEPTED', 'SUPERSEDED') AND w.convicted = 0)",
                worker));
    }

    @Override
    public List<Result> leaving(int limit) {
        return ledger.read(
                c -> all(c, SqlReputation::result, "SELECT job, number FROM attempt WHERE doubt = 3 LIMIT " + limit));
    }

    @Override
    public CompletionStage<Void> left(Result result) {
        return ledger.write(
                        result.job(),
                        c -> update(
                                c,
                                "UPDATE attempt SET doubt = 0 WHERE job = ? AND number = ? AND doubt = 3",
                                result.job(),
                                result.attempt()))
                .thenAccept(rows -> {});
    }

    @Override
    public List<Result> retracted(String worker) {
        return ledger.read(c -> all(
                c,
                SqlReputation::result,
                "SELECT a.job, a.number FROM attempt a JOIN job j ON j.id = a.job AND j.state = 'OPEN'"
                        + " WHERE a.worker = ? AND a.state = 'RETRACTED'",
                worker));
    }

    private static Result result(ResultSet r) throws SQLException {
        return new Result(r.getLong(1), r.getInt(2));
    }

    @Override
    public CompletionStage<Boolean> pardon(String worker, String actor) {
        return ledger.write(worker.hashCode(), c -> {
            boolean found =
                    update(c, "UPDATE worker SET suspicion = 0, convicted = 0, suspect = 0 WHERE id = ?", worker) == 1;
            if (found) {
                ledger.audit(c, actor, "worker-pardon", worker, null);
            }
            return found;
        });
    }

    @Override
    public CompletionStage<Boolean> convict(String worker, String actor) {
        return ledger.write(worker.hashCode(), c -> {
            boolean convicted = update(
                            c,
                            "UPDATE worker SET convicted = 1, proven = 0, suspect = 1 WHERE id = ? AND convicted = 0",
                            worker)
                    == 1;
            if (convicted) {
                ledger.audit(c, actor, "worker-convict", worker, null);
            }
            return convicted;
        });
    }
}
