package dev.gleaner.tracker.ledger.sql;

import dev.gleaner.tracker.ledger.LedgerMonitor;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;

/** The contract on PostgreSQL, a database for each test. */
abstract class PostgresContract extends LedgerContract {
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private String database;

    /** Address of a database of the server, with user and password. */
    abstract String url(String name);

    @BeforeEach
    @Override
    void open() {
        database = "ledger" + DATABASES.incrementAndGet();
        try (Connection c = DriverManager.getConnection(url("postgres"));
                Statement s = c.createStatement()) {
            s.execute("CREATE DATABASE " + database);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        super.open();
    }

    @Override
    SqlLedger openLedger() {
        return SqlLedger.postgres(url(database), null, null, clock, LedgerMonitor.NONE);
    }

    @Override
    Connection otherConnection() throws SQLException {
        return DriverManager.getConnection(url(database));
    }

    @Override
    String versionStatement(int version) {
        return "DELETE FROM schema_version; INSERT INTO schema_version VALUES (" + version + ")";
    }
}
