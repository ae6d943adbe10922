package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code worker list|admit|ban|unban}. */
@Command(
        name = "worker",
        description = "Workers: list, admit, ban, unban.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class WorkerCommand {
    private final PrintStream out;

    WorkerCommand(PrintStream out) {
        this.out = out;
    }

    @Command(name = "list", description = "Lists workers, one a line.", mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        out.printf(
                "%-22s %-20s %6s %9s %9s %7s %10s %8s %s%n",
                "WORKER", "NICKNAME", "LIVE", "ACCEPTED", "REJECTED", "FAILED", "PAIRS", "STANDING", "AGENT");
        for (JsonNode w : operator.get("v1/operator/workers").path("workers")) {
            out.printf(
                    "%-22s %-20s %6d %9d %9d %7d %10d %6.1f %% %s%s%n",
                    w.path("worker").asText(),
                    Printable.of(w.path("nickname").asText(), 20),
                    w.path("live").asInt(),
                    w.path("accepted").asLong(),
                    w.path("rejected").asLong(),
                    w.path("failed").asLong(),
                    w.path("kept").asLong(),
                    w.path("standing").asInt() / 10.0,
                    Printable.of(w.path("agent").asText(), 60),
                    w.path("banned").asBoolean() ? " BANNED" : w.path("waiting").asBoolean() ? " WAITS" : "");
        }
        return Exit.OK;
    }

    @Command(
            name = "admit",
            description = "Lets a worker in that waits for it (see enrolment).",
            mixinStandardHelpOptions = true)
    int admit(@Mixin OperatorOptions operator, @Parameters(paramLabel = "WORKER") String worker) throws IOException {
        operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/admit", Map.of());
        out.println("worker " + worker + " is in");
        return Exit.OK;
    }

    @Command(
            name = "ban",
            description = "Refuses a worker from now on and takes its leases away.",
            mixinStandardHelpOptions = true)
    int ban(@Mixin OperatorOptions operator, @Parameters(paramLabel = "WORKER") String worker) throws IOException {
        operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/ban", Map.of());
        out.println("worker " + worker + " is banned");
        return Exit.OK;
    }

    @Command(name = "unban", description = "Lets a worker back in.", mixinStandardHelpOptions = true)
    int unban(@Mixin OperatorOptions operator, @Parameters(paramLabel = "WORKER") String worker) throws IOException {
        operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/unban", Map.of());
        out.println("worker " + worker + " is no longer banned");
        return Exit.OK;
    }
}
