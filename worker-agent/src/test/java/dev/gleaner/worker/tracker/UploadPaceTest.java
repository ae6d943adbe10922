package dev.gleaner.worker.tracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class UploadPaceTest {
    @Test
    void uploadsTogetherKeepToTheRate() {
        UploadPace pace = new UploadPace(1_000_000);
        long start = System.nanoTime() + 1_000_000_000;
        long now = start;
        long sent = 0;
        while (now - start < TimeUnit.SECONDS.toNanos(10)) {
            now += pace.reserve(65_536, now);
            sent += 65_536;
        }
        assertTrue(sent >= 9_900_000 && sent <= 10_200_000, sent + " bytes in ten seconds");
    }

    @Test
    void whatWasNotUsedIsNotSavedUp() {
        UploadPace pace = new UploadPace(1_000);
        long start = System.nanoTime() + 1_000_000_000;
        assertEquals(0, pace.reserve(500, start));
        long later = start + TimeUnit.MINUTES.toNanos(1);
        assertEquals(0, pace.reserve(1_000, later));
        assertEquals(TimeUnit.SECONDS.toNanos(1), pace.reserve(1, later));
    }
}
