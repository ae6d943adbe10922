package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code job list|show|requeue|quarantine}. */
@Command(
        name = "job",
        description = "Jobs: list, show, requeue, quarantine.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class JobCommand {
    private final PrintStream out;

    JobCommand(PrintStream out) {
        this.out = out;
    }

    @Command(name = "list", description = "Lists jobs, one a line.", mixinStandardHelpOptions = true)
    int list(
            @Mixin OperatorOptions operator,
            @Option(names = "--campaign", paramLabel = "NAME", description = "of this campaign only") @Nullable
                    String campaign,
            @Option(
                            names = "--state",
                            paramLabel = "STATE",
                            description = "open, leased, done, quarantined or cancelled")
                    @Nullable
                    String state,
            @Option(
                            names = "--after",
                            paramLabel = "JOB",
                            defaultValue = "0",
                            description = "only jobs with a greater number")
                    long after,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            defaultValue = "100",
                            description = "at most so many (default: ${DEFAULT-VALUE})")
                    int limit)
            throws IOException {
        String query =
                "after=" + after + "&limit=" + limit + parameter("campaign", campaign) + parameter("state", state);
        for (JsonNode job : operator.get("v1/operator/jobs?" + query).path("jobs")) {
            out.printf(
                    "%-8d %-12s %-10s %s %s%n",
                    job.path("job").asLong(),
                    job.path("state").asText(),
                    job.path("slice").asText(),
                    Printable.of(job.path("wat").asText(), 120),
                    job.path("reason").isNull()
                            ? ""
                            : Printable.of(job.path("reason").asText(), 200));
        }
        return Exit.OK;
    }

    private static String parameter(String name, @Nullable String value) {
        return value == null ? "" : "&" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    @Command(name = "show", description = "Shows a job with all its attempts as JSON.", mixinStandardHelpOptions = true)
    int show(@Mixin OperatorOptions operator, @Parameters(paramLabel = "JOB") long job) throws IOException {
        out.println(OperatorOptions.pretty(operator.get("v1/operator/jobs/" + job)));
        return Exit.OK;
    }

    @Command(
            name = "requeue",
            description = "Opens a quarantined job again, or takes a leased one away from its worker.",
            mixinStandardHelpOptions = true)
    int requeue(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "JOB") long job,
            @Option(names = "--reason", required = true, description = "for the audit trail") String reason)
            throws IOException {
        return change(operator, job, "requeue", reason);
    }

    @Command(name = "quarantine", description = "Sets an open job aside.", mixinStandardHelpOptions = true)
    int quarantine(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "JOB") long job,
            @Option(names = "--reason", required = true, description = "for the audit trail") String reason)
            throws IOException {
        return change(operator, job, "quarantine", reason);
    }

    private int change(OperatorOptions operator, long job, String call, String reason) throws IOException {
        JsonNode now = operator.post("v1/operator/jobs/" + job + "/" + call, Map.of("reason", reason));
        out.println("job " + job + " is " + now.path("state").asText());
        return Exit.OK;
    }
}
