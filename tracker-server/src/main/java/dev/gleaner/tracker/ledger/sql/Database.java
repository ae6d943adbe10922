package dev.gleaner.tracker.ledger.sql;

import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;

/** What differs between the databases: how to connect, where the schema's version is kept, a few words of SQL. */
interface Database extends AutoCloseable {
    /** A reading question. */
    @FunctionalInterface
    interface Query<T> {
        T run(Session session) throws SQLException;
    }

    /** A new session for a writer of its own; not in a transaction. */
    Session writing() throws SQLException;

    /** How many writers work side by side; a job's changes all go to one of them. */
    int writers();

    /** Whether other writers, here or elsewhere, may hold locks at the same time. */
    boolean isShared();

    /** Runs a question on one of the sessions for reading. */
    <T> T read(Query<T> query) throws SQLException;

    /** Begins a transaction that will write. */
    String begin();

    /** Added to a SELECT whose row is going to be changed by what was read. */
    String forUpdate();

    /** Added to a SELECT whose row must not be locked for a change by others until this transaction is over. */
    String forShare();

    /** A migration written for SQLite, in this database's words. */
    String translate(String script);

    /** Keeps other trackers from migrating at the same time; inside the transaction of a migration. */
    void lockSchema(Session session) throws SQLException;

    /** The schema's version, 0 when there is none. */
    int version(Session session) throws SQLException;

    void version(Session session, int version) throws SQLException;

    /** Whether a failed transaction may succeed when it is tried again. */
    boolean passing(SQLException e);

    /** Writes a consistent copy while others read and write. */
    void backup(Path to) throws SQLException;

    /** For log lines and messages; no secrets. */
    String name();

    @Override
    void close() throws SQLException;

    /** Runs the statements of a script one by one; a statement ends with a semicolon at the end of a line. */
    static void run(Session session, String script) throws SQLException {
        try (Statement statement = session.connection().createStatement()) {
            for (String sql : script.replaceAll("(?m)^--.*$", "").split(";\\s*(\n|$)", -1)) {
                if (!sql.isBlank()) {
                    statement.execute(sql);
                }
            }
        }
    }
}
