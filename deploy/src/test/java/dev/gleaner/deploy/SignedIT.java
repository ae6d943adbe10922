package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tracker that somebody has taken over cannot make workers do what the campaign's key has not signed. */
class SignedIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private static Programs.Ended operator(SmallCampaign campaign, Path folder, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of(
                "--tracker",
                "http://127.0.0.1:" + campaign.trackerPort(),
                "--token-file",
                folder.resolve("data/operator.token").toString()));
        return campaign.programs.operate(all.toArray(String[]::new));
    }

    private Programs.Ended worker(SmallCampaign campaign, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(Arrays.asList(campaign.run()));
        arguments.addAll(Arrays.asList(more));
        return campaign.programs.run(Programs.WORKER, arguments.toArray(String[]::new));
    }

    private static JsonNode campaign(SmallCampaign campaign) throws Exception {
        return JSON.readTree(
                campaign.get(campaign.trackerPort(), "/v1/campaigns/c").body());
    }

    private String newKey(SmallCampaign campaign, String name) throws Exception {
        Programs.Ended made = campaign.programs.operate(
                "campaign", "new-key", folder.resolve(name).toString());
        assertEquals(0, made.code(), made.said());
        String said = made.said().strip();
        return said.substring(said.lastIndexOf(' ') + 1);
    }

    @Test
    void aWorkerDoesWhatIsSignedAndNothingElse() throws Exception {
        SmallCampaign.Size size = new SmallCampaign.Size(1, 4, 0, 4, List.of());
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, size)) {
            String key = newKey(campaign, "key");
            String other = newKey(campaign, "other");
            String secret = folder.resolve("key").toString();
            Programs.Ended early = operator(campaign, folder, "campaign", "sign", "c", "--key", secret);
            assertNotEquals(0, early.code());
            assertTrue(early.said().contains("--paths"), early.said());
            Programs.Ended signed = operator(
                    campaign,
                    folder,
                    "campaign",
                    "sign",
                    "c",
                    "--key",
                    secret,
                    "--paths",
                    folder.resolve("wat.paths").toString());
            assertEquals(0, signed.code(), signed.said());

            Programs.Ended first = worker(campaign);
            assertEquals(0, first.code(), first.said());
            assertTrue(first.said().contains("this key has signed: key=" + key), first.said());
            assertEquals(1, campaign(campaign).path("jobs").path("done").asInt());
            Programs.Ended strict = worker(campaign, "--campaign-key", other);
            assertNotEquals(0, strict.code());
            assertTrue(strict.said().contains("it is signed by another key"), strict.said());

            // The policy changes with the key, and not without.
            Path change = Files.writeString(folder.resolve("change.json"), "{\"requestTimeoutSeconds\": 50}");
            Programs.Ended unsigned = operator(
                    campaign, folder, "campaign", "policy", "c", "--set", change.toString(), "--reason", "slow web");
            assertNotEquals(0, unsigned.code());
            assertTrue(unsigned.said().contains("is signed"), unsigned.said());
            Programs.Ended changed = operator(
                    campaign,
                    folder,
                    "campaign",
                    "policy",
                    "c",
                    "--set",
                    change.toString(),
                    "--reason",
                    "slow web",
                    "--key",
                    secret);
            assertEquals(0, changed.code(), changed.said());
            assertEquals(0, worker(campaign, "--campaign-key", key).code());
            Programs.Ended longer = operator(campaign, folder, "campaign", "sign", "c", "--key", secret);
            assertTrue(longer.said().contains("2 versions of its policy are signed"), longer.said());

            // Somebody is in the tracker's machine.
            campaign.tracker().destroyForcibly().waitFor();
            try (Connection ledger = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("data/ledger.db"));
                    Statement statement = ledger.createStatement()) {
                assertEquals(
                        2,
                        statement.executeUpdate(
                                "UPDATE campaign_policy SET policy = replace(policy, '\"maxRedirects\":5', '\"maxRedirects\":19')"));
            }
            campaign.restartTracker();
            int requests = campaign.sum();
            Programs.Ended refused = worker(campaign);
            assertNotEquals(0, refused.code());
            assertTrue(refused.said().contains("the charter has another policy"), refused.said());
            assertEquals(requests, campaign.sum(), "nothing was fetched for it");
            JsonNode jobs = campaign(campaign).path("jobs");
            assertEquals(2, jobs.path("done").asInt());
            assertEquals(2, jobs.path("open").asInt(), "the lease was given back");
            Programs.Ended deceived = operator(campaign, folder, "campaign", "sign", "c", "--key", secret);
            assertNotEquals(0, deceived.code());
            assertTrue(deceived.said().contains("another policy"), deceived.said());
        }
    }
}
