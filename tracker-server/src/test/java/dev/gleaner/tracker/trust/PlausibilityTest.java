package dev.gleaner.tracker.trust;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.Counts;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlausibilityTest {
    private static Counts counts(long kept, long timeouts, long below) {
        long all = kept + timeouts + below;
        return new Counts(
                1, 0, 1, 0, all, all, kept, Map.of(), Map.of("timeout", timeouts, "below_threshold", below), 1);
    }

    private final Counts usual = counts(1_000, 2_000, 7_000);

    @Test
    void whatIsLikeTheRestIsNotOdd() {
        assertFalse(Plausibility.isOdd(counts(100, 200, 700), usual));
        assertFalse(Plausibility.isOdd(counts(250, 100, 650), usual));
    }

    @Test
    void muchMoreKeptOrMuchLessHadIsOdd() {
        assertTrue(Plausibility.isOdd(counts(900, 50, 50), usual));
        assertTrue(Plausibility.isOdd(counts(50, 900, 50), usual));
    }

    @Test
    void smallNumbersAndYoungCampaignsTellNothing() {
        assertFalse(Plausibility.isOdd(counts(10, 0, 0), usual));
        assertFalse(Plausibility.isOdd(counts(900, 50, 50), counts(10, 20, 70)));
    }
}
