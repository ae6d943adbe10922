package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.tracker.service.CampaignCalls;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code campaign policy}. */
@Command(
        name = "policy",
        description =
                "Shows what a campaign's workers extract, fetch and keep, and all versions of it; --set makes the next one, for jobs that nobody has had yet.",
        mixinStandardHelpOptions = true)
final class CampaignPolicyCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    OperatorOptions operator = new OperatorOptions();

    @Parameters(paramLabel = "NAME", description = "the campaign's name")
    String name = "";

    @Option(names = "--set", paramLabel = "FILE", description = "what differs from the latest version, as JSON")
    @Nullable
    Path changes;

    @Option(names = "--reason", paramLabel = "TEXT", description = "why, for everybody; needed with --set")
    @Nullable
    String reason;

    @Mixin
    CharterWriter.Options signing = new CharterWriter.Options();

    CampaignPolicyCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        if (changes == null) {
            out.println(OperatorOptions.pretty(
                    operator.get("v1/campaigns/" + OperatorOptions.segment(name) + "/policies")));
            return Exit.OK;
        }
        if (reason == null) {
            throw new Failure(Exit.USAGE, "say with --reason why the policy changes");
        }
        JsonNode latest = operator.policies(name).path(0);
        Policy before = OperatorOptions.JSON.treeToValue(latest.path("policy"), Policy.class);
        Charter.Ref charter = null;
        Policy after;
        if (signing.key == null) {
            after = CampaignFiles.changed(before, Policy.class, changes);
        } else {
            CharterWriter writer = new CharterWriter(operator, signing.key, signing.validDays);
            Charter.Ref earlier = CharterWriter.requireSigned(name, latest);
            Charter signed = CharterWriter.requireUnchanged(name, latest, writer.read(earlier));
            after = CampaignFiles.changed(signed.policy(), Policy.class, changes);
            charter = writer.sign(signed, earlier, name, signed.stage(), signed.bundle(), after);
        }
        JsonNode now = operator.post(
                "v1/operator/campaigns/" + OperatorOptions.segment(name) + "/policy",
                new CampaignCalls.NewPolicy(latest.path("version").asInt(), after, reason, charter));
        out.println("campaign " + name + " has version "
                + now.path("policyVersion").asInt() + " of its policy; jobs that somebody has had keep theirs");
        return Exit.OK;
    }
}
