package dev.gleaner.worker.fetch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Room for so many pictures, and so many bytes of them, between request and decoder: who finds none waits its turn. A slot is
 * taken when a request starts, bytes are reserved when its answer says how many there will be, and both are given back when the
 * body needs no memory any more. Safe for any thread.
 */
public final class Slots {
    private final long memory;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private final ArrayDeque<Wanted> thirsty = new ArrayDeque<>();
    private int count;
    private int free;
    private long freeBytes;
    private boolean closed;

    private record Wanted(long bytes, Runnable go) {}

    /** @param memory most bytes of bodies at a time; a single larger body is taken when it is alone */
    public Slots(int count, long memory) {
        this.count = count;
        this.free = count;
        this.memory = memory;
        this.freeBytes = memory;
    }

    /** Runs {@code start} now or when there is room, on the thread that made it. */
    void acquire(Runnable start) {
        synchronized (waiting) {
            if (free <= 0 && !closed) {
                waiting.add(start);
                return;
            }
            free--;
        }
        start.run();
    }

    /** From now on there are so many; what is under way beyond that is not stopped. */
    public void resize(int newCount) {
        List<Runnable> now = new ArrayList<>();
        synchronized (waiting) {
            free += newCount - count;
            count = newCount;
            while (free > 0 && !waiting.isEmpty()) {
                free--;
                now.add(waiting.remove());
            }
        }
        now.forEach(Runnable::run);
    }

    /** One is done with. */
    public void release() {
        Runnable next;
        synchronized (waiting) {
            next = free < 0 ? null : waiting.poll();
            if (next == null) {
                if (++free > count && !closed) {
                    throw new IllegalStateException("a slot was given back twice");
                }
                return;
            }
        }
        next.run();
    }

    /** A body is done with: its slot and its bytes. */
    public void release(Fetched.Body body) {
        unreserve(body.reserved());
        release();
    }

    /** Takes so many bytes if they are there and nobody waits for any. */
    boolean tryReserve(long bytes) {
        synchronized (waiting) {
            if (thirsty.isEmpty() && fits(bytes)) {
                freeBytes -= bytes;
                return true;
            }
            return false;
        }
    }

    /** Runs {@code go} when so many bytes have been taken for it, in the order of asking. */
    void reserve(long bytes, Runnable go) {
        synchronized (waiting) {
            thirsty.add(new Wanted(bytes, go));
        }
        serve();
    }

    void unreserve(long bytes) {
        synchronized (waiting) {
            freeBytes += bytes;
        }
        serve();
    }

    private boolean fits(long bytes) {
        return bytes <= freeBytes || freeBytes == memory;
    }

    private void serve() {
        List<Runnable> now = new ArrayList<>();
        synchronized (waiting) {
            while (!thirsty.isEmpty() && fits(thirsty.peek().bytes)) {
                Wanted next = thirsty.remove();
                freeBytes -= next.bytes;
                now.add(next.go);
            }
        }
        now.forEach(Runnable::run);
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

    /** Bytes that are reserved now. */
    long reservedBytes() {
        synchronized (waiting) {
            return memory - freeBytes;
        }
    }
}
