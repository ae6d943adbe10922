package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is killed, or loses its network, in the midst of a job, and goes on with it: the two jars as people start them. */
class ResumeIT {
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

    private Path spool() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("home/work"))) {
            return files.filter(file -> file.getFileName().toString().equals("spool"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** What a killed worker had come to. */
    private List<Outcome> settled(Path spool) throws IOException {
        Path copy = Files.copy(spool, folder.resolve("copy"));
        Spool.Remains remains = Spool.remains(copy).orElseThrow();
        List<Outcome> outcomes = new ArrayList<>();
        Terms terms = new Terms(agent(), "fp32");
        try (Spool read = Spool.open(copy, remains.lease(), terms, Instant.EPOCH, System::nanoTime)) {
            read.replay(outcomes::add);
        }
        return outcomes;
    }

    private String agent() throws IOException {
        JsonNode workers;
        try {
            workers = JSON.readTree(
                    campaign.get(campaign.trackerPort(), "/v1/operator/workers").body());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return workers.findValue("agent").asText();
    }

    @Test
    void aKilledWorkerGoesOnWhereItStood() throws Exception {
        Process first = campaign.programs.launch(Programs.WORKER, "first.log", campaign.run());
        Programs.awaitThat(() -> campaign.sum() > 150);
        first.destroyForcibly().waitFor();
        first.descendants().forEach(ProcessHandle::destroyForcibly);
        List<Outcome> settled = settled(spool());
        assertTrue(settled.size() > 20, "too little was settled to prove anything: " + settled.size());
        Programs.Ended second = campaign.programs.run(Programs.WORKER, campaign.run());
        assertEquals(0, second.code(), second.said());
        assertTrue(second.said().contains("Job is gone on with"), second.said());
        for (Outcome outcome : settled) {
            if (outcome instanceof Outcome.Kept kept) {
                String path = URI.create(kept.pair().url()).getRawPath();
                assertEquals(
                        1,
                        campaign.asked.entrySet().stream()
                                .filter(e -> e.getKey().split("\\?", 2)[0].equals(path))
                                .mapToInt(Map.Entry::getValue)
                                .max()
                                .orElse(0),
                        path + " was done with and was fetched again");
            }
        }
        JsonNode accepted = campaign.accepted();
        assertEquals(campaign.asked.size(), accepted.path("kept").asInt(), accepted.toString());
        System.out.println("resume: " + settled.size() + " of "
                + accepted.path("candidates").asInt() + " were done with at the kill; " + campaign.sum()
                + " requests for "
                + campaign.asked.size() + " pictures");
        try (Stream<Path> left = Files.list(folder.resolve("home/work"))) {
            assertEquals(List.of(), left.toList());
        }
    }

    /** How long the network is away in the test that outlasts a lease: real outages are longer, {@code -Dgleaner.outage.seconds=3600}. */
    private static final int OUTAGE_SECONDS = Integer.getInteger("gleaner.outage.seconds", 15);

    @Test
    void aNetworkThatIsAwayForLongerThanTheLeaseCostsTheJobAndNothingElse() throws Exception {
        campaign.close();
        campaign = new SmallCampaign(folder.resolve("short"), 5);
        List<String> arguments = new ArrayList<>(List.of(campaign.run()));
        arguments.addAll(List.of("--exit-when-idle"));
        arguments.set(arguments.indexOf("--jobs") + 1, "0");
        Process worker = campaign.programs.launch(Programs.WORKER, "worker.log", arguments.toArray(String[]::new));
        Programs.awaitThat(() -> campaign.sum() > 60);
        campaign.wayToTracker.cut(true);
        campaign.wayToWeb.cut(true);
        Programs.awaitThat(() -> campaign.programs.read("worker.log").contains("The network is down"));
        Thread.sleep(OUTAGE_SECONDS * 1_000L);
        assertTrue(worker.isAlive(), () -> campaign.programs.read("worker.log"));
        campaign.wayToWeb.cut(false);
        campaign.wayToTracker.cut(false);
        assertTrue(worker.waitFor(420, TimeUnit.SECONDS), () -> campaign.programs.read("worker.log"));
        String said = campaign.programs.read("worker.log");
        assertEquals(0, worker.exitValue(), said);
        assertFalse(said.contains("\tat "), "no stack traces: " + said);
        assertTrue(
                said.lines().filter(line -> line.contains("do not get through")).count() <= 2,
                "a line for the outage, not for each beat: " + said);
        JsonNode job = JSON.readTree(
                campaign.get(campaign.trackerPort(), "/v1/operator/jobs/1").body());
        assertEquals("done", job.path("state").asText(), job.toString());
        assertEquals(2, job.path("attempts").size(), job.toString());
        JsonNode accepted = JSON.readTree(
                        campaign.get(campaign.trackerPort(), "/v1/campaigns/c").body())
                .path("accepted");
        assertEquals(campaign.asked.size(), accepted.path("kept").asInt(), accepted.toString());
        System.out.println("outage of " + OUTAGE_SECONDS + " s: "
                + said.lines()
                        .filter(line -> line.contains("INFO") || line.contains("WARN"))
                        .count() + " log lines");
    }

    @Test
    void aLostNetworkCostsNothingButTime() throws Exception {
        Process worker = campaign.programs.launch(Programs.WORKER, "worker.log", campaign.run());
        Programs.awaitThat(() -> campaign.sum() > 60);
        campaign.wayToTracker.cut(true);
        campaign.wayToWeb.cut(true);
        Programs.awaitThat(() -> campaign.programs.read("worker.log").contains("The network is down"));
        Thread.sleep(3_000);
        campaign.wayToWeb.cut(false);
        campaign.wayToTracker.cut(false);
        assertTrue(worker.waitFor(90, TimeUnit.SECONDS), () -> campaign.programs.read("worker.log"));
        assertEquals(0, worker.exitValue(), () -> campaign.programs.read("worker.log"));
        JsonNode accepted = campaign.accepted();
        assertEquals(campaign.asked.size(), accepted.path("kept").asInt(), accepted.toString());
        assertFalse(accepted.toString().contains("connect"), accepted.toString());
        assertFalse(accepted.toString().contains("protocol"), accepted.toString());
    }
}
