package dev.gleaner.tracker.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The measurements, one method each; what they print goes to {@code docs/performance.md}. */
public final class Bench {
    private static final int WARM_SECONDS = 30;
    /** A process may hold so many sockets on most machines; workers share them. */
    private static final int MOST_CONNECTIONS = 8_000;

    private static final int CYCLES_A_SECOND_AT_MOST = 20_000;
    private static final List<String> LONG_LEASES = List.of("--lease-ttl", "600", "--heartbeat", "30");

    private final PrintStream out;
    private final List<String> serveOptions;

    /** @param serveOptions given to the tracker, e.g. another ledger */
    public Bench(PrintStream out, List<String> serveOptions) {
        this.out = out;
        this.serveOptions = List.copyOf(serveOptions);
    }

    private interface Measurement {
        void run(Trackers trackers) throws IOException;
    }

    private void withTracker(Measurement measurement) throws IOException {
        withTrackers(1, measurement);
    }

    private void withTrackers(int count, Measurement measurement) throws IOException {
        Path folder = Files.createTempDirectory("gleaner-bench");
        List<String> options = new java.util.ArrayList<>(LONG_LEASES);
        options.addAll(serveOptions);
        try (Trackers trackers = Trackers.start(count, folder, options)) {
            measurement.run(trackers);
        } finally {
            delete(folder);
        }
    }

    /**
     * Lease cycles, full speed and then half of it, and the same beside it on a PostgreSQL queue.
     *
     * @param trackers of one cluster, called in turn
     */
    public void cycles(int workers, int atOnce, int seconds, int trackers, @Nullable String peer)
            throws IOException, SQLException {
        double[] full = {0};
        withTrackers(trackers, tracker -> {
            try (Load load = new Load(tracker.ports(), tracker.operatorToken(), atOnce)) {
                int jobs = CYCLES_A_SECOND_AT_MOST * (WARM_SECONDS + seconds * 2);
                load.prepare(jobs, workers);
                load.cycles(atOnce, 0, WARM_SECONDS);
                full[0] = measure("full speed", tracker, load, atOnce, 0, seconds);
                measure("half speed", tracker, load, atOnce, full[0] / 2, seconds);
            }
        });
        if (peer != null) {
            double other = PostgresQueue.cyclesPerSecond(peer, 32, 3, seconds);
            print(
                    "peer       PostgreSQL SKIP LOCKED, 32 clients, no HTTP: %.0f cycles/s; ratio %.2f",
                    other, full[0] / other);
        }
    }

    private double measure(String name, Trackers tracker, Load load, int atOnce, double perSecond, int seconds)
            throws IOException {
        double cpu = tracker.cpuSeconds();
        double commits = tracker.meter("gleaner_ledger_commit_seconds_count");
        double changes = tracker.meter("gleaner_ledger_batch_sum");
        long start = System.nanoTime();
        Load.Cycles measured = load.cycles(atOnce, perSecond, seconds);
        double took = (System.nanoTime() - start) / 1e9;
        double cycles = measured.submit().count() / took;
        double commitsMade = tracker.meter("gleaner_ledger_commit_seconds_count") - commits;
        double changesMade = tracker.meter("gleaner_ledger_batch_sum") - changes;
        print("%-10s %.0f cycles/s with %d at once", name, cycles, atOnce);
        print("  acquire  %s", measured.acquire().summary());
        print("  submit   %s", measured.submit().summary());
        print(
                "  ledger   %.0f changes/s in %.0f commits/s, %.1f changes a commit",
                changesMade / took, commitsMade / took, changesMade / Math.max(1, commitsMade));
        print(
                "  tracker  %.2f cores, %d MiB resident",
                (tracker.cpuSeconds() - cpu) / took, tracker.residentMebibytes());
        return cycles;
    }

    /** Heartbeats as fast as they come, many leases a call. */
    public void heartbeats(int workers, int leasesEach, int seconds) throws IOException {
        withTracker(tracker -> {
            try (Load load = new Load(tracker.ports(), tracker.operatorToken(), 64)) {
                load.prepare(workers * leasesEach + 1_000, workers);
                List<byte[]> bodies = load.lease(workers, leasesEach);
                load.heartbeats(bodies, 0, WARM_SECONDS);
                double cpu = tracker.cpuSeconds();
                long start = System.nanoTime();
                Latencies measured = load.heartbeats(bodies, 0, seconds);
                double took = (System.nanoTime() - start) / 1e9;
                print(
                        "heartbeats %.0f leases/s renewed in %.0f calls/s of %d leases; %s; tracker %.2f cores, %d MiB",
                        measured.count() * (double) leasesEach / took,
                        measured.count() / took,
                        leasesEach,
                        measured.summary(),
                        (tracker.cpuSeconds() - cpu) / took,
                        tracker.residentMebibytes());
            }
        });
    }

    /** Workers that only beat, each once in 30 seconds. */
    public void idle(int workers, int seconds) throws IOException {
        withTracker(tracker -> {
            try (Load load = new Load(tracker.ports(), tracker.operatorToken(), 256)) {
                load.prepare(workers + 1_000, workers);
                List<byte[]> bodies = load.lease(workers, 1);
                load.heartbeats(bodies, 30, 30);
                double cpu = tracker.cpuSeconds();
                long start = System.nanoTime();
                Latencies measured = load.heartbeats(bodies, 30, seconds);
                double took = (System.nanoTime() - start) / 1e9;
                print(
                        "idle       %d workers, one lease each: %.0f heartbeats/s, %s; tracker %.3f cores, %d MiB",
                        workers,
                        measured.count() / took,
                        measured.summary(),
                        (tracker.cpuSeconds() - cpu) / took,
                        tracker.residentMebibytes());
            }
        });
    }

    /** Volunteers with real timing. */
    public void swarm(int workers, int jobSeconds, int seconds) throws IOException {
        withTracker(tracker -> {
            try (Load load = new Load(tracker.ports(), tracker.operatorToken(), Math.min(workers, MOST_CONNECTIONS))) {
                int joining = Math.max(30, workers / 500);
                load.prepare(workers * (2 + 2 * (joining + seconds) / jobSeconds), workers);
                Swarm swarm = load.swarm(jobSeconds * 1_000L);
                swarm.join(load.workers(), joining);
                double cpu = tracker.cpuSeconds();
                double commits = tracker.meter("gleaner_ledger_commit_seconds_count");
                double changes = tracker.meter("gleaner_ledger_batch_sum");
                swarm.measure(seconds);
                double took = seconds;
                double commitsMade = tracker.meter("gleaner_ledger_commit_seconds_count") - commits;
                double changesMade = tracker.meter("gleaner_ledger_batch_sum") - changes;
                double cores = (tracker.cpuSeconds() - cpu) / took;
                swarm.end();
                print(
                        "swarm      %d workers, jobs of %d s: %.0f jobs/s, %.0f heartbeats/s",
                        workers, jobSeconds, swarm.submit.count() / took, swarm.beat.count() / took);
                print("  acquire  %s", swarm.acquire.summary());
                print("  beat     %s", swarm.beat.summary());
                print("  submit   %s", swarm.submit.summary());
                print(
                        "  ledger   %.0f changes/s in %.0f commits/s, each with its fsync",
                        changesMade / took, commitsMade / took);
                print("  tracker  %.3f cores, %d MiB resident", cores, tracker.residentMebibytes());
            }
        });
    }

    /** What those cost who look at the page while results come in: the same load without and with them. */
    public void viewers(int viewers, int resultsPerSecond, int seconds) throws IOException {
        withTracker(tracker -> {
            try (Load load = new Load(tracker.ports(), tracker.operatorToken(), 16)) {
                load.prepare((WARM_SECONDS + 2 * seconds + 10) * resultsPerSecond * 2, 64);
                load.cycles(16, resultsPerSecond, WARM_SECONDS);
                double alone = cores(tracker, load, resultsPerSecond, seconds);
                try (Viewers people = new Viewers(tracker.ports().get(0), viewers)) {
                    load.cycles(16, resultsPerSecond, 5);
                    long events = people.events();
                    long bytes = people.bytes();
                    double watched = cores(tracker, load, resultsPerSecond, seconds);
                    print(
                            "viewers    %d at %d results/s: %.3f cores instead of %.3f, %.3f for them; each reads %.1f events and %.1f KB a second",
                            viewers,
                            resultsPerSecond,
                            watched,
                            alone,
                            watched - alone,
                            (people.events() - events) / (double) seconds / viewers,
                            (people.bytes() - bytes) / 1e3 / seconds / viewers);
                    print("  tracker  %d MiB resident", tracker.residentMebibytes());
                }
            }
        });
    }

    private static double cores(Trackers tracker, Load load, int perSecond, int seconds) throws IOException {
        double cpu = tracker.cpuSeconds();
        long start = System.nanoTime();
        load.cycles(16, perSecond, seconds);
        return (tracker.cpuSeconds() - cpu) / ((System.nanoTime() - start) / 1e9);
    }

    /** A ledger of many jobs: how long to load, to start again until the first lease, and how much memory. */
    public void many(int jobs) throws IOException {
        Path folder = Files.createTempDirectory("gleaner-bench");
        try {
            Path data = Files.createDirectory(folder.resolve("data"));
            try (TrackerProcess tracker = TrackerProcess.start(data, LONG_LEASES);
                    Load load = new Load(tracker.port(), tracker.operatorToken(), 64)) {
                long start = System.nanoTime();
                load.prepare(jobs, 8);
                print("load       %d jobs in %.1f s", jobs, (System.nanoTime() - start) / 1e9);
                load.cycles(8, 0, 5);
                print(
                        "  acquire  %s at 8 at once",
                        load.cycles(8, 0, 5).acquire().summary());
                print("  tracker  %d MiB resident", tracker.residentMebibytes());
            }
            long start = System.nanoTime();
            try (TrackerProcess tracker = TrackerProcess.start(data, LONG_LEASES);
                    Load load = new Load(tracker.port(), tracker.operatorToken(), 64)) {
                load.prepare(jobs, 1);
                List<byte[]> first = load.lease(1, 1);
                print(
                        "restart    first lease after %.1f s (%d bytes)",
                        (System.nanoTime() - start) / 1e9, first.get(0).length);
                print("  tracker  %d MiB resident", tracker.residentMebibytes());
            }
        } finally {
            delete(folder);
        }
    }

    private void print(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) throws IOException {
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
