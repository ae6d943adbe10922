package dev.gleaner.worker.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
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
     * The item that waits longest and those most like it in size: waits for the first, then up to {@code lingerMillis} for
     * the batch to fill. The fuller the channel, the more alike they are; none waits for ever.
     *
     * @return empty when the channel is closed and empty
     */
    public synchronized List<T> takeAlike(int most, long lingerMillis, ToIntFunction<T> size)
            throws InterruptedException {
        while (items.isEmpty() && !closed) {
            wait();
        }
        long until = System.nanoTime() + lingerMillis * 1_000_000;
        long left = lingerMillis;
        while (items.size() < most && !closed && left > 0) {
            wait(left);
            left = (until - System.nanoTime()) / 1_000_000;
        }
        requireGoing();
        List<T> batch = items.size() <= most ? new ArrayList<>(items) : alike(most, size);
        if (batch.size() == items.size()) {
            items.clear();
        } else {
            Set<T> taken = Collections.newSetFromMap(new IdentityHashMap<>());
            taken.addAll(batch);
            items.removeIf(taken::contains);
        }
        notifyAll();
        return batch;
    }

    /** Of the runs in order of size that hold the oldest item, the one whose sizes differ least. */
    private List<T> alike(int most, ToIntFunction<T> size) {
        List<T> sorted = new ArrayList<>(items);
        sorted.sort(Comparator.comparingInt(size));
        T oldest = items.getFirst();
        int place = 0;
        while (sorted.get(place) != oldest) {
            place++;
        }
        int best = 0;
        int least = Integer.MAX_VALUE;
        for (int from = Math.max(0, place - most + 1); from <= Math.min(place, sorted.size() - most); from++) {
            int spread = size.applyAsInt(sorted.get(from + most - 1)) - size.applyAsInt(sorted.get(from));
            if (spread < least) {
                least = spread;
                best = from;
            }
        }
        return new ArrayList<>(sorted.subList(best, best + most));
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

    /** Items that wait now. */
    public synchronized int size() {
        return items.size();
    }

    public int capacity() {
        return capacity;
    }

    /** The most items it ever held; never more than its capacity. */
    public synchronized int highest() {
        return highest;
    }
}
