package dev.gleaner.protocolapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gleaner.protocol.campaign.Slice;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SliceTest {
    @Test
    void slicesCoverAFileWithoutGapOrOverlap() {
        long seed = Long.getLong("gleaner.seed", 42);
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            long length = Math.abs(random.nextLong() % (1L << 40));
            int count = 1 + random.nextInt(Slice.MAX_COUNT);
            long end = 0;
            for (int s = 0; s < Math.min(count, 50); s++) {
                Slice slice = new Slice(s, count);
                assertEquals(end, slice.start(length), "seed " + seed);
                end = slice.end(length);
                BigInteger exact = BigInteger.valueOf(s + 1L)
                        .multiply(BigInteger.valueOf(length))
                        .divide(BigInteger.valueOf(count));
                assertEquals(exact.longValueExact(), end, "seed " + seed);
            }
            assertEquals(length, new Slice(count - 1, count).end(length), "seed " + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "2/2", "-1/3", "0/0", "a/b", "0/1/2", "0/10001"})
    void whatIsNoSliceIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Slice.parse(text));
    }

    @Test
    void aSliceReadsBackWhatItPrints() {
        assertEquals(new Slice(3, 7), Slice.parse(new Slice(3, 7).toString()));
    }
}
