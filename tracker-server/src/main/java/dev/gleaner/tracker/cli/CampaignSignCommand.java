package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.tracker.service.CampaignCalls;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code campaign sign}. */
@Command(
        name = "sign",
        description =
                "Signs all versions of a campaign's policy: for longer when this key has signed them before; for the first time with --paths, and then look at all of it first: campaign show NAME, campaign policy NAME.",
        mixinStandardHelpOptions = true)
final class CampaignSignCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    OperatorOptions operator = new OperatorOptions();

    @Parameters(paramLabel = "NAME", description = "the campaign's name")
    String name = "";

    @Option(
            names = "--paths",
            paramLabel = "FILE",
            description = "the campaign's WAT paths, as they were given to campaign create; needed the first time")
    @Nullable
    Path paths;

    @Mixin
    CharterWriter.Options signing = new CharterWriter.Options();

    CampaignSignCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        if (signing.key == null) {
            throw new Failure(Exit.USAGE, "say with --key what to sign with; campaign new-key makes one");
        }
        CharterWriter writer = new CharterWriter(operator, signing.key, signing.validDays);
        JsonNode campaign = operator.get("v1/campaigns/" + OperatorOptions.segment(name));
        List<String> wats = paths == null ? null : CampaignFiles.paths(paths);
        int signed = 0;
        for (JsonNode version : operator.policies(name)) {
            Charter.Ref charter;
            if (wats == null) {
                Charter.Ref earlier = CharterWriter.requireSigned(name, version);
                Charter before = CharterWriter.requireUnchanged(name, version, writer.read(earlier));
                charter = writer.sign(before, earlier, name, before.stage(), before.bundle(), before.policy());
            } else {
                charter = writer.sign(
                        name,
                        campaign.path("base").asText(),
                        campaign.path("slices").asInt(),
                        Stage.valueOf(campaign.path("stage").asText()),
                        campaign.path("bundle").asText(),
                        OperatorOptions.JSON.treeToValue(version.path("policy"), Policy.class),
                        wats);
            }
            operator.post(
                    "v1/operator/campaigns/" + OperatorOptions.segment(name) + "/sign",
                    new CampaignCalls.Signing(version.path("version").asInt(), charter));
            signed++;
        }
        out.println("campaign " + name + ": " + signed + " versions of its policy are signed for " + signing.validDays
                + " days");
        return Exit.OK;
    }
}
