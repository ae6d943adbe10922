package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code site list|rates|set-rates}. */
@Command(
        name = "site",
        description = "Web sites that all workers spare, and how much the swarm may ask of one.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class SiteCommand {
    private static final String RATES = "v1/operator/site-rates";
    private static final String STOPPED = "v1/operator/stopped-sites";
    private final PrintStream out;

    SiteCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "list",
            description = "Lists sites that are left alone or visited less often just now, one a line.",
            mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        JsonNode sites = operator.get("v1/operator/sites").path("sites");
        if (sites.isEmpty()) {
            out.println("no site is spared just now");
            return Exit.OK;
        }
        out.printf("%-40s %8s %8s %12s%n", "SITE", "REST s", "STRIKES", "INTERVAL ms");
        for (JsonNode site : sites) {
            out.printf(
                    "%-40s %8d %8d %12d%n",
                    Printable.of(site.path("site").asText(), 80),
                    site.path("restSeconds").asLong(),
                    site.path("strikes").asInt(),
                    site.path("intervalMillis").asInt());
        }
        return Exit.OK;
    }

    @Command(
            name = "rates",
            description = "Shows how much all workers together may ask of others.",
            mixinStandardHelpOptions = true)
    int rates(@Mixin OperatorOptions operator) throws IOException {
        print(operator.get(RATES));
        return Exit.OK;
    }

    @Command(
            name = "set-rates",
            description = "Changes it for all trackers of the ledger, without a restart; what is not named stays.",
            mixinStandardHelpOptions = true)
    int setRates(
            @Mixin OperatorOptions operator,
            @Option(names = "--per-site", paramLabel = "N", description = "requests a second to one web site") @Nullable
                    Double perSite,
            @Option(
                            names = "--per-source",
                            paramLabel = "N",
                            description = "requests a second to a host of WATs, such as Common Crawl's")
                    @Nullable
                    Double perSource)
            throws IOException {
        JsonNode now = operator.get(RATES);
        print(operator.post(
                RATES,
                Map.of(
                        "perSite", perSite == null ? now.path("perSite").asDouble() : perSite,
                        "perSource", perSource == null ? now.path("perSource").asDouble() : perSource)));
        return Exit.OK;
    }

    @Command(
            name = "stopped",
            description = "Lists sites where nobody goes any more, with who said so.",
            mixinStandardHelpOptions = true)
    int stopped(@Mixin OperatorOptions operator) throws IOException {
        printStops(operator.get(STOPPED));
        return Exit.OK;
    }

    @Command(
            name = "stop",
            description = "Keeps all workers away from a site and the names below it, at once.",
            mixinStandardHelpOptions = true)
    int stop(
            @Mixin OperatorOptions operator,
            @Parameters(
                            paramLabel = "SITE",
                            description = "a domain, such as example.org; what lies below it is meant, too")
                    String site)
            throws IOException {
        printStops(operator.post(STOPPED, Map.of("site", site, "stop", true)));
        return Exit.OK;
    }

    @Command(name = "allow", description = "Lets workers go to a stopped site again.", mixinStandardHelpOptions = true)
    int allow(
            @Mixin OperatorOptions operator,
            @Parameters(
                            paramLabel = "SITE",
                            description = "a domain, such as example.org; what lies below it is meant, too")
                    String site)
            throws IOException {
        printStops(operator.post(STOPPED, Map.of("site", site, "stop", false)));
        return Exit.OK;
    }

    private void printStops(JsonNode list) {
        for (JsonNode stop : list.path("stops")) {
            out.printf(
                    "%-40s since %s, said %s%n",
                    Printable.of(stop.path("site").asText(), 80),
                    Printable.of(stop.path("since").asText(), 40),
                    Printable.of(stop.path("by").asText(), 80));
        }
        out.println(list.path("stops").size() + " sites are stopped");
    }

    private void print(JsonNode rates) {
        out.printf(
                "all workers together: %s requests/s to a site, %s to a host of WATs%n",
                rates.path("perSite").asText(), rates.path("perSource").asText());
    }
}
