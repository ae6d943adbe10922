package dev.gleaner.tracker.ledger.sql;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.ledger.ResultChain.Kind;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Results that began or ceased to count in one transaction, written together before it commits: one row for all of them, for the
 * one thread that writes has little time. One thread.
 */
final class ChainNotes {
    private static final int FIELDS = 7;

    private final StringBuilder lines = new StringBuilder();

    /** @param manifest SHA-256 of the manifest that was handed in */
    record Note(long campaign, Kind kind, long job, FencingToken token, String manifest, Instant at) {}

    void add(Note note) {
        lines.append(note.campaign)
                .append(' ')
                .append(note.kind)
                .append(' ')
                .append(note.job)
                .append(' ')
                .append(note.token.epoch())
                .append(' ')
                .append(note.token.attempt())
                .append(' ')
                .append(note.manifest)
                .append(' ')
                .append(note.at.toEpochMilli())
                .append('\n');
    }

    void write(Session session) throws SQLException {
        if (!lines.isEmpty()) {
            Sql.update(session, "INSERT INTO unchained (notes) VALUES (?)", lines.toString());
            clear();
        }
    }

    void clear() {
        lines.setLength(0);
    }

    /** What a row says. */
    static List<Note> read(String row) throws SQLException {
        List<Note> notes = new ArrayList<>();
        for (String line : row.lines().toList()) {
            String[] fields = line.split(" ", -1);
            try {
                if (fields.length != FIELDS) {
                    throw new IllegalArgumentException("it has " + fields.length + " fields");
                }
                notes.add(new Note(
                        Long.parseLong(fields[0]),
                        Kind.valueOf(fields[1]),
                        Long.parseLong(fields[2]),
                        new FencingToken(fields[3], Integer.parseInt(fields[4])),
                        fields[5],
                        Instant.ofEpochMilli(Long.parseLong(fields[6]))));
            } catch (IllegalArgumentException e) {
                throw new SQLException("a note for the chain of results cannot be read", e);
            }
        }
        return notes;
    }
}
