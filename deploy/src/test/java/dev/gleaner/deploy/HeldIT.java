package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A campaign that compares, on the tracker's jar: held, confirmed, taken back, given back, and compared no more. */
class HeldIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TEXTS = List.of("one", "two");

    @TempDir
    Path folder;

    private Programs.Ended operator(SmallCampaign campaign, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(words));
        command.addAll(List.of(
                "--tracker",
                "http://127.0.0.1:" + campaign.trackerPort(),
                "--token-file",
                folder.resolve("data/operator.token").toString()));
        Programs.Ended ended = campaign.programs.operate(command.toArray(String[]::new));
        assertEquals(0, ended.code(), ended.said());
        return ended;
    }

    private String handIn(SmallCampaign campaign, String who) throws Exception {
        return new HandMade("http://127.0.0.1:" + campaign.trackerPort() + "/")
                .outcome(folder, who, "https://example.org/x.jpg", TEXTS, null);
    }

    private static JsonNode get(SmallCampaign campaign, String path) throws Exception {
        return JSON.readTree(campaign.get(campaign.trackerPort(), path).body());
    }

    private static long jobs(SmallCampaign campaign, String state) throws Exception {
        return get(campaign, "/v1/campaigns/c").path("jobs").path(state).asLong();
    }

    private static String id(SmallCampaign campaign, String nickname) throws Exception {
        return get(campaign, "/v1/operator/workers?text=" + nickname)
                .path("workers")
                .path(0)
                .path("worker")
                .asText();
    }

    private long objects(String prefix) throws Exception {
        Path root = folder.resolve("data/objects").resolve(prefix);
        if (!Files.exists(root)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    @Test
    void aResultIsHeldConfirmedTakenBackAndGivenBack() throws Exception {
        SmallCampaign.Size size = new SmallCampaign.Size(1, 2, 0, 1, List.of("--replication", "adaptive"));
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, size)) {
            assertEquals("PENDING", handIn(campaign, "ada"));
            assertEquals("PENDING", handIn(campaign, "bela"));
            Programs.awaitThat(() -> jobs(campaign, "open") == 2);
            assertEquals(0, objects("accepted"), "what is held stays where it was uploaded");
            assertEquals("PENDING", handIn(campaign, "cleo"), "the same answer for all");
            Programs.awaitThat(() -> jobs(campaign, "done") == 1);
            JsonNode status = get(campaign, "/v1/campaigns/c");
            assertEquals(2, status.path("accepted").path("kept").asLong());
            assertEquals(1, status.path("confirming").asLong());
            assertEquals(1, objects("accepted"));

            String ada = id(campaign, "ada");
            String cleo = id(campaign, "cleo");
            assertTrue(operator(campaign, "worker", "convict", ada).said().contains("0 results were taken back"));
            assertEquals(1, jobs(campaign, "done"), "cleo's is the one that counts");
            assertTrue(operator(campaign, "worker", "convict", cleo).said().contains("1 results were taken back"));
            Programs.awaitThat(() -> jobs(campaign, "done") == 0);
            status = get(campaign, "/v1/campaigns/c");
            assertEquals(0, status.path("accepted").path("kept").asLong());
            assertEquals(0, objects("accepted"), "people do not read what counts no more");
            assertEquals(1, objects("retracted"));
            assertTrue(operator(campaign, "worker", "pardon", cleo).said().contains("1 results count again"));
            assertEquals(1, jobs(campaign, "done"));
            assertEquals(1, objects("accepted"));

            operator(campaign, "campaign", "replication", "c", "none");
            Programs.awaitThat(() -> jobs(campaign, "done") == 2);
            assertEquals(2, objects("accepted"), "bela's waits no longer");
            Path links = folder.resolve("links.jsonl");
            Programs.awaitThat(() -> operator(campaign, "campaign", "chain", "c", "--file", links.toString())
                    .said()
                    .contains("4 links hold"));
            List<String> chain = Files.readAllLines(links);
            assertTrue(chain.get(1).contains("retract") && chain.get(2).contains("reinstate"), chain.toString());
            Files.write(links, List.of(chain.get(0).replace("accept", "retract")));
            Programs.Ended rewritten = campaign.programs.operate(
                    "campaign",
                    "chain",
                    "c",
                    "--file",
                    links.toString(),
                    "--tracker",
                    "http://127.0.0.1:" + campaign.trackerPort(),
                    "--token-file",
                    folder.resolve("data/operator.token").toString());
            assertEquals(65, rewritten.code(), rewritten.said());
            assertTrue(rewritten.said().contains("rewritten"), rewritten.said());
            Programs.Ended verified = campaign.programs.operate(
                    "ledger", "verify", "--data", folder.resolve("data").toString(), "--digests");
            assertEquals(0, verified.code(), verified.said());
        }
    }

    @Test
    void aJobWhoseAnswerIsKnownTestsOthersAndWhoFailsIsNotConfirmed() throws Exception {
        Path rule = folder.resolve("rule.json");
        JSON.writeValue(rule.toFile(), Map.of("provenAfter", 1, "mostResults", 4, "knownAnswers", 1));
        SmallCampaign.Size size = new SmallCampaign.Size(1, 1, 0, 1, List.of("--replication", rule.toString()));
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, size)) {
            String root = "http://127.0.0.1:" + campaign.trackerPort() + "/";
            HandMade ada = new HandMade(root);
            HandMade bela = new HandMade(root);
            String url = "https://example.org/x.jpg";
            List<String> answer =
                    IntStream.range(0, 12).mapToObj(i -> "text " + i).toList();
            ada.outcome(folder, "ada", url, answer, null);
            bela.outcome(folder, "bela", url, answer, null);
            Programs.awaitThat(() -> jobs(campaign, "done") == 1);

            campaign.create("d", List.of("demo-0.wat.gz"), 1);
            operator(campaign, "campaign", "replication", "d", rule.toString());
            assertEquals("PENDING", ada.outcome(folder, "ada", url, answer, null));
            assertEquals("PENDING", bela.outcome(folder, "bela", url, answer, null));
            assertEquals("PENDING", new HandMade(root).outcome(folder, "cleo", url, answer, null));
            assertEquals(0, done(campaign, "d"), "three agree, and it goes out once more");
            assertEquals("PENDING", new HandMade(root).outcome(folder, "dora", url, answer.subList(0, 3), null));
            Programs.awaitThat(() -> done(campaign, "d") == 1);
            assertEquals(2, get(campaign, "/v1/campaigns/d").path("confirming").asLong());
            assertEquals(
                    12,
                    get(campaign, "/v1/campaigns/d")
                            .path("accepted")
                            .path("kept")
                            .asLong());
            assertEquals(1, proven(campaign, "cleo"));
            assertEquals(0, proven(campaign, "dora"));
        }
    }

    private static long done(SmallCampaign campaign, String name) throws Exception {
        return get(campaign, "/v1/campaigns/" + name).path("jobs").path("done").asLong();
    }

    private static long proven(SmallCampaign campaign, String nickname) throws Exception {
        return get(campaign, "/v1/operator/workers?text=" + nickname)
                .path("workers")
                .path(0)
                .path("proven")
                .asLong();
    }
}
