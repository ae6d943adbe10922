package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lease show|set}. */
@Command(
        name = "lease",
        description = "How long leases live: show, set.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class LeaseCommand {
    private final PrintStream out;

    LeaseCommand(PrintStream out) {
        this.out = out;
    }

    @Command(name = "show", description = "Shows the lease times that hold now.", mixinStandardHelpOptions = true)
    int show(@Mixin OperatorOptions operator) throws IOException {
        print(operator.get("v1/operator/lease-times"));
        return Exit.OK;
    }

    @Command(
            name = "set",
            description =
                    "Changes lease times for all trackers of the ledger, without a restart; what is not named stays. Workers hear of it with their next heartbeat.",
            mixinStandardHelpOptions = true)
    int set(
            @Mixin OperatorOptions operator,
            @Option(
                            names = "--ttl",
                            paramLabel = "SECONDS",
                            description = "a lease ends so long after its last heartbeat")
                    @Nullable
                    Integer ttl,
            @Option(names = "--hard-cap", paramLabel = "SECONDS", description = "and so long after its grant") @Nullable
                    Integer hardCap,
            @Option(names = "--heartbeat", paramLabel = "SECONDS", description = "how often workers beat") @Nullable
                    Integer heartbeat)
            throws IOException {
        JsonNode now = operator.get("v1/operator/lease-times");
        print(operator.post(
                "v1/operator/lease-times",
                Map.of(
                        "ttl", ttl == null ? now.path("ttl").asInt() : ttl,
                        "hardCap", hardCap == null ? now.path("hardCap").asInt() : hardCap,
                        "heartbeat", heartbeat == null ? now.path("heartbeat").asInt() : heartbeat)));
        return Exit.OK;
    }

    private void print(JsonNode times) {
        out.printf(
                "ttl %d s, hard cap %d s, heartbeat %d s%n",
                times.path("ttl").asInt(),
                times.path("hardCap").asInt(),
                times.path("heartbeat").asInt());
    }
}
