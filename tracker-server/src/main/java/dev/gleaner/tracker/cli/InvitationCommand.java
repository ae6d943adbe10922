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

/** {@code invitation list|create|withdraw}. */
@Command(
        name = "invitation",
        description = "Invitations for workers: list, create, withdraw.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class InvitationCommand {
    private static final String PATH = "v1/operator/invitations";
    private final PrintStream out;

    InvitationCommand(PrintStream out) {
        this.out = out;
    }

    @Command(name = "list", description = "Lists invitations, newest first.", mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        print(operator.get(PATH));
        return Exit.OK;
    }

    @Command(
            name = "create",
            description = "Makes an invitation and prints its code, once. Workers give it with --invitation.",
            mixinStandardHelpOptions = true)
    int create(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NOTE", description = "whom it is for") String note,
            @Option(
                            names = "--uses",
                            paramLabel = "N",
                            defaultValue = "0",
                            description =
                                    "most workers that may come with it, 0 for any number (default: ${DEFAULT-VALUE})")
                    int uses,
            @Option(
                            names = "--days",
                            paramLabel = "N",
                            defaultValue = "30",
                            description = "how long it holds, 0 for ever (default: ${DEFAULT-VALUE})")
                    int days)
            throws IOException {
        out.println(operator.post(PATH, Map.of("note", note, "uses", uses, "days", days))
                .path("code")
                .asText());
        return Exit.OK;
    }

    @Command(
            name = "withdraw",
            description = "Lets nobody register with it any more. Workers that came with it stay; ban them one by one.",
            mixinStandardHelpOptions = true)
    int withdraw(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "INVITATION", description = "the invitation's id, as invitation list shows it")
                    String invitation)
            throws IOException {
        print(operator.post(PATH + "/" + OperatorOptions.segment(invitation) + "/withdraw", Map.of()));
        return Exit.OK;
    }

    private void print(JsonNode answer) {
        out.printf("%-22s %-10s %6s %6s %-25s %s%n", "INVITATION", "STATE", "USED", "OF", "UNTIL", "NOTE");
        for (JsonNode invitation : answer.path("invitations")) {
            int uses = invitation.path("uses").asInt();
            out.printf(
                    "%-22s %-10s %6d %6s %-25s %s%n",
                    invitation.path("id").asText(),
                    invitation.path("state").asText(),
                    invitation.path("used").asInt(),
                    uses == 0 ? "any" : String.valueOf(uses),
                    invitation.path("expiresAt").asText("-"),
                    Printable.of(invitation.path("note").asText(), 80));
        }
    }
}
