package dev.gleaner.tracker.screen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LocalFilterTest {
    private static final int KEYS = 400_000;

    private static long[] keys(int count, long seed) {
        return new Random(seed).longs(count).toArray();
    }

    @Test
    void whatWasAddedIsKnownAndOfOthersOneInAThousandAtMost() {
        LocalFilter filter = new LocalFilter(KEYS);
        long[] added = keys(KEYS, 1);
        assertEquals(0, filter.add(added), "there is room for all");
        assertEquals(KEYS, filter.has(added).cardinality());
        int wrong = filter.has(keys(KEYS, 2)).cardinality();
        assertTrue(wrong <= KEYS / 1_000, wrong + " of " + KEYS);
        assertEquals(KEYS, filter.held(), KEYS / 1_000.0);
    }

    @Test
    void whenItIsFullItTakesNoMoreInsteadOfCallingEverythingKnown() {
        LocalFilter filter = new LocalFilter(KEYS / 10);
        int homeless = filter.add(keys(KEYS, 3));
        assertTrue(homeless > KEYS / 2, homeless + " had no room");
        int wrong = filter.has(keys(KEYS, 4)).cardinality();
        // Parts are a sixth larger than their share of so few keys.
        assertTrue(wrong <= 1.05 * KEYS / 1_000, wrong + " of " + KEYS);
        long[] early = keys(1_000, 3);
        assertEquals(1_000, filter.has(early).cardinality(), "what came early stays");
    }

    @Test
    void aBillionAddressesTakeLessThanTwoGigabytes() {
        assertTrue(KnownFilter.bytes(1_000_000_000) < 2_000_000_000L, KnownFilter.bytes(1_000_000_000) + " bytes");
    }

    @Test
    void itIsMadeOnceAndAgainOnlyIfThatFailed() throws IOException {
        LocalFilter filter = new LocalFilter(1_000);
        assertThrows(
                IOException.class,
                () -> filter.rebuild(() -> {
                    throw new IOException("no store");
                }));
        assertTrue(filter.rebuild(() -> filter.add(new long[] {5})));
        assertTrue(filter.has(new long[] {5}).get(0));
        assertFalse(filter.rebuild(() -> {
            throw new IOException("not again");
        }));
    }
}
