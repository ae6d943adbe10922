package dev.gleaner.tracker.http;

import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * Lets so many calls in at once, and tells the others when to come again: when ten thousand workers return together, most must not
 * come back together. Safe for any thread.
 */
final class Admission {
    private static final int SHORTEST_SECONDS = 2;
    private static final int LONGEST_SECONDS = 120;

    private final int limit;
    private final RandomGenerator random;
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger turnedAway = new AtomicInteger();

    Admission(int limit, RandomGenerator random) {
        this.limit = limit;
        this.random = random;
    }

    /**
     * Lets a call in, which must {@link #leave} in the end, or says how many seconds to stay away: the more were sent away since the
     * last call came in, the longer, and never the same for all.
     */
    OptionalInt enter() {
        if (inside.incrementAndGet() <= limit) {
            turnedAway.updateAndGet(n -> Math.max(0, n - 1));
            return OptionalInt.empty();
        }
        inside.decrementAndGet();
        int crowd = turnedAway.incrementAndGet();
        int spread = Math.min(LONGEST_SECONDS - SHORTEST_SECONDS, 8 + (int) (10L * crowd / limit));
        return OptionalInt.of(SHORTEST_SECONDS + random.nextInt(spread + 1));
    }

    void leave() {
        inside.decrementAndGet();
    }
}
