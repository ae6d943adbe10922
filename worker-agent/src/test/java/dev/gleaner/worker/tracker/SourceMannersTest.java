package dev.gleaner.worker.tracker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.worker.fetch.SiteLog;
import dev.gleaner.worker.wat.HttpWatSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SourceMannersTest {
    private static final String HOST = "data.commoncrawl.org";

    private long now = 1_000;
    private final List<Long> waited = new ArrayList<>();
    private final SiteLog log = new SiteLog();
    private final SourceManners manners = new SourceManners(log, () -> now, nanos -> {
        waited.add(Duration.ofNanos(nanos).toSeconds());
        now += nanos;
    });
    private final HttpWatSource.Turn turn = manners.turn(HOST);

    private void ask(int status, long retryAfter) throws InterruptedException {
        turn.await();
        turn.answered(status, retryAfter);
    }

    @Test
    void aHostThatServesIsNotWaitedFor() throws InterruptedException {
        ask(206, -1);
        ask(206, -1);
        assertEquals(List.of(0L, 0L), waited);
        assertEquals(List.of(new Sites.Tally(HOST, 2, 0, 0, true)), log.take(9));
    }

    @Test
    void aHostThatRefusesIsAskedLaterAndLaterUntilItServes() throws InterruptedException {
        for (int i = 0; i < 12; i++) {
            ask(503, -1);
        }
        assertEquals(List.of(0L, 1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 256L, 512L, 600L), waited);
        ask(206, -1);
        waited.clear();
        ask(403, 30);
        ask(206, -1);
        assertEquals(List.of(0L, 30L), waited);
        assertEquals(List.of(new Sites.Tally(HOST, 15, 13, 30, true)), log.take(9));
    }

    @Test
    void theTrackersIntervalHoldsForItsTimeAndForHostsThatAreReadOnly() throws InterruptedException {
        ask(206, -1);
        manners.heed(HOST, Duration.ZERO, Duration.ofSeconds(20), Duration.ofMinutes(3));
        manners.heed("other.example", Duration.ofDays(1), Duration.ZERO, Duration.ofMinutes(3));
        for (int i = 0; i < 3; i++) {
            ask(206, -1);
        }
        now += Duration.ofMinutes(4).toNanos();
        ask(206, -1);
        ask(206, -1);
        assertEquals(List.of(0L, 0L, 20L, 20L, 0L, 0L), waited);
        manners.heed(HOST, Duration.ofDays(1), Duration.ZERO, Duration.ofMinutes(3));
        ask(206, -1);
        assertEquals(600, waited.get(6), "no tracker stops a worker for longer");
    }
}
