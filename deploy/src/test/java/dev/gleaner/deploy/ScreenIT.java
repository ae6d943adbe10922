package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people asked to leave out is not even fetched, known-bad pictures leave no volunteer's machine, and nothing is fetched twice. */
class ScreenIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private SmallCampaign campaign;

    @BeforeEach
    void start() throws Exception {
        campaign = new SmallCampaign(folder, 120, new SmallCampaign.Size(1, 1, 0, 4, List.of()));
    }

    @AfterEach
    void stop() throws Exception {
        campaign.close();
    }

    private String operator(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of(
                "--tracker",
                "http://127.0.0.1:" + campaign.trackerPort(),
                "--token-file",
                folder.resolve("data/operator.token").toString()));
        Programs.Ended ended = campaign.programs.operate(all.toArray(String[]::new));
        assertEquals(0, ended.code(), ended.said());
        return ended.said();
    }

    /** Does one job. */
    private void work() throws Exception {
        Programs.Ended ended = campaign.programs.run(Programs.WORKER, campaign.run());
        assertEquals(0, ended.code(), ended.said());
    }

    private JsonNode accepted(String name) throws Exception {
        JsonNode status = JSON.readTree(
                campaign.get(campaign.trackerPort(), "/v1/campaigns/" + name).body());
        return status.path("accepted");
    }

    private static long drops(JsonNode counts, String reason) {
        return counts.path("pairDrops").path(reason).asLong();
    }

    private void policy(boolean skipKnown) throws Exception {
        JSON.writeValue(
                folder.resolve("policy.json").toFile(),
                Map.of("minImageBytes", 100, "requestTimeoutSeconds", 60, "threshold", -1, "skipKnown", skipKnown));
    }

    private static String hex(String algorithm, byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    }

    private String origin() {
        return "http://127.0.0.1:" + campaign.wayToWeb.port();
    }

    @Test
    void whatSomebodyAskedToLeaveOutIsNotFetchedAndABadPictureIsNotHandedIn() throws Exception {
        work();
        JsonNode all = accepted("c");
        assertEquals(0, drops(all, "left_out"));
        List<String> pictures = campaign.asked.keySet().stream().sorted().toList();
        String byAddress = origin() + pictures.get(0);
        String byDigest = origin() + pictures.get(1);
        operator("opt-out", "add", "url", byAddress);
        Path list = Files.write(
                folder.resolve("list.txt"),
                List.of("# known to be bad", hex("SHA-1", byDigest.getBytes(StandardCharsets.UTF_8)), ""));
        assertTrue(operator("opt-out", "add", "address", "--file", list.toString())
                .contains("1 of kind address, 1 of them new"));
        Map<String, Integer> before = new HashMap<>(campaign.asked);
        campaign.create("d", List.of("demo-0.wat.gz"), 1);
        work();
        JsonNode some = accepted("d");
        assertTrue(drops(some, "left_out") >= 2, some.toString());
        assertEquals(
                all.path("kept").asLong() - drops(some, "left_out"),
                some.path("kept").asLong());
        for (String left : pictures.subList(0, 2)) {
            assertEquals(before.get(left), campaign.asked.get(left), left + " was not asked for again");
        }
        assertTrue(campaign.sum() > before.values().stream().mapToInt(i -> i).sum());

        byte[] picture = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(origin() + pictures.get(2)))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray())
                .body();
        operator("opt-out", "add", "image", hex("MD5", picture), "--reason", "known to be bad");
        campaign.create("e", List.of("demo-0.wat.gz"), 1);
        work();
        JsonNode none = accepted("e");
        assertEquals(0, none.path("kept").asLong(), "all pictures of this web have the same bytes");
        assertEquals(all.path("kept").asLong(), drops(none, "left_out"));
        assertTrue(none.path("bytesFetched").asLong() > 0, "nobody knows a picture before it is fetched");

        operator("opt-out", "forget", "image", hex("MD5", picture));
        campaign.create("f", List.of("demo-0.wat.gz"), 1);
        work();
        assertEquals(some.path("kept"), accepted("f").path("kept"));
    }

    @Test
    void whatAnAcceptedJobHadIsNotFetchedAgainNotEvenAfterTheTrackerWasKilled() throws Exception {
        work();
        Files.createLink(folder.resolve("wat/demo-1.warc.wat.gz"), folder.resolve("wat/demo-0.warc.wat.gz"));
        Files.createLink(folder.resolve("wat/demo-2.warc.wat.gz"), folder.resolve("wat/demo-0.warc.wat.gz"));
        policy(true);
        campaign.create("k", List.of("demo-0.wat.gz", "demo-1.wat.gz", "demo-2.wat.gz"), 1);
        int atFirst = campaign.sum();
        work();
        JsonNode once = accepted("k");
        assertEquals(0, drops(once, "known"), "what another campaign has seen is no matter");
        assertTrue(campaign.sum() > atFirst);

        int requests = campaign.sum();
        work();
        JsonNode twice = accepted("k");
        assertEquals(requests, campaign.sum(), "nothing was asked for twice");
        assertEquals(once.path("candidates").asLong(), drops(twice, "known"));
        assertEquals(once.path("kept"), twice.path("kept"));

        campaign.tracker().destroyForcibly().waitFor();
        campaign.restartTracker();
        Programs.awaitThat(() -> campaign.get(campaign.trackerPort(), "/metrics")
                .body()
                .lines()
                .anyMatch(line -> line.startsWith("gleaner_known_addresses ")
                        && Double.parseDouble(line.substring(line.indexOf(' '))) > 0));
        work();
        assertEquals(requests, campaign.sum());
        assertEquals(2 * once.path("candidates").asLong(), drops(accepted("k"), "known"));
    }
}
