package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code worker list|admit|ban|unban|pause|drain|update|resume|tell}. */
@Command(
        name = "worker",
        description = "Workers: list, admit, ban, unban, pause, drain, update, resume, tell, convict, pardon.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class WorkerCommand {
    private static final String MESSAGE = "a line that the volunteer sees";

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
                    w.path("banned").asBoolean()
                            ? " BANNED"
                            : w.path("convicted").asBoolean()
                                    ? " CONVICTED"
                                    : w.path("waiting").asBoolean() ? " WAITS" : remarks(w));
        }
        return Exit.OK;
    }

    @Command(
            name = "admit",
            description = "Lets a worker in that waits for it (see enrolment).",
            mixinStandardHelpOptions = true)
    int admit(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker)
            throws IOException {
        operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/admit", Map.of());
        out.println("worker " + worker + " is in");
        return Exit.OK;
    }

    @Command(
            name = "ban",
            description = "Refuses a worker from now on and takes its leases away.",
            mixinStandardHelpOptions = true)
    int ban(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker)
            throws IOException {
        operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/ban", Map.of());
        out.println("worker " + worker + " is banned");
        return Exit.OK;
    }

    @Command(
            name = "pause",
            description = "Lets a worker finish its job and gives it no more until it is resumed.",
            mixinStandardHelpOptions = true)
    int pause(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker,
            @Option(names = "--message", paramLabel = "TEXT", description = MESSAGE) @Nullable String message)
            throws IOException {
        return direct(operator, worker, "PAUSE", message, "is paused");
    }

    @Command(name = "drain", description = "Asks a worker to finish its job and exit.", mixinStandardHelpOptions = true)
    int drain(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker,
            @Option(names = "--message", paramLabel = "TEXT", description = MESSAGE) @Nullable String message)
            throws IOException {
        return direct(operator, worker, "DRAIN", message, "is asked to finish and exit");
    }

    @Command(
            name = "update",
            description = "Asks a worker to finish its job and exit, because there is a newer version.",
            mixinStandardHelpOptions = true)
    int update(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker,
            @Option(names = "--message", paramLabel = "TEXT", description = MESSAGE) @Nullable String message)
            throws IOException {
        return direct(operator, worker, "UPDATE", message, "is asked to update");
    }

    @Command(
            name = "resume",
            description = "Takes back what pause, drain, update and tell said.",
            mixinStandardHelpOptions = true)
    int resume(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker)
            throws IOException {
        return direct(operator, worker, "NONE", null, "may go on");
    }

    @Command(
            name = "tell",
            description = "Shows a line to a worker's volunteer, and lets it go on.",
            mixinStandardHelpOptions = true)
    int tell(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker,
            @Parameters(paramLabel = "TEXT", description = "what the volunteer sees, a line") String message)
            throws IOException {
        return direct(operator, worker, "NONE", message, "will show it");
    }

    /** What operators asked of it, and what it finds wrong with its network. */
    private static String remarks(JsonNode worker) {
        String directive = worker.path("directive").asText("NONE");
        StringBuilder said = new StringBuilder(directive.equals("NONE") ? "" : " " + directive);
        for (JsonNode trouble : worker.path("troubles")) {
            said.append(" NETWORK:")
                    .append(trouble.path("kind").asText().toLowerCase(Locale.ROOT))
                    .append('=')
                    .append(trouble.path("percent").asInt())
                    .append('%');
        }
        return said.toString();
    }

    private int direct(OperatorOptions operator, String worker, String directive, @Nullable String message, String said)
            throws IOException {
        Map<String, Object> wish = new HashMap<>();
        wish.put("directive", directive);
        wish.put("message", message);
        operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/direct", wish);
        out.println("worker " + worker + " " + said);
        return Exit.OK;
    }

    @Command(
            name = "convict",
            description =
                    "Takes back all results of a worker for which nobody else stands, opens their jobs again, and gives it no more. pardon undoes it.",
            mixinStandardHelpOptions = true)
    int convict(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker)
            throws IOException {
        JsonNode done = operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/convict", Map.of());
        out.println(
                "worker " + worker + " is convicted; " + done.path("takenBack").asInt() + " results were taken back");
        return Exit.OK;
    }

    @Command(
            name = "pardon",
            description = "Undoes a conviction: its results count again where nobody has done their jobs meanwhile.",
            mixinStandardHelpOptions = true)
    int pardon(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker)
            throws IOException {
        JsonNode done = operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/pardon", Map.of());
        out.println("worker " + worker + " is pardoned; "
                + done.path("reinstated").asInt() + " results count again, "
                + done.path("left").asInt() + " do not");
        return Exit.OK;
    }

    @Command(name = "unban", description = "Lets a worker back in.", mixinStandardHelpOptions = true)
    int unban(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "WORKER", description = "the worker's id, as worker list shows it") String worker)
            throws IOException {
        operator.post("v1/operator/workers/" + OperatorOptions.segment(worker) + "/unban", Map.of());
        out.println("worker " + worker + " is no longer banned");
        return Exit.OK;
    }
}
