package dev.gleaner.worker.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A bounded hand-over between two stages: a full channel makes the sender wait, a closed and empty one ends the receiver.
 * Safe for any thread.
 */
public final class Channel<T> {
    private final int capacity;
    private final ArrayDeque<T> items = new ArrayDeque<>();
    private boolean closed;
    private boolean abandoned;
    private int highest;

    Channel(int capacity) {
        this.capacity = capacity;
    }

    /**
     * Hands over, waiting for room.
     *
     * @throws InterruptedException when the line was stopped
     */
    public synchronized void put(T item) throws InterruptedException {
        while (items.size() >= capacity && !closed) {
            wait();
        }
        requireGoing();
        add(item);
    }

    /** A sender whose line has stopped must not go on making things for nobody. */
    private void requireGoing() throws InterruptedException {
        if (abandoned) {
            throw new InterruptedException("the line was stopped");
        }
    }

    /**
     * Hands over at once, for senders that hold a permit and so know that there is room.
     *
     * @throws IllegalStateException when there is none: a bug
     */
    public synchronized void offer(T item) {
        if (items.size() >= capacity && !closed) {
            throw new IllegalStateException("a permit was given out twice");
        }
        add(item);
    }

    private void add(T item) {
        if (!closed) {
            items.add(item);
            highest = Math.max(highest, items.size());
            notifyAll();
        }
    }

    /** The next item, or null when the channel is closed and empty. */
    public synchronized @Nullable T take() throws InterruptedException {
        while (items.isEmpty() && !closed) {
            wait();
        }
        requireGoing();
        T item = items.poll();
        notifyAll();
        return item;
    }

    /**
     * The next items: waits for the first, then up to {@code lingerMillis} for the batch to fill.
     *
     * @return empty when the channel is closed and empty
     */
    public synchronized List<T> takeBatch(int most, long lingerMillis) throws InterruptedException {
        List<T> batch = new ArrayList<>();
        T first = take();
        if (first == null) {
            return batch;
        }
        batch.add(first);
        long until = System.nanoTime() + lingerMillis * 1_000_000;
        while (batch.size() < most) {
            T next = items.poll();
            if (next != null) {
                batch.add(next);
                continue;
            }
            notifyAll();
            long left = (until - System.nanoTime()) / 1_000_000;
            if (closed || left <= 0) {
                break;
            }
            wait(left);
        }
        notifyAll();
        return batch;
    }

    /** No more will come; what is there can still be taken. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** No more will come or go. */
    synchronized void abandon() {
        items.clear();
        abandoned = true;
        close();
    }

    /** The most items it ever held; never more than its capacity. */
    public synchronized int highest() {
        return highest;
    }
}
