package dev.gleaner.worker.cli;

import dev.gleaner.protocol.lease.Rank;
import dev.gleaner.worker.job.JobProgress;
import dev.gleaner.worker.tracker.Totals;
import dev.gleaner.worker.tracker.Volunteer;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** One live line where a person looks; elsewhere the log's own lines are enough. */
final class ProgressLine {
    private static final int RATE_SECONDS = 15;

    private final PrintStream err;
    private final Volunteer volunteer;
    private final CountDownLatch finished;
    private final Deque<JobProgress> seconds = new ArrayDeque<>();

    ProgressLine(PrintStream err, Volunteer volunteer, CountDownLatch finished) {
        this.err = err;
        this.volunteer = volunteer;
        this.finished = finished;
    }

    void start() {
        Thread thread = new Thread(this::run, "progress");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            while (!finished.await(1, TimeUnit.SECONDS)) {
                if (CommandLine.Help.Ansi.AUTO.enabled()) {
                    err.print("\r" + line(volunteer.state(), volunteer.progress(), volunteer.totals(), volunteer.rank())
                            + "\u001b[K");
                    err.flush();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What to show in this second. */
    String line(String state, JobProgress now, Totals totals, @Nullable Rank rank) {
        String gave = String.format(Locale.ROOT, "%d jobs, %,d pairs given", totals.accepted(), totals.kept())
                + (rank == null ? "" : ", place " + rank.place() + " of " + rank.of());
        if (!state.equals("working")) {
            seconds.clear();
            return state + " | " + gave;
        }
        if (!seconds.isEmpty() && now.finished() < seconds.getLast().finished()) {
            seconds.clear(); // Another job.
        }
        seconds.add(now);
        if (seconds.size() > RATE_SECONDS) {
            seconds.remove();
        }
        JobProgress before = seconds.getFirst();
        double span = Math.max(1, seconds.size() - 1);
        return String.format(
                Locale.ROOT,
                "%-7s %,d of %,d links (%.1f/s), %,d kept (%.1f/s) | %s",
                now.stage(),
                now.finished(),
                now.candidates(),
                (now.finished() - before.finished()) / span,
                now.kept(),
                (now.kept() - before.kept()) / span,
                gave);
    }
}
