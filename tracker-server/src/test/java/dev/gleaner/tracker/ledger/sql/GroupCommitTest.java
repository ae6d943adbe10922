package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.ledger.Ledger.LedgerException;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupCommitTest {
    @TempDir
    Path folder;

    private GroupCommit writer;

    @BeforeEach
    void open() throws Exception {
        writer = new GroupCommit(new SqliteDatabase(folder.resolve("x.db")), 0, LedgerMonitor.NONE);
        await(sql("CREATE TABLE t (v BLOB)"));
    }

    @AfterEach
    void close() throws Exception {
        writer.close();
    }

    private CompletionStage<Boolean> sql(String sql) {
        return writer.write(c -> {
            c.execute(sql);
            return true;
        });
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private int rows() throws Exception {
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("x.db"));
                Statement s = other.createStatement();
                ResultSet r = s.executeQuery("SELECT count(*) FROM t")) {
            return r.getInt(1);
        }
    }

    @Test
    void changesThatWaitTogetherShareOneTransaction() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch hold = new CountDownLatch(1);
        CompletionStage<Integer> first = writer.write(c -> {
            running.countDown();
            try {
                hold.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return 0;
        });
        running.await();
        List<CompletionStage<Boolean>> waiting = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            waiting.add(sql("INSERT INTO t VALUES (" + i + ")"));
        }
        hold.countDown();
        await(first);
        await(waiting.get(0));
        assertEquals(500, rows(), "one commit for all that waited");
        waiting.forEach(GroupCommitTest::await);
        assertEquals(500, rows());
    }

    @Test
    void oneFailingChangeCostsOnlyItself() throws Exception {
        CompletionStage<Boolean> good = sql("INSERT INTO t VALUES (1)");
        CompletionStage<Boolean> bad = writer.write(c -> {
            c.execute("INSERT INTO t VALUES (2)");
            throw new IllegalStateException("no");
        });
        CompletionStage<Boolean> after = sql("INSERT INTO t VALUES (3)");
        await(good);
        await(after);
        assertInstanceOf(
                IllegalStateException.class,
                assertThrows(CompletionException.class, () -> await(bad)).getCause());
        assertEquals(2, rows());
    }

    @Test
    void aFullDiskFailsItsBatchAndTheNextOneGoesThrough() throws Exception {
        await(sql("INSERT INTO t VALUES (1)"));
        await(sql("PRAGMA max_page_count = 4"));
        CompletionException full =
                assertThrows(CompletionException.class, () -> await(sql("INSERT INTO t VALUES (zeroblob(1000000))")));
        assertInstanceOf(LedgerException.class, full.getCause());
        assertTrue(
                full.getCause().getMessage().contains("full"), full.getCause().getMessage());
        assertEquals(1, rows());
        await(sql("PRAGMA max_page_count = 1000000"));
        await(sql("INSERT INTO t VALUES (zeroblob(1000000))"));
        assertEquals(2, rows());
    }

    @Test
    void afterCloseNothingIsTaken() {
        writer.close();
        assertThrows(CompletionException.class, () -> await(sql("INSERT INTO t VALUES (1)")));
    }
}
