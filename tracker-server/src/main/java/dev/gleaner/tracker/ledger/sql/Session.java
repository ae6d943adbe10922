package dev.gleaner.tracker.ledger.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/** A connection and the statements prepared on it, kept for the next time. One thread at a time. */
final class Session implements AutoCloseable {
    private final Connection connection;
    private final Map<String, PreparedStatement> kept = new HashMap<>();
    private final Sums sums = new Sums();
    private final Trail trail = new Trail();
    private final ChainNotes notes = new ChainNotes();

    Session(Connection connection) {
        this.connection = connection;
    }

    /** The statement for this text; whoever runs it reads its result before anybody prepares the same text again. */
    PreparedStatement prepare(String sql) throws SQLException {
        PreparedStatement statement = kept.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            kept.put(sql, statement);
        }
        return statement;
    }

    /** Runs one statement without values. Transactions are spoken to the database itself, not to the driver. */
    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** What the changes of this transaction add to tallies. */
    Sums sums() {
        return sums;
    }

    /** What they add to the audit trail. */
    Trail trail() {
        return trail;
    }

    /** What they add to the chain of results, later. */
    ChainNotes notes() {
        return notes;
    }

    /** Writes what the changes of this transaction left for its end. */
    void settle(int slot, String forUpdate) throws SQLException {
        sums.write(this, slot, forUpdate);
        trail.write(this);
        notes.write(this);
    }

    /** The transaction is not to be. */
    void forget() {
        sums.clear();
        trail.clear();
        notes.clear();
    }

    Connection connection() {
        return connection;
    }

    @Override
    public void close() throws SQLException {
        for (PreparedStatement statement : kept.values()) {
            statement.close();
        }
        kept.clear();
        connection.close();
    }
}
