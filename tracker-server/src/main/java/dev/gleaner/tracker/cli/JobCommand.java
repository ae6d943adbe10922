package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code job list|show|requeue|quarantine}. */
@Command(
        name = "job",
        description = "Jobs: list, show, requeue, quarantine, move.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class JobCommand {
    private static final int MOST_AT_ONCE = 1_000;
    private static final int SHOWN = 10;

    private final PrintStream out;

    JobCommand(PrintStream out) {
        this.out = out;
    }

    /** Which jobs are meant. */
    static final class Filter {
        @Option(names = "--campaign", paramLabel = "NAME", description = "of this campaign only")
        private @Nullable String campaign;

        @Option(names = "--state", paramLabel = "STATE", description = "open, leased, done, quarantined or cancelled")
        private @Nullable String state;

        @Option(names = "--wat", paramLabel = "TEXT", description = "whose WAT's path has this in it")
        private @Nullable String wat;

        @Option(names = "--reason-has", paramLabel = "TEXT", description = "set aside for a reason that has this in it")
        private @Nullable String reason;

        private JsonNode page(OperatorOptions operator, long after, int limit) throws IOException {
            return operator.get("v1/operator/jobs?after=" + after + "&limit=" + limit + parameter("campaign", campaign)
                    + parameter("state", state) + parameter("wat", wat) + parameter("reason", reason));
        }
    }

    @Command(name = "list", description = "Lists jobs, one a line.", mixinStandardHelpOptions = true)
    int list(
            @Mixin OperatorOptions operator,
            @Mixin Filter filter,
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
        show(filter.page(operator, after, limit).path("jobs"));
        return Exit.OK;
    }

    private void show(JsonNode jobs) {
        for (JsonNode job : jobs) {
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
    }

    @Command(
            name = "move",
            description = {
                "Opens many jobs again, or sets them aside: the first 1,000 that the filter shows.",
                "Without --yes it only counts them and shows the first ten. Of those, the ones that have changed meanwhile are passed over."
            },
            mixinStandardHelpOptions = true)
    int move(
            @Mixin OperatorOptions operator,
            @Mixin Filter filter,
            @Option(names = "--to", required = true, paramLabel = "STATE", description = "open or quarantined")
                    String to,
            @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "for the audit trail")
                    String reason,
            @Option(names = "--yes", description = "do it") boolean yes)
            throws IOException {
        String state = filter.state;
        if (state == null || !(to.equals("open") || to.equals("quarantined"))) {
            throw new Failure(Exit.USAGE, "say --state, which the jobs have now, and --to open or --to quarantined");
        }
        JsonNode page = filter.page(operator, 0, yes ? MOST_AT_ONCE : SHOWN);
        if (!yes) {
            show(page.path("jobs"));
            out.println(page.path("matched").asLong() + " jobs match; nothing was done, add --yes to do it");
            return Exit.OK;
        }
        List<Long> jobs = new ArrayList<>();
        page.path("jobs").forEach(job -> jobs.add(job.path("job").asLong()));
        if (jobs.isEmpty()) {
            out.println("no job matches");
            return Exit.OK;
        }
        String call = to.equals("open") ? "requeue" : "quarantine";
        int done = 0;
        for (JsonNode job : operator.post(
                        "v1/operator/jobs/" + call, Map.of("jobs", jobs, "state", state, "reason", reason))
                .path("jobs")) {
            done += job.path("outcome").asText().equals("done") ? 1 : 0;
        }
        out.println(done + " jobs are " + to + ", " + (jobs.size() - done) + " had changed meanwhile, "
                + (page.path("matched").asLong() - jobs.size()) + " more match");
        return Exit.OK;
    }

    private static String parameter(String name, @Nullable String value) {
        return value == null ? "" : "&" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    @Command(name = "show", description = "Shows a job with all its attempts as JSON.", mixinStandardHelpOptions = true)
    int show(
            @Mixin OperatorOptions operator, @Parameters(paramLabel = "JOB", description = "the job's number") long job)
            throws IOException {
        out.println(OperatorOptions.pretty(operator.get("v1/operator/jobs/" + job)));
        return Exit.OK;
    }

    @Command(
            name = "requeue",
            description = "Opens a quarantined job again, or takes a leased one away from its worker.",
            mixinStandardHelpOptions = true)
    int requeue(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "JOB", description = "the job's number") long job,
            @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "for the audit trail")
                    String reason)
            throws IOException {
        return change(operator, job, "requeue", reason);
    }

    @Command(name = "quarantine", description = "Sets an open job aside.", mixinStandardHelpOptions = true)
    int quarantine(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "JOB", description = "the job's number") long job,
            @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "for the audit trail")
                    String reason)
            throws IOException {
        return change(operator, job, "quarantine", reason);
    }

    private int change(OperatorOptions operator, long job, String call, String reason) throws IOException {
        JsonNode now = operator.post("v1/operator/jobs/" + job + "/" + call, Map.of("reason", reason));
        out.println("job " + job + " is " + now.path("state").asText());
        return Exit.OK;
    }
}
