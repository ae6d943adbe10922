package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A real PostgreSQL server that this test starts, without Docker. */
class PostgresLedgerIT extends PostgresContract {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() throws IOException {
        // The library's default switches the very durability off that the ledger insists on.
        server = EmbeddedPostgres.builder()
                .setServerConfig("unix_socket_directories", "") // Or it writes into /tmp.
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .start();
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @Override
    String url(String name) {
        return server.getJdbcUrl("postgres", name);
    }

    @Test
    void aServerThatWouldForgetWhatItAcknowledgedIsRefused() {
        Ledger.LedgerException e = assertThrows(
                Ledger.LedgerException.class,
                () -> SqlLedger.postgres(
                        url("postgres") + "&options=-c%20synchronous_commit=off",
                        null,
                        null,
                        clock,
                        LedgerMonitor.NONE));
        assertTrue(e.getMessage().contains("synchronous_commit = off"), e.getMessage());
    }

    @Test
    void aServerThatCannotBeReachedIsSaidSoInWords() {
        Ledger.LedgerException e = assertThrows(
                Ledger.LedgerException.class,
                () -> SqlLedger.postgres(
                        "jdbc:postgresql://127.0.0.1:9/x", "ada", "secret-word", clock, LedgerMonitor.NONE));
        assertTrue(e.getMessage().contains("cannot be reached"), e.getMessage());
        assertTrue(!e.getMessage().contains("secret-word"));
    }

    @Test
    void aConnectionThatBreaksIsReplacedByTheNextChange() throws Exception {
        assertTrue(ledger.keep("a", "1").equals("1"));
        try (var c = otherConnection();
                var s = c.createStatement()) {
            s.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
        }
        // The change that meets the broken connection may fail; the next one must not.
        try {
            ledger.keep("b", "2");
        } catch (RuntimeException e) {
            assertTrue(e.getCause() instanceof Ledger.LedgerException, String.valueOf(e));
        }
        assertTrue(ledger.keep("c", "3").equals("3"));
        assertTrue(ledger.campaigns().isEmpty());
    }
}
