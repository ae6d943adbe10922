package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShuffleTest {
    private static List<Long> order(long limit, long seed) {
        Shuffle shuffle = new Shuffle(limit, seed);
        return LongStream.range(0, limit).mapToObj(shuffle::at).toList();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 7, 16, 17, 255, 256, 257, 1_000, 65_537})
    void everyNumberBelowTheLimitHasOnePlace(long limit) {
        for (long seed = 0; seed < 5; seed++) {
            Set<Long> seen = order(limit, seed).stream().collect(Collectors.toSet());
            assertEquals(limit, seen.size());
            assertTrue(seen.stream().allMatch(n -> n >= 0 && n < limit));
        }
    }

    @Test
    void neighboursAreTornApartAndCampaignsHaveOrdersOfTheirOwn() {
        List<Long> order = order(100_000, 1);
        long close = LongStream.range(1, order.size())
                .filter(i -> Math.abs(order.get((int) i) - order.get((int) i - 1)) < 100)
                .count();
        // By chance 0.2 % are that close.
        assertTrue(close < 400, close + " of 100,000 are close to the one before");
        assertNotEquals(order(1_000, 1), order(1_000, 2));
    }

    @Test
    void theLargestCampaignIsNoTrouble() {
        Shuffle shuffle = new Shuffle(20_000_000_000L, 3);
        assertTrue(shuffle.at(19_999_999_999L) < 20_000_000_000L);
    }
}
