package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lease list|revoke|show|set}. */
@Command(
        name = "lease",
        description = "Live leases: list, revoke, extend; how long they live: show, set.",
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
            @Option(
                            names = "--hard-cap",
                            paramLabel = "SECONDS",
                            description = "a lease ends so long after its grant, whatever beats")
                    @Nullable
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

    /** Which leases are meant. */
    static final class Filter {
        @Option(names = "--campaign", paramLabel = "NAME", description = "only of this campaign")
        @Nullable
        String campaign;

        @Option(names = "--worker", paramLabel = "ID", description = "only this worker's")
        @Nullable
        String worker;

        @Option(names = "--silent", paramLabel = "SECONDS", description = "without a heartbeat for so long")
        long silent;

        @Option(names = "--stuck", paramLabel = "SECONDS", description = "without anything new for so long")
        long stuck;

        @Option(names = "--age", paramLabel = "SECONDS", description = "at least so old")
        long age;

        JsonNode page(OperatorOptions operator, String order) throws IOException {
            return operator.get("v1/operator/leases?limit=1000&order=" + OperatorOptions.segment(order) + "&age=" + age
                    + "&silent=" + silent + "&stuck=" + stuck
                    + (campaign == null ? "" : "&campaign=" + OperatorOptions.segment(campaign))
                    + (worker == null ? "" : "&worker=" + OperatorOptions.segment(worker)));
        }
    }

    @Command(
            name = "list",
            description = "Lists live leases of all trackers, at most 1,000, one a line.",
            mixinStandardHelpOptions = true)
    int list(
            @Mixin OperatorOptions operator,
            @Mixin Filter filter,
            @Option(
                            names = "--order",
                            paramLabel = "WHAT",
                            defaultValue = "silent",
                            description =
                                    "what stands first: silent, stuck, oldest, newest (default: ${DEFAULT-VALUE})")
                    String order)
            throws IOException {
        show(filter.page(operator, order), Integer.MAX_VALUE);
        return Exit.OK;
    }

    @Command(
            name = "revoke",
            description = {
                "Takes leases away, so that their jobs go to other workers at once; nobody pays for it.",
                "Without --yes it only counts what would be taken and shows the first ten. With it, it takes those that match then, at most 1,000 at a time; one that ends by itself meanwhile is passed over."
            },
            mixinStandardHelpOptions = true)
    int revoke(
            @Mixin OperatorOptions operator,
            @Mixin Filter filter,
            @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "for the audit trail")
                    String reason,
            @Option(names = "--yes", description = "do it") boolean yes)
            throws IOException {
        JsonNode page = filter.page(operator, "silent");
        show(page, 10);
        if (page.path("leases").isEmpty()) {
            return Exit.OK;
        }
        if (!yes) {
            out.println("nothing was taken away; add --yes to do it");
            return Exit.OK;
        }
        List<Map<String, Object>> leases = refs(page);
        int revoked = 0;
        for (JsonNode outcome : operator.post("v1/operator/leases/revoke", Map.of("leases", leases, "reason", reason))
                .path("leases")) {
            revoked += outcome.path("outcome").asText().equals("revoked") ? 1 : 0;
        }
        out.println(revoked + " leases were taken away, " + (leases.size() - revoked) + " had ended by themselves");
        return Exit.OK;
    }

    @Command(
            name = "extend",
            description = {
                "Lets leases live for so long from now on, whatever their workers do, until the tracker that watches them restarts.",
                "Without --yes it only counts them and shows the first ten. With it, it takes those that match then, at most 1,000 at a time."
            },
            mixinStandardHelpOptions = true)
    int extend(
            @Mixin OperatorOptions operator,
            @Mixin Filter filter,
            @Option(names = "--seconds", required = true, paramLabel = "N", description = "1 to 86400") long seconds,
            @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "for the audit trail")
                    String reason,
            @Option(names = "--yes", description = "do it") boolean yes)
            throws IOException {
        JsonNode page = filter.page(operator, "silent");
        show(page, 10);
        if (page.path("leases").isEmpty() || !yes) {
            out.println("nothing was changed" + (yes ? "" : "; add --yes to do it"));
            return Exit.OK;
        }
        int extended = 0;
        for (JsonNode outcome : operator.post(
                        "v1/operator/leases/extend", Map.of("leases", refs(page), "seconds", seconds, "reason", reason))
                .path("leases")) {
            extended += outcome.path("outcome").asText().equals("extended") ? 1 : 0;
        }
        out.println(extended + " leases live for " + seconds + " s from now on");
        return Exit.OK;
    }

    private static List<Map<String, Object>> refs(JsonNode page) {
        List<Map<String, Object>> leases = new ArrayList<>();
        for (JsonNode lease : page.path("leases")) {
            leases.add(Map.of(
                    "job",
                    lease.path("job").asLong(),
                    "token",
                    lease.path("token").asText()));
        }
        return leases;
    }

    private void show(JsonNode page, int most) {
        out.printf(
                "%-8s %-16s %-20s %-10s %8s %8s %8s %8s %s%n",
                "JOB", "CAMPAIGN", "VOLUNTEER", "STEP", "DONE", "AGE s", "SILENT s", "STUCK s", "WORKER");
        int shown = 0;
        for (JsonNode lease : page.path("leases")) {
            if (shown++ == most) {
                break;
            }
            long candidates = lease.path("candidates").asLong();
            out.printf(
                    "%-8d %-16s %-20s %-10s %8s %8d %8d %8d %s%n",
                    lease.path("job").asLong(),
                    Printable.of(lease.path("campaign").asText(), 16),
                    Printable.of(lease.path("nickname").asText(), 20),
                    Printable.of(lease.path("step").asText(), 10),
                    candidates == 0 ? "-" : 100 * lease.path("finished").asLong() / candidates + " %",
                    lease.path("ageSeconds").asLong(),
                    lease.path("silentSeconds").asLong(),
                    lease.path("stuckSeconds").asLong(),
                    Printable.of(lease.path("worker").asText(), 40));
        }
        out.printf(
                "%d of %d live leases%s%n",
                page.path("matched").asInt(),
                page.path("live").asInt(),
                page.path("silent").asInt() == 0
                        ? ""
                        : "; " + page.path("silent").asInt() + " trackers did not answer, theirs are missing");
    }

    private void print(JsonNode times) {
        out.printf(
                "ttl %d s, hard cap %d s, heartbeat %d s%n",
                times.path("ttl").asInt(),
                times.path("hardCap").asInt(),
                times.path("heartbeat").asInt());
    }
}
