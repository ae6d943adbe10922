package dev.gleaner.worker.fetch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Room for so many pictures between request and decoder: who finds none waits its turn. Taken when a request starts, given back
 * when its body needs no memory any more. Safe for any thread.
 */
public final class Slots {
    private final int count;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private int free;
    private boolean closed;

    public Slots(int count) {
        this.count = count;
        this.free = count;
    }

    public int count() {
        return count;
    }

    /** Runs {@code start} now or when there is room, on the thread that made it. */
    void acquire(Runnable start) {
        synchronized (waiting) {
            if (free == 0 && !closed) {
                waiting.add(start);
                return;
            }
            free--;
        }
        start.run();
    }

    /** One is done with. */
    public void release() {
        Runnable next;
        synchronized (waiting) {
            next = waiting.poll();
            if (next == null) {
                if (++free > count && !closed) {
                    throw new IllegalStateException("a slot was given back twice");
                }
                return;
            }
        }
        next.run();
    }

    /** Nobody wants pictures any more: who waits goes through at once, to find that out. */
    public void close() {
        List<Runnable> all;
        synchronized (waiting) {
            closed = true;
            all = new ArrayList<>(waiting);
            waiting.clear();
        }
        all.forEach(Runnable::run);
    }

    boolean isClosed() {
        synchronized (waiting) {
            return closed;
        }
    }
}
