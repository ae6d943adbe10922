package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.tracker.service.CampaignCalls;
import dev.gleaner.tracker.service.TrustCalls;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code campaign create|score|list|show|policy|sign|new-key|chain|replication|pause|resume|priority}. */
@Command(
        name = "campaign",
        description =
                "Campaigns: create, score, list, show, policy, sign, new-key, chain, replication, pause, resume, priority.",
        mixinStandardHelpOptions = true,
        subcommands = {
            CampaignPolicyCommand.class,
            CampaignSignCommand.class,
            CampaignChainCommand.class,
            picocli.CommandLine.HelpCommand.class
        })
final class CampaignCommand {
    private static final String REPLICATION =
            "how strangers' results are checked by each other: none, adaptive, or a JSON file with what differs from adaptive; see docs/trust.md (default: none)";

    private final PrintStream out;

    CampaignCommand(PrintStream out) {
        this.out = out;
    }

    @Command(
            name = "create",
            description =
                    "Makes a campaign of a list of WAT paths. Safe to repeat: the very same campaign is made once.",
            mixinStandardHelpOptions = true)
    int create(
            @Mixin OperatorOptions operator,
            @Option(
                            names = "--name",
                            required = true,
                            paramLabel = "NAME",
                            description = "the campaign's name: a-z 0-9 . _ -")
                    String name,
            @Option(
                            names = "--paths",
                            required = true,
                            paramLabel = "FILE",
                            description =
                                    "WAT paths, one a line: a wat.paths.gz as Common Crawl publishes it, or plain text")
                    Path paths,
            @Option(
                            names = "--base",
                            paramLabel = "URL|DIR",
                            defaultValue = "https://data.commoncrawl.org/",
                            description =
                                    "what the paths are appended to: an address or a folder (default: ${DEFAULT-VALUE})")
                    String base,
            @Option(
                            names = "--slices",
                            paramLabel = "N",
                            defaultValue = "10",
                            description = "jobs made of each WAT (default: ${DEFAULT-VALUE})")
                    int slices,
            @Option(
                            names = "--bundle",
                            required = true,
                            paramLabel = "DIR",
                            description = "folder of the model bundle; uploaded if the tracker lacks it")
                    Path bundle,
            @Option(
                            names = "--fetch-only",
                            description =
                                    "its jobs hand in batches of prepared pictures, for campaigns made with campaign score")
                    boolean fetchOnly,
            @Option(
                            names = "--policy",
                            paramLabel = "FILE",
                            description =
                                    "what differs from the default policy, LAION-400M's figures, as JSON: see docs/policy.md")
                    @Nullable
                    Path policyFile,
            @Option(names = "--replication", paramLabel = "RULE", defaultValue = "none", description = REPLICATION)
                    String replication,
            @Mixin CharterWriter.Options signing)
            throws IOException {
        String id = CampaignFiles.upload(operator, bundle);
        CampaignSpec spec = new CampaignSpec(
                name,
                CampaignFiles.address(base),
                slices,
                id,
                CampaignFiles.policy(policyFile),
                fetchOnly ? Stage.FETCH : null,
                null,
                CampaignFiles.replication(replication));
        List<String> wats = CampaignFiles.paths(paths);
        if (signing.key != null) {
            spec = spec.signed(new CharterWriter(operator, signing.key, signing.validDays)
                    .sign(name, spec.base(), slices, spec.does(), id, spec.policy(), wats));
        }
        return create(operator, new CampaignCalls.NewCampaign(spec, wats));
    }

    @Command(
            name = "score",
            description =
                    "Makes a campaign that scores the batches of one made with --fetch-only: those that are there, and those to come.",
            mixinStandardHelpOptions = true)
    int score(
            @Mixin OperatorOptions operator,
            @Option(
                            names = "--name",
                            required = true,
                            paramLabel = "NAME",
                            description = "the campaign's name: a-z 0-9 . _ -")
                    String name,
            @Option(
                            names = "--source",
                            required = true,
                            paramLabel = "NAME",
                            description = "the campaign whose batches are scored")
                    String source,
            @Option(
                            names = "--bundle",
                            required = true,
                            paramLabel = "DIR",
                            description = "folder of the model bundle; uploaded if the tracker lacks it")
                    Path bundle,
            @Option(
                            names = "--policy",
                            paramLabel = "FILE",
                            description =
                                    "what differs from the default policy, LAION-400M's figures, as JSON: see docs/policy.md")
                    @Nullable
                    Path policyFile,
            @Option(names = "--replication", paramLabel = "RULE", defaultValue = "none", description = REPLICATION)
                    String replication,
            @Mixin CharterWriter.Options signing)
            throws IOException {
        String id = CampaignFiles.upload(operator, bundle);
        JsonNode fetched = operator.get("v1/campaigns/" + OperatorOptions.segment(source));
        CampaignSpec spec = new CampaignSpec(
                name,
                fetched.path("base").asText(),
                fetched.path("slices").asInt(),
                id,
                CampaignFiles.policy(policyFile),
                Stage.SCORE,
                source,
                CampaignFiles.replication(replication));
        if (signing.key != null) {
            Charter.Ref earlier = CharterWriter.of(operator.policies(source).path(0));
            if (earlier == null) {
                throw new Failure(Exit.DATA, "campaign " + source + " is not signed; sign it first: campaign sign");
            }
            CharterWriter writer = new CharterWriter(operator, signing.key, signing.validDays);
            spec = spec.signed(writer.sign(writer.read(earlier), earlier, name, Stage.SCORE, id, spec.policy()));
        }
        return create(operator, new CampaignCalls.NewCampaign(spec, List.of()));
    }

    private int create(OperatorOptions operator, CampaignCalls.NewCampaign wish) throws IOException {
        JsonNode created = operator.post("v1/operator/campaigns", wish);
        String name = wish.spec().name();
        out.println(
                created.path("created").asBoolean()
                        ? "campaign " + name + " made with "
                                + created.path("jobs").asLong() + " jobs"
                        : "campaign " + name + " exists already, the very same");
        return Exit.OK;
    }

    @Command(name = "list", description = "Shows all campaigns, one a line.", mixinStandardHelpOptions = true)
    int list(@Mixin OperatorOptions operator) throws IOException {
        out.printf(
                "%-24s %-8s %-6s %10s %10s %10s %10s %12s%n",
                "CAMPAIGN", "STATE", "STAGE", "OPEN", "LEASED", "DONE", "QUARANT.", "KEPT");
        for (JsonNode c : operator.get("v1/campaigns").path("campaigns")) {
            JsonNode jobs = c.path("jobs");
            out.printf(
                    "%-24s %-8s %-6s %10d %10d %10d %10d %12d%n",
                    c.path("name").asText(),
                    c.path("state").asText(),
                    c.path("stage").asText().toLowerCase(Locale.ROOT),
                    jobs.path("open").asLong(),
                    jobs.path("leased").asLong(),
                    jobs.path("done").asLong(),
                    jobs.path("quarantined").asLong(),
                    c.path("accepted").path("kept").asLong());
        }
        return Exit.OK;
    }

    @Command(name = "show", description = "Shows a campaign as JSON.", mixinStandardHelpOptions = true)
    int show(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name)
            throws IOException {
        out.println(OperatorOptions.pretty(operator.get("v1/campaigns/" + name)));
        return Exit.OK;
    }

    @Command(
            name = "new-key",
            description =
                    "Makes a key that signs campaigns, and prints the public half, for volunteers. Keep the file away from the tracker: whoever has both can make workers do other work.",
            mixinStandardHelpOptions = true)
    int newKey(@Parameters(paramLabel = "FILE", description = "new file for the private key") Path file)
            throws IOException {
        SigningKey key = SigningKey.make(file);
        out.println("private key: " + file);
        out.println("volunteers may run workers with: --campaign-key " + key.publicKey());
        return Exit.OK;
    }

    @Command(
            name = "replication",
            description = "Says how a campaign's results are checked by each other from now on: see docs/trust.md.",
            mixinStandardHelpOptions = true)
    int replication(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name,
            @Parameters(paramLabel = "RULE", description = "none, adaptive, or a JSON file") String rule)
            throws IOException {
        JsonNode now = operator.post(
                "v1/operator/campaigns/" + OperatorOptions.segment(name) + "/replication",
                new TrustCalls.Wish(CampaignFiles.replication(rule)));
        out.println("campaign " + name + " compares results: " + now.path("replication"));
        return Exit.OK;
    }

    @Command(
            name = "priority",
            description = "Says whose jobs go out first: those of campaigns with a higher number, -100 to 100.",
            mixinStandardHelpOptions = true)
    int priority(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name,
            @Parameters(paramLabel = "NUMBER", description = "-100 to 100; campaigns have 0 until told otherwise")
                    int priority)
            throws IOException {
        JsonNode now = operator.post("v1/operator/campaigns/" + name + "/priority", Map.of("priority", priority));
        out.println("campaign " + name + " has priority " + now.path("priority").asInt());
        return Exit.OK;
    }

    @Command(
            name = "pause",
            description = "Leases no more of its jobs; what is leased goes on.",
            mixinStandardHelpOptions = true)
    int pause(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name)
            throws IOException {
        operator.post("v1/operator/campaigns/" + name + "/pause", Map.of());
        out.println("campaign " + name + " is paused");
        return Exit.OK;
    }

    @Command(name = "resume", description = "Leases its jobs again.", mixinStandardHelpOptions = true)
    int resume(
            @Mixin OperatorOptions operator,
            @Parameters(paramLabel = "NAME", description = "the campaign's name") String name)
            throws IOException {
        operator.post("v1/operator/campaigns/" + name + "/resume", Map.of());
        out.println("campaign " + name + " is active");
        return Exit.OK;
    }
}
