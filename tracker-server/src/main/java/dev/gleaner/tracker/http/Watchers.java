package dev.gleaner.tracker.http;

import dev.gleaner.tracker.service.Feed;
import java.util.concurrent.atomic.AtomicInteger;

/** The feed, and how many watch it on all event loops. Safe for any thread. */
public final class Watchers {
    /** Each costs a connection and its buffer. */
    private static final int MOST = 10_000;

    private final Feed feed;
    private final AtomicInteger count = new AtomicInteger();

    public Watchers(Feed feed) {
        this.feed = feed;
    }

    Feed feed() {
        return feed;
    }

    /** Whether there is room for one more, which is then taken. */
    boolean enter() {
        if (count.incrementAndGet() > MOST) {
            count.decrementAndGet();
            return false;
        }
        return true;
    }

    void leave() {
        count.decrementAndGet();
    }

    /** How many watch now. */
    public int count() {
        return count.get();
    }
}
