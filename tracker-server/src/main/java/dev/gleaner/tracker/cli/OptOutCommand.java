package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import dev.gleaner.tracker.service.ReleaseCalls;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code opt-out add|deny|forget|list}. */
@Command(
        name = "opt-out",
        description =
                "What people asked to be left out: addresses, domains, pages, pictures. Honoured by the next release.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class OptOutCommand {
    private static final String KIND = "url, domain, page or image (MD5 or SHA-256 of its bytes)";
    private final PrintStream out;

    OptOutCommand(PrintStream out) {
        this.out = out;
    }

    @Command(name = "list", description = "Shows all wishes, one a line.", mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        out.printf("%-9s %-7s %-20s %s%n", "STATE", "KIND", "SINCE", "VALUE");
        for (JsonNode wish : operator.get("v1/operator/opt-outs").path("optOuts")) {
            String contact = wish.path("contact").asText("");
            out.printf(
                    "%-9s %-7s %-20.20s %s%s%n",
                    wish.path("state").asText(),
                    wish.path("kind").asText(),
                    wish.path("at").asText(),
                    Printable.of(wish.path("value").asText(), 300),
                    contact.isEmpty() || contact.equals("null") ? "" : "  from " + Printable.of(contact, 100));
        }
        return Exit.OK;
    }

    @Command(
            name = "add",
            description = "Leaves something out of all releases to come, asked for or not.",
            mixinStandardHelpOptions = true)
    int add(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KIND", description = KIND) String kind,
            @Parameters(paramLabel = "VALUE") String value,
            @Option(names = "--reason", paramLabel = "TEXT", description = "why") @Nullable String reason)
            throws IOException {
        operator.post("v1/operator/opt-outs", new ReleaseCalls.Decided(kind, value, "honoured", reason));
        out.println("left out of all releases to come: " + kind + " " + value);
        return Exit.OK;
    }

    @Command(name = "deny", description = "Does not do what somebody asked for.", mixinStandardHelpOptions = true)
    int deny(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KIND", description = KIND) String kind,
            @Parameters(paramLabel = "VALUE") String value,
            @Option(names = "--reason", paramLabel = "TEXT", required = true, description = "why") String reason)
            throws IOException {
        operator.post("v1/operator/opt-outs", new ReleaseCalls.Decided(kind, value, "denied", reason));
        out.println("not left out: " + kind + " " + value);
        return Exit.OK;
    }

    @Command(name = "forget", description = "Takes a wish out of the list.", mixinStandardHelpOptions = true)
    int forget(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KIND", description = KIND) String kind,
            @Parameters(paramLabel = "VALUE") String value)
            throws IOException {
        operator.post("v1/operator/opt-outs/forget", new ReleaseCalls.Forgotten(kind, value));
        out.println("forgotten: " + kind + " " + value);
        return Exit.OK;
    }
}
