package dev.gleaner.tracker.ledger.sql;

import dev.gleaner.tracker.ledger.Ledger.LedgerException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that writes. Whatever waits when it is free shares one transaction, so that durability costs one fsync for a
 * batch and an idle ledger makes nobody wait. Each change has a savepoint of its own: one that fails leaves the others.
 */
final class GroupCommit implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);
    private static final int LARGEST_BATCH = 1_000;
    private static final int LONGEST_QUEUE = 100_000;

    /** A change of the ledger; runs inside the batch's transaction. */
    @FunctionalInterface
    interface Change<T> {
        T apply(Connection connection) throws SQLException;
    }

    private static final class Waiting<T> {
        private final Change<T> change;
        private final CompletableFuture<T> done = new CompletableFuture<>();
        private @org.jspecify.annotations.Nullable T result;
        private @org.jspecify.annotations.Nullable Exception failure;

        Waiting(Change<T> change) {
            this.change = change;
        }

        /**
         * Applies the change, or undoes it and remembers why.
         *
         * @throws SQLException when it cannot be undone: the database has given up the whole transaction, as it does on a
         *     full disk, and with it every change of the batch
         */
        void run(Connection connection) throws SQLException {
            execute(connection, "SAVEPOINT change");
            try {
                result = change.apply(connection);
            } catch (SQLException | RuntimeException e) {
                failure = e;
                execute(connection, "ROLLBACK TO change");
            }
            execute(connection, "RELEASE change");
        }

        void finish() {
            if (failure != null) {
                fail(failure);
            } else {
                done.complete(result);
            }
        }

        void fail(Exception e) {
            done.completeExceptionally(
                    e instanceof SQLException
                            ? new LedgerException("the ledger cannot be written: " + e.getMessage(), e)
                            : e);
        }
    }

    private final Connection connection;
    private final LinkedBlockingQueue<Waiting<?>> queue = new LinkedBlockingQueue<>(LONGEST_QUEUE);
    private final Thread writer;
    private volatile boolean closed;

    GroupCommit(Connection connection) {
        this.connection = connection;
        this.writer = new Thread(this::run, "ledger-writer");
        writer.setDaemon(true);
        writer.start();
    }

    /** Queues a change; the stage completes when it is durable. */
    <T> CompletionStage<T> write(Change<T> change) {
        Waiting<T> waiting = new Waiting<>(change);
        if (closed || !queue.offer(waiting)) {
            waiting.fail(new SQLException(closed ? "it is closed" : "too many changes are waiting"));
        }
        return waiting.done;
    }

    private void run() {
        List<Waiting<?>> batch = new ArrayList<>();
        while (true) {
            batch.clear();
            try {
                batch.add(queue.take());
            } catch (InterruptedException e) {
                if (closed && queue.isEmpty()) {
                    return;
                }
                continue;
            }
            queue.drainTo(batch, LARGEST_BATCH - 1);
            commit(batch);
        }
    }

    private void commit(List<Waiting<?>> batch) {
        try {
            execute(connection, "BEGIN IMMEDIATE");
            for (Waiting<?> waiting : batch) {
                waiting.run(connection);
            }
            execute(connection, "COMMIT");
        } catch (SQLException | RuntimeException e) {
            Exception cause = batch.stream()
                    .map(waiting -> waiting.failure)
                    .filter(SQLException.class::isInstance)
                    .findFirst()
                    .orElse(e);
            log.error("Ledger commit failed: changes={} cause={}", batch.size(), cause.toString());
            try {
                execute(connection, "ROLLBACK");
            } catch (SQLException again) {
                log.debug("Nothing was left to roll back", again);
            }
            batch.forEach(waiting -> waiting.fail(cause));
            return;
        }
        batch.forEach(Waiting::finish);
    }

    /** Transactions are spoken to the database itself: its own idea of them, not the driver's, survives a full disk. */
    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() {
        closed = true;
        // The writer sleeps in take(); what is queued already is still written.
        while (writer.isAlive()) {
            writer.interrupt();
            try {
                writer.join(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
