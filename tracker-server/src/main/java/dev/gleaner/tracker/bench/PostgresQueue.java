package dev.gleaner.tracker.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The peer: a queue as crawling@home's successors keep it, one table in PostgreSQL, jobs taken with {@code FOR UPDATE SKIP
 * LOCKED}. No HTTP, no rules, no audit trail: it has less to do than a tracker.
 */
final class PostgresQueue {
    private static final int JOBS = 400_000;

    private PostgresQueue() {}

    /**
     * Cycles a second: a job taken in one commit, finished in another.
     *
     * @param clients each with a connection of its own
     */
    static double cyclesPerSecond(String url, int clients, int warmSeconds, int seconds) throws SQLException {
        try (Connection c = DriverManager.getConnection(url);
                Statement s = c.createStatement()) {
            s.execute("DROP TABLE IF EXISTS bench_queue");
            s.execute(
                    "CREATE TABLE bench_queue (id BIGINT PRIMARY KEY, state TEXT NOT NULL, worker TEXT, until TIMESTAMPTZ)");
            s.execute("INSERT INTO bench_queue SELECT i, 'open' FROM generate_series(1, " + JOBS + ") i");
            s.execute("CREATE INDEX bench_open ON bench_queue (id) WHERE state = 'open'");
            s.execute("VACUUM ANALYZE bench_queue");
        }
        AtomicLong done = new AtomicLong();
        long start = System.nanoTime();
        long from = start + warmSeconds * 1_000_000_000L;
        long until = from + seconds * 1_000_000_000L;
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                String worker = "w" + i;
                all.add(CompletableFuture.runAsync(() -> client(url, worker, from, until, done), threads));
            }
            all.forEach(CompletableFuture::join);
        } finally {
            threads.shutdown();
        }
        return done.get() / (double) seconds;
    }

    private static void client(String url, String worker, long from, long until, AtomicLong done) {
        try (Connection c = DriverManager.getConnection(url);
                PreparedStatement take = c.prepareStatement(
                        "UPDATE bench_queue SET state = 'leased', worker = ?, until = now() + interval '3 minutes'"
                                + " WHERE id = (SELECT id FROM bench_queue WHERE state = 'open' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1)"
                                + " RETURNING id");
                PreparedStatement finish = c.prepareStatement(
                        "UPDATE bench_queue SET state = 'done' WHERE id = ? AND worker = ? AND state = 'leased'")) {
            while (System.nanoTime() < until) {
                take.setString(1, worker);
                long id;
                try (ResultSet row = take.executeQuery()) {
                    if (!row.next()) {
                        throw new IllegalStateException("the queue ran empty: more jobs are needed");
                    }
                    id = row.getLong(1);
                }
                finish.setLong(1, id);
                finish.setString(2, worker);
                finish.executeUpdate();
                if (System.nanoTime() >= from) {
                    done.incrementAndGet();
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the peer failed: " + e.getMessage(), e);
        }
    }
}
