package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What an operator should look at first. */
@Command(
        name = "attention",
        description =
                "Says what to look at first, one thing a line, the most urgent first; exit code 1 when something is urgent.",
        mixinStandardHelpOptions = true)
final class AttentionCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private OperatorOptions operator = new OperatorOptions();

    AttentionCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        JsonNode items = operator.get("v1/operator/attention").path("items");
        boolean urgent = false;
        for (JsonNode item : items) {
            urgent |= item.path("level").asText().equals("URGENT");
            String about = item.path("worker").isNull()
                    ? ""
                    : " [worker " + item.path("worker").asText() + "]";
            out.printf(
                    "%-8s %-12s %s%s%n",
                    item.path("level").asText().toLowerCase(Locale.ROOT),
                    item.path("kind").asText(),
                    Printable.of(item.path("text").asText(), 400),
                    Printable.of(about, 80));
        }
        if (items.isEmpty()) {
            out.println("nothing needs attention just now");
        }
        return urgent ? Exit.ATTENTION : Exit.OK;
    }
}
