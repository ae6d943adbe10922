package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteLedgerTest extends LedgerContract {
    @TempDir
    Path folder;

    @Override
    SqlLedger openLedger() {
        return SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
    }

    @Override
    Connection otherConnection() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db"));
    }

    @Override
    String versionStatement(int version) {
        return "PRAGMA user_version = " + version;
    }

    @Test
    void aBackupIsALedgerOfItsOwnAndNeverOverwritesAnything() {
        ledger.addCampaign(
                        new CampaignSpec("c", "https://x/", 1, "b".repeat(64), Policy.laion400m()),
                        List.of("a", "b"),
                        "op")
                .toCompletableFuture()
                .join();
        Path copy = folder.resolve("copy's.db");
        ledger.backup(copy);
        assertThrows(Ledger.LedgerException.class, () -> ledger.backup(copy));
        try (SqlLedger other = SqlLedger.sqlite(copy, clock, LedgerMonitor.NONE)) {
            assertEquals(ledger.campaigns(), other.campaigns());
            assertEquals(ledger.epoch(), other.epoch());
        }
    }

    @Test
    void aLedgerOfTheFirstVersionComesUpWithItsJobsLeasesAndNumbers() throws Exception {
        Path old = folder.resolve("old.db");
        try (Session session = new SqliteDatabase(old).writing();
                InputStream first = Migrations.class.getResourceAsStream("V1.sql")) {
            Database.run(session, new String(first.readAllBytes(), StandardCharsets.UTF_8));
            session.execute("INSERT INTO meta VALUES ('epoch', '0123456789abcdef')");
            session.execute("INSERT INTO campaign VALUES (1, 'c', 'active', 'https://x/', 1, 'b', '"
                    + Sql.json(Policy.laion400m()) + "', 'f', 3, 0, '"
                    + Sql.json(dev.gleaner.protocol.result.Counts.none()) + "', 77, '" + "0".repeat(31) + "9')");
            for (int i = 0; i < 3; i++) {
                session.execute("INSERT INTO wat VALUES (1, " + i + ", 'p" + i + "')");
                session.execute("INSERT INTO job (id, campaign, wat, slice, place, attempts) VALUES (" + (i + 1)
                        + ", 1, " + i + ", 0, " + i + ", 0)");
            }
            session.execute(
                    "INSERT INTO worker (id, token_hash, nickname, agent, capabilities, registered_at) VALUES ('w', 'h', 'n', 'a', '{}', 0)");
            session.execute("UPDATE job SET attempts = 1 WHERE id = 2");
            session.execute(
                    "INSERT INTO attempt (job, number, worker, state, request, granted_at, hard_cap) VALUES (2, 1, 'w', 'LEASED', 'r', 0, 1000)");
            session.execute("PRAGMA user_version = 1");
        }
        try (SqlLedger ledger = SqlLedger.sqlite(old, clock, LedgerMonitor.NONE)) {
            CampaignStatus status = ledger.campaigns().get(0);
            assertEquals(new CampaignStatus.Jobs(2, 1, 0, 0, 0), status.jobs());
            assertEquals(77, status.bytesStored());
            assertEquals("0".repeat(31) + "9", status.candidateDigest());
            assertEquals(
                    "0123456789abcdef",
                    ledger.attempt(2, 1).orElseThrow().token().epoch());
            assertEquals(1, ledger.roster().workers().get(0).live());
            // The old ledger claims bytes and a digest that no result of it has.
            assertEquals(
                    List.of("campaign c: its accepted manifests do not add up to its tally"),
                    LedgerCheck.faults(ledger));
        }
    }
}
