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

    /** What the changes of this transaction add to tallies, written once before it commits. */
    Sums sums() {
        return sums;
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
