package dev.gleaner.tracker;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a tracker has started, to be stopped in the opposite order. Used by one thread at a time. */
final class Parts implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Parts.class);
    private static final long PATIENCE_SECONDS = 10;

    private final Deque<Part> parts = new ArrayDeque<>();

    /** Something to stop, and its name for the log. */
    private record Part(String name, AutoCloseable closing) {}

    /** @return the same part */
    <T extends AutoCloseable> T add(String name, T part) {
        parts.push(new Part(name, part));
        return part;
    }

    /** Threads that finish what they have begun, within {@value #PATIENCE_SECONDS} s, before what was added earlier is stopped. */
    ExecutorService threads(String name, int count) {
        ExecutorService threads = Executors.newFixedThreadPool(count, daemon(name));
        add(name + " threads", () -> finish(threads));
        return threads;
    }

    /** A thread that finishes what it has begun. */
    ScheduledExecutorService thread(String name) {
        ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(daemon(name));
        add(name + " thread", () -> finish(thread));
        return thread;
    }

    /** A thread whose work may be cut off anywhere. */
    ScheduledExecutorService interruptibleThread(String name) {
        ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(daemon(name));
        add(name + " thread", thread::shutdownNow);
        return thread;
    }

    /** Does it again and again with that pause between; a failure is logged and ends nothing. */
    static void every(ScheduledExecutorService thread, long pause, TimeUnit unit, Runnable task) {
        ScheduledFuture<?> unused = thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException e) {
                        log.error("A periodic task failed and will run again", e);
                    }
                },
                pause,
                pause,
                unit);
    }

    /** Stops all, the newest first; what cannot be stopped is logged and left. */
    @Override
    public void close() {
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.closing.close();
            } catch (Exception e) {
                log.warn("A part could not be stopped: part={} cause={}", part.name, e.toString());
            }
        }
    }

    private static void finish(ExecutorService threads) {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("Threads were still at work when the tracker stopped");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ThreadFactory daemon(String name) {
        return r -> {
            Thread thread = new Thread(r, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
