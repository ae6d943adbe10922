package dev.gleaner.worker.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Stages on threads of their own, joined by channels. A channel closes when the last thread of the stage that feeds it is
 * done. The first failure, or a cancellation, interrupts every stage; {@link #run} then reports it.
 *
 * <p>Build it on one thread, then call {@link #run} once. {@link #cancel} may be called from any.
 */
public final class Line {
    /** A stage's work on one of its threads: take, do, hand over, until there is no more. */
    @FunctionalInterface
    public interface Work {
        void run() throws Exception;
    }

    /** A stage failed; the cause says how. */
    public static final class StageFailedException extends Exception {
        private static final long serialVersionUID = 1L;

        StageFailedException(String stage, Throwable cause) {
            super(stage + ": " + (cause.getMessage() == null ? cause : cause.getMessage()), cause);
        }
    }

    /** Somebody called {@link Line#cancel}. */
    public static final class CancelledException extends Exception {
        private static final long serialVersionUID = 1L;

        CancelledException() {
            super("cancelled");
        }
    }

    private final String name;
    private final List<Thread> threads = new ArrayList<>();
    private final List<Channel<?>> channels = new ArrayList<>();
    private @Nullable StageFailedException failure;
    private boolean cancelled;

    public Line(String name) {
        this.name = name;
    }

    public <T> Channel<T> channel(int capacity) {
        Channel<T> channel = new Channel<>(capacity);
        channels.add(channel);
        return channel;
    }

    /**
     * Adds a stage.
     *
     * @param feeds closed when all of the stage's threads are done
     */
    public void stage(String stage, int count, Work work, Channel<?>... feeds) {
        AtomicInteger running = new AtomicInteger(count);
        for (int i = 0; i < count; i++) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            work.run();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                            fail(stage, e);
                        } catch (Exception | Error e) {
                            fail(stage, e);
                        } finally {
                            if (running.decrementAndGet() == 0) {
                                for (Channel<?> channel : feeds) {
                                    channel.close();
                                }
                            }
                        }
                    },
                    name + "-" + stage + "-" + i);
            thread.setDaemon(true);
            threads.add(thread);
        }
    }

    /** Runs all stages to their end. */
    public void run() throws StageFailedException, CancelledException, InterruptedException {
        synchronized (this) {
            if (!cancelled) {
                threads.forEach(Thread::start);
            }
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            cancel();
            throw e;
        }
        synchronized (this) {
            if (cancelled) {
                throw new CancelledException();
            }
            if (failure != null) {
                throw failure;
            }
        }
    }

    /** Stops all stages; what they hold is lost. */
    public synchronized void cancel() {
        cancelled = true;
        stopAll();
    }

    private synchronized void fail(String stage, Throwable cause) {
        if (failure == null && !cancelled) {
            failure = new StageFailedException(stage, cause);
            stopAll();
        }
    }

    private void stopAll() {
        threads.forEach(Thread::interrupt);
        channels.forEach(Channel::abandon);
    }
}
