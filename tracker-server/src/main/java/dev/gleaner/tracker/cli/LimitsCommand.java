package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code limits show|set}. */
@Command(
        name = "limits",
        description = "How much workers may take: show, set.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class LimitsCommand {
    private static final String PATH = "v1/operator/limits";
    private final PrintStream out;

    LimitsCommand(PrintStream out) {
        this.out = out;
    }

    @Command(name = "show", description = "Shows the limits that hold now.", mixinStandardHelpOptions = true)
    int show(@Mixin OperatorOptions operator) throws IOException {
        print(operator.get(PATH));
        return Exit.OK;
    }

    @Command(
            name = "set",
            description =
                    "Changes the limits for all trackers of the ledger, without a restart; what is not named stays. 0 means no limit.",
            mixinStandardHelpOptions = true)
    int set(
            @Mixin OperatorOptions operator,
            @Option(names = "--per-worker", paramLabel = "N", description = "leases held at a time by a worker")
                    @Nullable
                    Integer perWorker,
            @Option(
                            names = "--per-address",
                            paramLabel = "N",
                            description = "leases held at a time by all workers of one network address")
                    @Nullable
                    Integer perAddress,
            @Option(
                            names = "--per-invitation",
                            paramLabel = "N",
                            description = "leases held at a time by all workers of one invitation")
                    @Nullable
                    Integer perInvitation,
            @Option(
                            names = "--jobs-per-day",
                            paramLabel = "N",
                            description = "jobs a day for a worker in full standing; a new one gets a hundredth")
                    @Nullable
                    Integer jobsPerDay)
            throws IOException {
        JsonNode now = operator.get(PATH);
        print(operator.post(
                PATH,
                Map.of(
                        "leasesPerWorker", given(perWorker, now, "leasesPerWorker"),
                        "leasesPerAddress", given(perAddress, now, "leasesPerAddress"),
                        "leasesPerInvitation", given(perInvitation, now, "leasesPerInvitation"),
                        "jobsPerDay", given(jobsPerDay, now, "jobsPerDay"))));
        return Exit.OK;
    }

    private static int given(@Nullable Integer wish, JsonNode now, String name) {
        return wish == null ? now.path(name).asInt() : wish;
    }

    private void print(JsonNode limits) {
        out.printf(
                "leases at a time: %s per worker, %s per address, %s per invitation; %s jobs a day in full standing%n",
                text(limits, "leasesPerWorker"),
                text(limits, "leasesPerAddress"),
                text(limits, "leasesPerInvitation"),
                text(limits, "jobsPerDay"));
    }

    private static String text(JsonNode limits, String name) {
        int limit = limits.path(name).asInt();
        return limit == 0 ? "any number" : String.valueOf(limit);
    }
}
