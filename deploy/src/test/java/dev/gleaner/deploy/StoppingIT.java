package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is asked to end and may finish its job first, which takes longer than a worker that gives back may take. */
class StoppingIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Two jobs of some 100 pictures, one at a time. */
    private static SmallCampaign.Size pictures(int millis) {
        return new SmallCampaign.Size(1, 2, millis, 1, List.of());
    }

    @TempDir
    Path folder;

    private static String[] run(SmallCampaign campaign, String... more) {
        List<String> usual = Arrays.asList(campaign.run());
        List<String> words = new java.util.ArrayList<>(usual.subList(0, usual.size() - 2));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    private static void assertOneJobIsDone(SmallCampaign campaign, Process worker) throws Exception {
        assertTrue(worker.waitFor(90, TimeUnit.SECONDS), () -> campaign.programs.read("worker.log"));
        String said = campaign.programs.read("worker.log");
        var jobs = JSON.readTree(
                        campaign.get(campaign.trackerPort(), "/v1/campaigns/c").body())
                .path("jobs");
        assertEquals(1, jobs.path("done").asInt(), jobs + said);
        assertEquals(1, jobs.path("open").asInt(), jobs + said);
    }

    @Test
    void onSigtermItTakesItsTimeWhereItsOwnerSaysSo() throws Exception {
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, pictures(270))) {
            Process worker = campaign.programs.launch(Programs.WORKER, "worker.log", run(campaign, "--finish-on-stop"));
            Programs.awaitThat(() -> campaign.sum() > 0);
            worker.destroy();
            assertOneJobIsDone(campaign, worker);
        }
    }

    @Test
    void onTheWordFinishItEndsAfterItsJob() throws Exception {
        Programs.assumeRoomForASocket(folder.resolve("home"));
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, pictures(60))) {
            Process worker = campaign.programs.launch(Programs.WORKER, "worker.log", run(campaign));
            Programs.awaitThat(() -> campaign.sum() > 0);
            Programs.Ended said = campaign.programs.run(
                    Programs.WORKER,
                    "ctl",
                    "finish",
                    "--home",
                    folder.resolve("home").toString());
            assertEquals(0, said.code(), said.said());
            assertEquals("stopping", JSON.readTree(said.said()).path("state").asText());
            assertOneJobIsDone(campaign, worker);
            assertEquals(0, worker.exitValue());
        }
    }
}
