package dev.gleaner.tracker.ledger.sql;

import dev.gleaner.tracker.ledger.LedgerMonitor;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** The contract on a real PostgreSQL server that this test starts, without Docker. */
class PostgresLedgerIT extends LedgerContract {
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static EmbeddedPostgres server;
    private String database;

    @BeforeAll
    static void start() throws IOException {
        // The library's default switches the very durability off that the ledger insists on.
        server = EmbeddedPostgres.builder()
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .start();
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @BeforeEach
    @Override
    void open() {
        database = "ledger" + DATABASES.incrementAndGet();
        try (Connection c = server.getPostgresDatabase().getConnection();
                Statement s = c.createStatement()) {
            s.execute("CREATE DATABASE " + database);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        super.open();
    }

    @Override
    SqlLedger openLedger() {
        return SqlLedger.postgres(server.getJdbcUrl("postgres", database), "postgres", "", clock, LedgerMonitor.NONE);
    }

    @Override
    Connection otherConnection() throws SQLException {
        return DriverManager.getConnection(server.getJdbcUrl("postgres", database), "postgres", "");
    }

    @Override
    String versionStatement(int version) {
        return "DELETE FROM schema_version; INSERT INTO schema_version VALUES (" + version + ")";
    }
}
