package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code enrolment show|set}. */
@Command(
        name = "enrolment",
        description = "Who may become a worker: show, set.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class EnrolmentCommand {
    private static final String PATH = "v1/operator/enrolment";
    private final PrintStream out;

    EnrolmentCommand(PrintStream out) {
        this.out = out;
    }

    @Command(name = "show", description = "Shows the rules that hold now.", mixinStandardHelpOptions = true)
    int show(@Mixin OperatorOptions operator) throws IOException {
        print(operator.get(PATH));
        return Exit.OK;
    }

    @Command(
            name = "set",
            description =
                    "Changes the rules for all trackers of the ledger, without a restart; what is not named stays.",
            mixinStandardHelpOptions = true)
    int set(
            @Mixin OperatorOptions operator,
            @Option(
                            names = "--mode",
                            paramLabel = "MODE",
                            description =
                                    "open: anybody; invitation: only with a code; approval: anybody, but an operator lets each one in with worker"
                                            + " admit. A code always lets in")
                    @Nullable
                    String mode,
            @Option(
                            names = "--per-address",
                            paramLabel = "N",
                            description = "most new workers from one network address in 24 hours, 0 for no limit")
                    @Nullable
                    Integer perAddress)
            throws IOException {
        JsonNode now = operator.get(PATH);
        print(operator.post(
                PATH,
                Map.of(
                        "mode", mode == null ? now.path("mode").asText() : mode,
                        "workersPerAddressPerDay",
                                perAddress == null
                                        ? now.path("workersPerAddressPerDay").asInt()
                                        : perAddress)));
        return Exit.OK;
    }

    private void print(JsonNode rules) {
        out.printf(
                "mode %s, %d new workers per address and day%n",
                rules.path("mode").asText().toLowerCase(Locale.ROOT),
                rules.path("workersPerAddressPerDay").asInt());
    }
}
