package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.ledger.Statistics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForecastTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    private static List<Statistics.Interval> since(Duration ago, long jobsAnInterval) {
        List<Statistics.Interval> day = new ArrayList<>();
        for (Instant at = NOW.minus(ago); at.isBefore(NOW); at = at.plus(Statistics.INTERVAL)) {
            day.add(new Statistics.Interval(at, jobsAnInterval, 0, 0, 0));
        }
        return day;
    }

    private static Forecast of(long left, List<Statistics.Interval> day) {
        return Forecast.of(false, left, day, null, NOW);
    }

    @Test
    void aSteadyCampaignEndsWhenItsRateSays() {
        Forecast forecast = of(1_200, since(Duration.ofHours(24), 10));
        assertEquals("running", forecast.state());
        Instant exactly = NOW.plus(Duration.ofHours(10));
        for (String end : List.of(forecast.earliest(), forecast.latest())) {
            Duration off = Duration.between(exactly, Instant.parse(end)).abs();
            assertTrue(off.compareTo(Duration.ofHours(1)) < 0, end);
        }
    }

    @Test
    void aCampaignThatHasBecomeFasterHasAWideRange() {
        List<Statistics.Interval> day = since(Duration.ofHours(24), 1);
        day.addAll(since(Duration.ofHours(1), 99));
        Forecast forecast = of(12_000, day);
        Duration range = Duration.between(Instant.parse(forecast.earliest()), Instant.parse(forecast.latest()));
        assertTrue(range.compareTo(Duration.ofHours(48)) > 0, forecast.toString());
    }

    @Test
    void aYoungCampaignIsNotSlowForBeingYoung() {
        Forecast forecast = of(10, since(Duration.ofMinutes(10), 10));
        assertTrue(Instant.parse(forecast.latest()).isBefore(NOW.plus(Duration.ofMinutes(10))), forecast.toString());
    }

    @Test
    void withoutAResultForLongItSaysSoInsteadOfATime() {
        List<Statistics.Interval> old = List.of(new Statistics.Interval(NOW.minus(Duration.ofMinutes(21)), 5, 0, 0, 0));
        assertEquals("stalled", of(10, old).state());
        assertNull(of(10, old).latest());
        assertEquals("running", Forecast.of(false, 10, old, NOW, NOW).state());
        assertEquals("starting", of(10, List.of()).state());
        assertEquals("paused", Forecast.of(true, 10, old, null, NOW).state());
        assertEquals("done", Forecast.of(true, 0, old, null, NOW).state());
    }

    @Test
    void aHopelesslySlowCampaignStillHasATime() {
        assertTrue(Instant.parse(
                        of(Long.MAX_VALUE / 2, since(Duration.ofHours(1), 1)).latest())
                .isAfter(NOW));
    }
}
