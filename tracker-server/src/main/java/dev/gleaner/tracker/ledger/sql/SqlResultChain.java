package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.ledger.ResultChain;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The chain in the ledger's database. Changes of results note themselves where they are made, many side by side; links are made of
 * the notes later, by one writer at a time.
 */
final class SqlResultChain implements ResultChain {
    private static final String LINKS =
            "SELECT k.seq, k.kind, k.job, k.attempt, k.epoch, k.fingerprint, k.at, k.hash FROM chain k JOIN campaign c ON c.id = k.campaign WHERE c.name = ? ";

    private final SqlLedger ledger;

    SqlResultChain(SqlLedger ledger) {
        this.ledger = ledger;
    }

    /** Within the change that it tells of. */
    static void note(Session session, long campaign, Kind kind, long job, int attempt, long now) throws SQLException {
        update(
                session,
                "INSERT INTO unchained (campaign, kind, job, attempt, at) VALUES (?, ?, ?, ?, ?)",
                campaign,
                kind.name(),
                job,
                attempt,
                now);
    }

    private record Note(
            long id,
            long campaign,
            String name,
            Kind kind,
            long job,
            FencingToken token,
            String manifest,
            Instant at) {}

    private record Head(long seq, String hash) {}

    @Override
    public CompletionStage<Integer> extend(int most) {
        return ledger.write(0, c -> {
            one(
                    c,
                    r -> r.getString(1),
                    "SELECT value FROM meta WHERE key = 'chain'"
                            + ledger.database().forUpdate());
            List<Note> notes = all(
                    c,
                    r -> new Note(
                            r.getLong(1),
                            r.getLong(2),
                            r.getString(3),
                            Kind.valueOf(r.getString(4)),
                            r.getLong(5),
                            new FencingToken(r.getString(7), r.getInt(6)),
                            r.getString(8),
                            Instant.ofEpochMilli(r.getLong(9))),
                    "SELECT u.id, u.campaign, c.name, u.kind, u.job, u.attempt, a.epoch, a.fingerprint, u.at FROM unchained u"
                            + " JOIN campaign c ON c.id = u.campaign JOIN attempt a ON a.job = u.job AND a.number = u.attempt ORDER BY u.id LIMIT ?",
                    most);
            Map<Long, Head> heads = new HashMap<>();
            for (Note note : notes) {
                Head head = heads.get(note.campaign);
                if (head == null) {
                    head = one(
                                    c,
                                    r -> new Head(r.getLong(1), r.getString(2)),
                                    "SELECT seq, hash FROM chain WHERE campaign = ? ORDER BY seq DESC LIMIT 1",
                                    note.campaign)
                            .orElse(new Head(0, Link.root(note.name)));
                }
                Link link =
                        Link.after(head.hash, head.seq + 1, note.kind, note.job, note.token, note.manifest, note.at);
                update(
                        c,
                        "INSERT INTO chain (campaign, seq, kind, job, attempt, epoch, fingerprint, at, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        note.campaign,
                        link.seq(),
                        link.kind().name(),
                        link.job(),
                        link.token().attempt(),
                        link.token().epoch(),
                        link.manifest(),
                        link.at().toEpochMilli(),
                        link.hash());
                update(c, "DELETE FROM unchained WHERE id = ?", note.id);
                heads.put(note.campaign, new Head(link.seq(), link.hash()));
            }
            return notes.size();
        });
    }

    @Override
    public List<Link> links(String campaign, long after, int limit) {
        return ledger.read(c ->
                all(c, SqlResultChain::link, LINKS + "AND k.seq > ? ORDER BY k.seq LIMIT ?", campaign, after, limit));
    }

    @Override
    public Optional<Link> head(String campaign) {
        return ledger.read(c -> one(c, SqlResultChain::link, LINKS + "ORDER BY k.seq DESC LIMIT 1", campaign));
    }

    private static Link link(ResultSet r) throws SQLException {
        return new Link(
                r.getLong(1),
                Kind.valueOf(r.getString(2)),
                r.getLong(3),
                new FencingToken(r.getString(5), r.getInt(4)),
                Objects.requireNonNull(r.getString(6), "a link names a manifest"),
                Instant.ofEpochMilli(r.getLong(7)),
                r.getString(8));
    }

    /** What is wrong with a campaign's chain, or an empty text. */
    static String fault(Session session, String campaign) throws SQLException {
        String before = Link.root(campaign);
        long seq = 0;
        while (true) {
            List<Link> links = all(
                    session, SqlResultChain::link, LINKS + "AND k.seq > ? ORDER BY k.seq LIMIT 1000", campaign, seq);
            if (links.isEmpty()) {
                return "";
            }
            for (Link link : links) {
                if (link.seq() != seq + 1 || !link.follows(before)) {
                    return "link " + (seq + 1) + " of its chain does not follow the one before";
                }
                seq = link.seq();
                before = link.hash();
            }
        }
    }
}
