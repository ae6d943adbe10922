package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code objects collect}. */
@Command(
        name = "objects",
        description = "The object store: collect what no result names.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class ObjectsCommand {
    private final PrintStream out;

    ObjectsCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "collect",
            description =
                    "Shows objects that no accepted, held or submitted result names and that are older than the delay; with --delete, deletes them.",
            mixinStandardHelpOptions = true)
    int collect(
            @Mixin OperatorOptions operator,
            @Option(names = "--delete", description = "delete them; without it nothing is touched") boolean delete,
            @Option(
                            names = "--older-than",
                            paramLabel = "HOURS",
                            defaultValue = "48",
                            description = "at least 1 (default: ${DEFAULT-VALUE})")
                    int hours)
            throws IOException {
        JsonNode answer =
                operator.post("v1/operator/objects/collect", Map.of("delete", delete, "olderThanHours", hours));
        for (JsonNode key : answer.path("sample")) {
            out.println(key.asText());
        }
        long objects = answer.path("objects").asLong();
        if (objects > answer.path("sample").size()) {
            out.println("…");
        }
        out.println((delete ? "deleted: " : "would be deleted: ") + objects + " objects, "
                + answer.path("bytes").asLong() + " bytes; looked at "
                + answer.path("looked").asLong());
        return Exit.OK;
    }
}
