package dev.gleaner.worker.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gleaner.protocol.lease.Rank;
import dev.gleaner.worker.job.JobProgress;
import dev.gleaner.worker.tracker.Totals;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private final Totals totals = new Totals();

    private String after(ProgressLine line, int finished, int kept) {
        return line.line("working", new JobProgress("fetch", 1_000, finished, kept), totals, new Rank(3, 120));
    }

    @Test
    void ratesAreOfTheLastSecondsOfThisJob() {
        @SuppressWarnings("NullAway")
        ProgressLine line = new ProgressLine(System.err, null, null);
        assertEquals(
                "waiting | 0 jobs, 0 pairs given",
                line.line("waiting", new JobProgress("idle", 0, 0, 0), totals, null));
        after(line, 100, 10);
        assertEquals(
                "fetch   120 of 1,000 links (20.0/s), 15 kept (5.0/s) | 0 jobs, 0 pairs given, place 3 of 120",
                after(line, 120, 15));
        for (int i = 0; i < 30; i++) {
            after(line, 120 + 10 * i, 15);
        }
        assertEquals(
                "fetch   410 of 1,000 links (9.3/s), 15 kept (0.0/s) | 0 jobs, 0 pairs given, place 3 of 120",
                after(line, 410, 15));
        assertEquals(
                "fetch   5 of 1,000 links (0.0/s), 0 kept (0.0/s) | 0 jobs, 0 pairs given, place 3 of 120",
                after(line, 5, 0),
                "another job");
    }
}
