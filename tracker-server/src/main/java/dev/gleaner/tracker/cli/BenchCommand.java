package dev.gleaner.tracker.cli;

import dev.gleaner.tracker.bench.Bench;
import dev.gleaner.tracker.bench.KnownBench;
import java.io.IOException;
import java.io.PrintStream;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench cycles|heartbeats|idle|swarm|many}. */
@Command(
        name = "bench",
        description =
                "Measures a tracker of its own on this machine over HTTP, the client included. Linux. docs/performance.md tells what the figures mean.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class BenchCommand {
    private final PrintStream out;

    BenchCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "cycles",
            description = "Durable lease cycles: a job is taken, handed in and accepted; at full and at half speed.",
            mixinStandardHelpOptions = true)
    int cycles(
            @Option(
                            names = "--workers",
                            paramLabel = "N",
                            defaultValue = "1000",
                            description = "registered (default: ${DEFAULT-VALUE})")
                    int workers,
            @Option(
                            names = "--at-once",
                            paramLabel = "N",
                            defaultValue = "256",
                            description = "calls side by side (default: ${DEFAULT-VALUE})")
                    int atOnce,
            @Option(
                            names = "--seconds",
                            paramLabel = "N",
                            defaultValue = "15",
                            description = "of each part (default: ${DEFAULT-VALUE})")
                    int seconds,
            @Option(
                            names = "--serve",
                            paramLabel = "OPTION",
                            description =
                                    "an option for the tracker's serve, e.g. --serve=--ledger=jdbc:postgresql:… ; may be given again")
                    List<String> serve,
            @Option(
                            names = "--trackers",
                            paramLabel = "N",
                            defaultValue = "1",
                            description =
                                    "of one cluster; several need --ledger and --objects that they share (default: ${DEFAULT-VALUE})")
                    int trackers,
            @Option(
                            names = "--peer",
                            paramLabel = "URL",
                            description =
                                    "jdbc:postgresql: address with user and password, to run a SKIP LOCKED queue beside")
                    @Nullable
                    String peer)
            throws IOException, SQLException {
        new Bench(out, serve == null ? List.of() : serve).cycles(workers, atOnce, seconds, trackers, peer);
        return Exit.OK;
    }

    @Command(
            name = "heartbeats",
            description = "Heartbeats as fast as they come, many leases a call.",
            mixinStandardHelpOptions = true)
    int heartbeats(
            @Option(
                            names = "--workers",
                            paramLabel = "N",
                            defaultValue = "256",
                            description = "default: ${DEFAULT-VALUE}")
                    int workers,
            @Option(
                            names = "--leases",
                            paramLabel = "N",
                            defaultValue = "32",
                            description = "of each worker (default: ${DEFAULT-VALUE})")
                    int leases,
            @Option(
                            names = "--seconds",
                            paramLabel = "N",
                            defaultValue = "15",
                            description = "default: ${DEFAULT-VALUE}")
                    int seconds)
            throws IOException {
        new Bench(out, List.of()).heartbeats(workers, leases, seconds);
        return Exit.OK;
    }

    @Command(name = "idle", description = "Workers that each beat once in 30 seconds.", mixinStandardHelpOptions = true)
    int idle(
            @Option(
                            names = "--workers",
                            paramLabel = "N",
                            defaultValue = "10000",
                            description = "default: ${DEFAULT-VALUE}")
                    int workers,
            @Option(
                            names = "--seconds",
                            paramLabel = "N",
                            defaultValue = "60",
                            description = "default: ${DEFAULT-VALUE}")
                    int seconds)
            throws IOException {
        new Bench(out, List.of()).idle(workers, seconds);
        return Exit.OK;
    }

    @Command(
            name = "viewers",
            description = "People who look at the page while results come in.",
            mixinStandardHelpOptions = true)
    int viewers(
            @Option(
                            names = "--viewers",
                            paramLabel = "N",
                            defaultValue = "1000",
                            description = "default: ${DEFAULT-VALUE}")
                    int viewers,
            @Option(
                            names = "--results",
                            paramLabel = "N",
                            defaultValue = "200",
                            description = "in a second (default: ${DEFAULT-VALUE})")
                    int results,
            @Option(
                            names = "--seconds",
                            paramLabel = "N",
                            defaultValue = "30",
                            description = "default: ${DEFAULT-VALUE}")
                    int seconds)
            throws IOException {
        new Bench(out, List.of()).viewers(viewers, results, seconds);
        return Exit.OK;
    }

    @Command(
            name = "swarm",
            description = "Volunteers with real timing: they take a job, beat every 30 seconds, hand it in.",
            mixinStandardHelpOptions = true)
    int swarm(
            @Option(
                            names = "--workers",
                            paramLabel = "N",
                            split = ",",
                            defaultValue = "1000,10000,50000",
                            description = "one run for each (default: ${DEFAULT-VALUE})")
                    List<Integer> workers,
            @Option(
                            names = "--job-seconds",
                            paramLabel = "N",
                            defaultValue = "120",
                            description = "how long a job takes on average (default: ${DEFAULT-VALUE})")
                    int jobSeconds,
            @Option(
                            names = "--seconds",
                            paramLabel = "N",
                            defaultValue = "60",
                            description = "default: ${DEFAULT-VALUE}")
                    int seconds)
            throws IOException {
        for (int count : workers) {
            new Bench(out, List.of()).swarm(count, jobSeconds, seconds);
        }
        return Exit.OK;
    }

    @Command(
            name = "known",
            description =
                    "The filter of known addresses when it is full: memory, false positives, speed. Give -Xmx for many.",
            mixinStandardHelpOptions = true)
    int known(
            @Option(
                            names = "--addresses",
                            paramLabel = "N",
                            defaultValue = "10000000",
                            description = "default: ${DEFAULT-VALUE}")
                    long addresses) {
        new KnownBench(out).run(addresses);
        return Exit.OK;
    }

    @Command(
            name = "many",
            description = "A ledger of many jobs: loading, memory, restart to the first lease.",
            mixinStandardHelpOptions = true)
    int many(
            @Option(
                            names = "--jobs",
                            paramLabel = "N",
                            defaultValue = "5000000",
                            description = "default: ${DEFAULT-VALUE}")
                    int jobs)
            throws IOException {
        new Bench(out, List.of()).many(jobs);
        return Exit.OK;
    }
}
