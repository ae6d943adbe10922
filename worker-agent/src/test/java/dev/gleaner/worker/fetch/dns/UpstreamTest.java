package dev.gleaner.worker.fetch.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The budget of one resolver, in a time that the test moves. */
class UpstreamTest {
    private static final long SECOND = 1_000_000_000L;

    private static Upstream upstream(double limit) {
        return new Upstream(InetSocketAddress.createUnresolved("resolver.example.org", 53), limit, 0);
    }

    /** Asks as often as it may for a while, after rests as chance has them. @return the most in any second */
    private static int busiestSecond(int limit, Random random) {
        Upstream upstream = upstream(limit);
        Deque<Long> asked = new ArrayDeque<>();
        int most = 0;
        for (long now = 0; now < 120 * SECOND; now += 1 + upstream.nanosToNext(now)) {
            if (random.nextInt(5 * limit) == 0) {
                now += (long) (random.nextDouble() * 2 * SECOND);
            }
            while (upstream.take(now)) {
                asked.add(now);
            }
            while (!asked.isEmpty() && now - asked.peek() >= SECOND) {
                asked.remove();
            }
            most = Math.max(most, asked.size());
        }
        return most;
    }

    @Test
    void noSecondHasMoreQueriesThanTheLimitAndABusyOneNearlyAsMany() {
        long seed = Long.getLong("gleaner.seed", System.nanoTime());
        for (int limit : new int[] {10, 60, 100, 1_000}) {
            int most = busiestSecond(limit, new Random(seed));
            assertTrue(most <= limit, most + " of " + limit + ", seed " + seed);
            assertTrue(most >= 0.7 * limit, most + " of " + limit + ", seed " + seed);
        }
    }

    @Test
    void aResolverThatLosesMostIsAskedLessAndMoreAgainWhenItAnswers() {
        Upstream upstream = upstream(100);
        double before = upstream.rate();
        for (int i = 0; i < 500; i++) {
            upstream.lost();
        }
        assertEquals(10, upstream.rate(), "but never less than that");
        for (int i = 0; i < 1_000; i++) {
            upstream.answered(20);
        }
        assertEquals(before, upstream.rate());
    }
}
