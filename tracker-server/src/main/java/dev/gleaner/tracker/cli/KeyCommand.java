package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code key list|create|rotate|revoke}. */
@Command(
        name = "key",
        description = "Keys of people who sign in: list, create, rotate, revoke.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class KeyCommand {
    private static final String PATH = "v1/operator/keys";
    private final PrintStream out;

    KeyCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "list",
            description = "Lists keys, newest first; the first operators' token is not among them.",
            mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        print(operator.get(PATH));
        return Exit.OK;
    }

    @Command(
            name = "create",
            description = "Makes a key and prints its token, once. Put it into a file for --token-file.",
            mixinStandardHelpOptions = true)
    int create(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "who signs in with it; stands in the audit trail")
                    String name,
            @Option(
                            names = "--role",
                            paramLabel = "ROLE",
                            defaultValue = "operator",
                            description =
                                    "operator, or viewer who sees everything and changes nothing (default: ${DEFAULT-VALUE})")
                    String role,
            @Option(
                            names = "--days",
                            paramLabel = "N",
                            defaultValue = "0",
                            description = "how long it holds, 0 for ever (default: ${DEFAULT-VALUE})")
                    int days)
            throws IOException {
        out.println(operator.post(PATH, Map.of("name", name, "role", role, "days", days))
                .path("token")
                .asText());
        return Exit.OK;
    }

    @Command(
            name = "rotate",
            description = "Gives a key a new token and prints it, once; the old one is void at once.",
            mixinStandardHelpOptions = true)
    int rotate(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KEY", description = "the key's id, as key list shows it") String key)
            throws IOException {
        out.println(operator.post(PATH + "/" + OperatorOptions.segment(key) + "/rotate", Map.of())
                .path("token")
                .asText());
        return Exit.OK;
    }

    @Command(
            name = "revoke",
            description = "Voids a key for good; other trackers hear of it within ten seconds.",
            mixinStandardHelpOptions = true)
    int revoke(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "KEY", description = "the key's id, as key list shows it") String key)
            throws IOException {
        print(operator.post(PATH + "/" + OperatorOptions.segment(key) + "/revoke", Map.of()));
        return Exit.OK;
    }

    private void print(JsonNode answer) {
        out.printf("%-22s %-9s %-8s %-25s %s%n", "KEY", "ROLE", "STATE", "UNTIL", "NAME");
        for (JsonNode key : answer.path("keys")) {
            out.printf(
                    "%-22s %-9s %-8s %-25s %s%n",
                    key.path("id").asText(),
                    key.path("role").asText(),
                    key.path("state").asText(),
                    key.path("expiresAt").asText("-"),
                    Printable.of(key.path("name").asText(), 80));
        }
    }
}
