package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class FetchWidthTest {
    private final Random random = new Random(Long.getLong("gleaner.seed", 3));

    /**
     * A web of which each request takes 2 s, through a link for so many pictures a second: wider is faster until the link is full;
     * far beyond that pictures come late.
     */
    private FetchWidth.Period period(int width, double link) {
        double offered = width / 2.0;
        double late = Math.max(0, (offered - 1.5 * link) / offered);
        double noise = 1 + 0.02 * random.nextGaussian();
        double came = Math.min(offered, link) * 10 * (1 - late) * noise;
        return new FetchWidth.Period(Math.round(came), Math.round(offered * 10 * late), false);
    }

    private static int after(FetchWidth width, int periods, java.util.function.IntFunction<FetchWidth.Period> web) {
        for (int i = 0; i < periods; i++) {
            width.next(web.apply(width.width()));
        }
        return width.width();
    }

    @Test
    void aWideLinkIsFilledAndNotMore() {
        FetchWidth width = new FetchWidth(64, 1_024);
        int learnt = after(width, 100, now -> period(now, 200));
        assertTrue(learnt >= 300 && learnt <= 650, "400 requests fill the link; it learnt " + learnt);
    }

    @Test
    void anOverloadedLinkIsRelieved() {
        FetchWidth width = new FetchWidth(512, 1_024);
        int learnt = after(width, 100, now -> period(now, 20));
        assertTrue(learnt <= 130, "40 requests fill the link; it learnt " + learnt);
    }

    @Test
    void whileTheEncodersSetThePaceNothingChanges() {
        FetchWidth width = new FetchWidth(64, 1_024);
        for (int i = 0; i < 50; i++) {
            assertEquals(64, width.next(new FetchWidth.Period(random.nextInt(500), 0, true)));
            assertEquals(
                    64, width.next(new FetchWidth.Period(random.nextInt(10), 3, false)), "too little to learn from");
        }
    }

    @Test
    void aFixedWidthStays() {
        FetchWidth width = new FetchWidth(100, 100);
        assertEquals(100, after(width, 50, now -> period(now, 20)));
    }

    @Test
    void itNeverLeavesItsBounds() {
        for (int seed = 0; seed < 200; seed++) {
            Random wild = new Random(seed);
            FetchWidth width = new FetchWidth(64, 300);
            for (int i = 0; i < 300; i++) {
                int now = width.next(
                        new FetchWidth.Period(wild.nextInt(2_000), wild.nextInt(2_000), wild.nextInt(5) == 0));
                assertTrue(now >= 16 && now <= 300, "seed " + seed + ": " + now);
            }
        }
    }
}
