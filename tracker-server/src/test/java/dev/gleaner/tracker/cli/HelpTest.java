package dev.gleaner.tracker.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

class HelpTest {
    private static void collect(CommandLine command, List<String> faults, List<CommandLine> seen) {
        seen.add(command);
        var spec = command.getCommandSpec();
        if (String.join("", spec.usageMessage().description()).isBlank()) {
            faults.add(spec.qualifiedName() + " does not say what it does");
        }
        for (ArgSpec argument : spec.args()) {
            if (argument.hidden()) {
                continue;
            }
            String name = spec.qualifiedName() + " " + argument.paramLabel();
            if (String.join("", argument.description()).isBlank()) {
                faults.add(name + " has no description");
            }
            if (argument.arity().max() > 0 && argument.paramLabel().contains("<")) {
                faults.add(name + " has the label of a field");
            }
        }
        command.getSubcommands().values().forEach(sub -> collect(sub, faults, seen));
    }

    @Test
    void everyCommandAndEveryWordItTakesIsExplained() {
        List<String> faults = new ArrayList<>();
        List<CommandLine> seen = new ArrayList<>();
        collect(TrackerCommand.line(System.out), faults, seen);
        assertEquals(List.of(), faults);
        assertTrue(seen.size() > 10, seen.size() + " commands");
    }

    @Test
    void aSlipIsSaidInALineWithWhatMayHaveBeenMeant() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = TrackerCommand.execute(
                System.out, new PrintStream(err, true, StandardCharsets.UTF_8), "campaign", "crate");
        String said = err.toString(StandardCharsets.UTF_8);
        assertEquals(Exit.USAGE, code);
        assertTrue(said.contains("create") && said.contains("--help"), said);
        assertTrue(said.lines().count() <= 4, said);
    }
}
