package dev.gleaner.tracker.ledger.sql;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Brings a ledger's schema up to this program's: forward only, each step in one transaction, the version in SQLite's own
 * {@code user_version}. A ledger newer than the program is refused.
 */
final class Migrations {
    static final int VERSION = 1;

    private Migrations() {}

    static void run(Connection connection) throws SQLException {
        int version = version(connection);
        if (version > VERSION) {
            throw new SQLException("the ledger has schema version " + version + ", this tracker knows up to " + VERSION
                    + "; start it with the newer program that wrote it");
        }
        connection.setAutoCommit(false);
        for (int next = version + 1; next <= VERSION; next++) {
            try (Statement statement = connection.createStatement()) {
                for (String sql : script(next).split(";\\s*\n", -1)) {
                    if (!sql.isBlank()) {
                        statement.execute(sql);
                    }
                }
                statement.execute("PRAGMA user_version = " + next);
            }
            connection.commit();
        }
        connection.setAutoCommit(true);
    }

    private static int version(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("PRAGMA user_version")) {
            return row.next() ? row.getInt(1) : 0;
        }
    }

    private static String script(int version) throws SQLException {
        try (InputStream in = Migrations.class.getResourceAsStream("V" + version + ".sql")) {
            if (in == null) {
                throw new SQLException("the program lacks its migration V" + version);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)^--.*$", "");
        } catch (IOException e) {
            throw new SQLException("the migration V" + version + " cannot be read", e);
        }
    }
}
