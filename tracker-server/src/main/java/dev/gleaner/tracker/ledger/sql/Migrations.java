package dev.gleaner.tracker.ledger.sql;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;

/** Brings a ledger's schema up to this program's: forward only, in one transaction. A newer ledger is refused. */
final class Migrations {
    static final int VERSION = 11;

    private Migrations() {}

    static void run(Database database, Session session) throws SQLException {
        session.execute(database.begin());
        try {
            database.lockSchema(session);
            int version = database.version(session);
            if (version > VERSION) {
                throw new SQLException("the ledger has schema version " + version + ", this tracker knows up to "
                        + VERSION + "; start it with the newer program that wrote it");
            }
            for (int next = version + 1; next <= VERSION; next++) {
                Database.run(session, database.translate(script(next)));
                database.version(session, next);
            }
            session.execute("COMMIT");
        } catch (SQLException e) {
            session.execute("ROLLBACK");
            throw e;
        }
    }

    private static String script(int version) throws SQLException {
        try (InputStream in = Migrations.class.getResourceAsStream("V" + version + ".sql")) {
            if (in == null) {
                throw new SQLException("the program lacks its migration V" + version);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new SQLException("the migration V" + version + " cannot be read", e);
        }
    }
}
