package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One worker fetches without a model, another scores without a web: the two jars as people start them. */
class TwoStagesIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private SmallCampaign campaign;

    @BeforeEach
    void start() throws Exception {
        campaign = new SmallCampaign(folder);
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

    private String worker(String home, String work) throws Exception {
        List<String> arguments = new ArrayList<>(Arrays.asList(campaign.run()));
        arguments.set(arguments.indexOf("--home") + 1, folder.resolve(home).toString());
        arguments.addAll(List.of("--work", work));
        Programs.Ended ended = campaign.programs.run(Programs.WORKER, arguments.toArray(String[]::new));
        assertEquals(0, ended.code(), ended.said());
        return ended.said();
    }

    private JsonNode status(String name) throws Exception {
        return JSON.readTree(
                campaign.get(campaign.trackerPort(), "/v1/campaigns/" + name).body());
    }

    @Test
    void twoWorkersMakeTogetherWhatOneMakesAlone() throws Exception {
        JsonNode whole = status("c");
        operator(
                "campaign",
                "create",
                "--fetch-only",
                "--name",
                "f",
                "--paths",
                folder.resolve("wat.paths").toString(),
                "--base",
                whole.path("base").asText(),
                "--slices",
                "1",
                "--bundle",
                "model/demo-bundle",
                "--policy",
                folder.resolve("policy.json").toString());
        operator(
                "campaign",
                "score",
                "--name",
                "s",
                "--source",
                "f",
                "--bundle",
                "model/demo-bundle",
                "--policy",
                folder.resolve("policy.json").toString());
        assertEquals(0, status("s").path("jobs").path("open").asInt());

        String alone = worker("alone", "whole");
        String fetched = worker("fetcher", "fetch");
        assertTrue(alone.contains("Model passed"), alone);
        assertFalse(fetched.contains("Model passed"), fetched);
        assertFalse(Files.exists(folder.resolve("fetcher/bundles")), "a fetcher needs no model");
        assertEquals(1, status("s").path("jobs").path("open").asInt(), "its batch waits to be scored");
        int requests = campaign.sum();
        campaign.wayToWeb.cut(true);
        String scored = worker("scorer", "score");
        assertTrue(scored.contains("Model passed"), scored);
        assertEquals(requests, campaign.sum(), "a scorer needs no web");

        JsonNode one = status("c");
        JsonNode two = status("s");
        assertEquals(1, two.path("jobs").path("done").asInt(), two.toString());
        assertTrue(one.path("accepted").path("kept").asInt() > 50, one.toString());
        assertEquals(one.path("accepted"), two.path("accepted"));
        assertEquals(one.path("candidateDigest"), two.path("candidateDigest"));
        JsonNode workers = JSON.readTree(campaign.get(campaign.trackerPort(), "/v1/operator/workers")
                        .body())
                .path("workers");
        long pairs = 0;
        for (JsonNode worker : workers) {
            pairs += worker.path("kept").asLong();
        }
        assertEquals(2 * one.path("accepted").path("kept").asLong(), pairs, "a picture is no pair yet");
        assertTrue(operator("campaign", "list").contains("score"), "the list tells stages");
    }
}
