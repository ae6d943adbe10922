package dev.gleaner.tracker.ledger.sql;

import dev.gleaner.tracker.ledger.Ledger.LedgerException;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that writes. Whatever waits when it is free shares one transaction, so that durability costs one fsync for a
 * batch and an idle ledger makes nobody wait. When a change fails, the batch is made again change by change: one that fails
 * leaves the others. A change may therefore run more than once and must do nothing but read and write its session.
 */
final class GroupCommit implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);
    private static final int LARGEST_BATCH = 1_000;
    private static final int LONGEST_QUEUE = 100_000;
    private static final int TRIES = 8;
    /** Writers that overtake each other again and again must get out of step. */
    private static final long STEP_NANOS = 500_000;

    /** A change of the ledger; runs inside the batch's transaction. */
    @FunctionalInterface
    interface Change<T> {
        T apply(Session session) throws SQLException;
    }

    /** Another writer was faster: what this change was decided upon is not so any more. */
    static final class StaleException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StaleException(String message) {
            super(message);
        }
    }

    private static final class Waiting<T> {
        private final Change<T> change;
        private final CompletableFuture<T> done = new CompletableFuture<>();
        private @Nullable T result;
        private @Nullable Exception failure;

        Waiting(Change<T> change) {
            this.change = change;
        }

        void run(Session session) throws SQLException {
            failure = null;
            result = change.apply(session);
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

    private final Database database;
    private final int slot;
    private final LedgerMonitor monitor;
    private final LinkedBlockingQueue<Waiting<?>> queue = new LinkedBlockingQueue<>(LONGEST_QUEUE);
    private final Thread writer;
    private @Nullable Session session;
    private volatile boolean closed;

    /** @param slot the tallies' slot that this writer adds to */
    GroupCommit(Database database, int slot, LedgerMonitor monitor) {
        this.database = database;
        this.slot = slot;
        this.monitor = monitor;
        this.writer = new Thread(this::run, "ledger-writer-" + slot);
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
                    disconnect();
                    return;
                }
                continue;
            }
            queue.drainTo(batch, LARGEST_BATCH - 1);
            monitor.waiting(queue.size());
            commit(batch);
        }
    }

    private void commit(List<Waiting<?>> batch) {
        long start = System.nanoTime();
        try {
            if (!together(batch)) {
                if (database.isShared()) {
                    alone(batch);
                } else {
                    oneByOne(batch);
                }
            }
        } catch (SQLException | RuntimeException e) {
            Exception cause = batch.stream()
                    .map(waiting -> waiting.failure)
                    .filter(SQLException.class::isInstance)
                    .findFirst()
                    .orElse(e);
            log.error("Ledger commit failed: changes={} cause={}", batch.size(), cause.toString());
            monitor.failed(batch.size());
            rollBack();
            batch.forEach(waiting -> waiting.fail(cause));
            return;
        }
        monitor.committed(batch.size(), Duration.ofNanos(System.nanoTime() - start));
        batch.forEach(Waiting::finish);
    }

    /** The common way; false, with nothing done, when one of the changes does not go through. */
    private boolean together(List<Waiting<?>> batch) throws SQLException {
        Session open = connect();
        try {
            open.execute(database.begin());
            for (Waiting<?> waiting : batch) {
                waiting.run(open);
            }
            open.settle(slot, database.forUpdate());
        } catch (SQLException | RuntimeException e) {
            log.debug("A batch is made again change by change: {}", e.toString());
            rollBack();
            return false;
        }
        open.execute("COMMIT");
        return true;
    }

    /**
     * Each change in a transaction of its own. Where others write, too, a transaction that holds the locks of one change only
     * cannot be part of a deadlock: every change locks its job first and then what it adds to, in one order.
     */
    private void alone(List<Waiting<?>> batch) throws SQLException {
        for (Waiting<?> waiting : batch) {
            for (int tries = 1; ; tries++) {
                Session open = connect();
                try {
                    open.execute(database.begin());
                    waiting.run(open);
                    open.settle(slot, database.forUpdate());
                    open.execute("COMMIT");
                    break;
                } catch (SQLException | RuntimeException e) {
                    waiting.failure = e;
                    rollBack();
                    if (!again(e) || tries == TRIES) {
                        break;
                    }
                    LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(STEP_NANOS * tries));
                }
            }
        }
    }

    private boolean again(Exception e) {
        return e instanceof StaleException || (e instanceof SQLException sql && database.passing(sql));
    }

    private void oneByOne(List<Waiting<?>> batch) throws SQLException {
        Session open = connect();
        open.execute(database.begin());
        for (Waiting<?> waiting : batch) {
            attempt(open, waiting);
        }
        open.execute("COMMIT");
    }

    /**
     * Applies a change, or undoes it and remembers why; one that others overtook is decided again.
     *
     * @throws SQLException when it cannot be undone: the database has given up the whole transaction, as it does on a full
     *     disk, and with it every change of the batch
     */
    private void attempt(Session open, Waiting<?> waiting) throws SQLException {
        for (int tries = 1; ; tries++) {
            open.execute("SAVEPOINT change");
            try {
                waiting.run(open);
                open.settle(slot, database.forUpdate());
                open.execute("RELEASE SAVEPOINT change");
                return;
            } catch (SQLException | RuntimeException e) {
                waiting.failure = e;
                open.forget();
                open.execute("ROLLBACK TO SAVEPOINT change");
                open.execute("RELEASE SAVEPOINT change");
                boolean again = e instanceof StaleException || (e instanceof SQLException sql && database.passing(sql));
                if (!again || tries == TRIES) {
                    return;
                }
            }
        }
    }

    private Session connect() throws SQLException {
        Session open = session;
        if (open == null) {
            open = database.writing();
            session = open;
        }
        return open;
    }

    /** Leaves no transaction behind; a session that cannot even do that is given up for a new one. */
    private void rollBack() {
        Session open = session;
        if (open == null) {
            return;
        }
        open.forget();
        try {
            open.execute("ROLLBACK");
        } catch (SQLException e) {
            log.debug("Nothing was left to roll back", e);
            if (!alive(open)) {
                disconnect();
            }
        }
    }

    private static boolean alive(Session open) {
        try {
            return open.connection().isValid(1);
        } catch (SQLException e) {
            return false;
        }
    }

    private void disconnect() {
        Session open = session;
        session = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                log.debug("A broken session could not be closed", e);
            }
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
