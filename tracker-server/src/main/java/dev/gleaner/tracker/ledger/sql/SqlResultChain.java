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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * The chain in the ledger's database. Changes of results note themselves where they are made, many side by side; links are made of
 * the notes later, by one writer at a time.
 */
final class SqlResultChain implements ResultChain {
    private static final int ROWS_AT_ONCE = 100;
    /** The others' changes shall find room between. */
    private static final int ENOUGH = 500;

    private static final String LINKS =
            "SELECT k.seq, k.kind, k.job, k.attempt, k.epoch, k.fingerprint, k.at, k.hash FROM chain k JOIN campaign c ON c.id = k.campaign WHERE c.name = ? ";

    private final SqlLedger ledger;

    SqlResultChain(SqlLedger ledger) {
        this.ledger = ledger;
    }

    private record Head(long seq, String hash) {}

    private record Row(long id, String notes) {}

    @Override
    public CompletionStage<Integer> extend() {
        return ledger.write(0, c -> {
            one(
                    c,
                    r -> r.getString(1),
                    "SELECT value FROM meta WHERE key = 'chain'"
                            + ledger.database().forUpdate());
            Map<Long, Head> heads = new HashMap<>();
            int added = 0;
            for (Row row : all(
                    c,
                    r -> new Row(r.getLong(1), r.getString(2)),
                    "SELECT id, notes FROM unchained ORDER BY id LIMIT " + ROWS_AT_ONCE)) {
                List<ChainNotes.Note> notes = ChainNotes.read(row.notes);
                for (ChainNotes.Note note : notes) {
                    Head head = heads.get(note.campaign());
                    heads.put(note.campaign(), append(c, note, head == null ? head(c, note.campaign()) : head));
                }
                update(c, "DELETE FROM unchained WHERE id = ?", row.id);
                added += notes.size();
                if (added >= ENOUGH) {
                    break;
                }
            }
            return added;
        });
    }

    private static Head head(Session session, long campaign) throws SQLException {
        Optional<Head> last = one(
                session,
                r -> new Head(r.getLong(1), r.getString(2)),
                "SELECT seq, hash FROM chain WHERE campaign = ? ORDER BY seq DESC LIMIT 1",
                campaign);
        return last.isPresent()
                ? last.get()
                : new Head(
                        0,
                        Link.root(one(session, r -> r.getString(1), "SELECT name FROM campaign WHERE id = ?", campaign)
                                .orElseThrow()));
    }

    private static Head append(Session session, ChainNotes.Note note, Head head) throws SQLException {
        Link link =
                Link.after(head.hash, head.seq + 1, note.kind(), note.job(), note.token(), note.manifest(), note.at());
        update(
                session,
                "INSERT INTO chain (campaign, seq, kind, job, attempt, epoch, fingerprint, at, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                note.campaign(),
                link.seq(),
                link.kind().name(),
                link.job(),
                link.token().attempt(),
                link.token().epoch(),
                link.manifest(),
                link.at().toEpochMilli(),
                link.hash());
        return new Head(link.seq(), link.hash());
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

    /** Jobs with results that have no link yet. */
    static Set<Long> noted(Session session) throws SQLException {
        Set<Long> jobs = new HashSet<>();
        for (String row : all(session, r -> r.getString(1), "SELECT notes FROM unchained")) {
            ChainNotes.read(row).forEach(note -> jobs.add(note.job()));
        }
        return jobs;
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
