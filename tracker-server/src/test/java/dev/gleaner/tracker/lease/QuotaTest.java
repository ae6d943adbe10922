package dev.gleaner.tracker.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class QuotaTest {
    private final Quota quota = new Quota();

    @Test
    void whatIsHeldCountsAgainstWhatIsAllowed() {
        assertEquals(Quota.START, quota.left("ada"));
        for (int i = 0; i < Quota.START; i++) {
            quota.took("ada");
        }
        assertEquals(0, quota.left("ada"));
        assertEquals(Quota.START, quota.left("bela"));
        quota.gaveBack("ada");
        assertEquals(1, quota.left("ada"));
    }

    @Test
    void oneThatNeverReturnsIsLeftWithOneAndGoodResultsRestoreItQuickly() {
        for (int i = 0; i < 100; i++) {
            quota.bad("ada");
        }
        assertEquals(1, quota.left("ada"));
        for (int i = 0; i < 3; i++) {
            quota.good("ada");
        }
        assertEquals(8, quota.left("ada"));
        for (int i = 0; i < 10; i++) {
            quota.good("ada");
        }
        assertEquals(Quota.MOST, quota.left("ada"));
    }

    @Test
    void nobodyOwesLeasesThatHeNeverTook() {
        quota.gaveBack("ada");
        quota.took("ada");
        quota.gaveBack("ada");
        quota.gaveBack("ada");
        assertEquals(Quota.START, quota.left("ada"));
    }
}
