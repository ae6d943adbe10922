package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The notebook's cells, run one after the other as a notebook does, with a session that is nearly over. */
class NotebookIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path script(Map<String, String> settings) throws IOException {
        JsonNode notebook =
                JSON.readTree(Path.of("notebook/gleaner-worker.ipynb").toFile());
        List<String> lines = new ArrayList<>();
        for (JsonNode cell : notebook.path("cells")) {
            if (!cell.path("cell_type").asText().equals("code")) {
                continue;
            }
            cell.path("source").forEach(line -> lines.add(line.asText().replaceFirst("\\R$", "")));
            if (lines.stream().anyMatch(line -> line.startsWith("SESSION_HOURS")) && !lines.contains("# settings")) {
                lines.add("# settings");
                settings.forEach((name, value) -> lines.add(name + " = " + value));
                // However long this machine has been up.
                lines.add("import os");
                lines.add("stat = open('/proc/1/stat').read().rsplit(')', 1)[1].split()");
                lines.add("age = float(open('/proc/uptime').read().split()[0])"
                        + " - int(stat[19]) / os.sysconf('SC_CLK_TCK')");
                lines.add("SESSION_HOURS = (age + 60 * SPARE_MINUTES + LEFT) / 3600");
            }
        }
        return Files.write(folder.resolve("notebook.py"), lines);
    }

    private Process start(SmallCampaign campaign, Map<String, String> settings) throws Exception {
        return campaign.programs.launch(
                Map.of("PYTHONUNBUFFERED", "1"),
                List.of("python3", script(settings).toString()),
                "notebook.log");
    }

    private Map<String, String> settings(SmallCampaign campaign, int left) throws Exception {
        return Map.of(
                "TRACKER", "'http://127.0.0.1:" + campaign.trackerPort() + "'",
                "JAR", "'" + Programs.WORKER.toRealPath() + "'",
                "HOME", "'" + folder.resolve("notebook-home") + "'",
                "KEEP", "'" + folder.resolve("drive") + "'",
                "HEAP", "'256m'",
                "MORE", "['--allow-loopback', '--precision', 'fp32', '--cpus', '1']",
                "LEFT", Integer.toString(left));
    }

    @Test
    void aSessionThatIsOverGivesItsJobBackAndTheNextOneIsTheSameVolunteer() throws Exception {
        assumeTrue(
                Programs.runs("python3", "--version") && Files.exists(Path.of("/proc/1/stat")),
                "notebooks need Python and Linux");
        // 30 pages of 8 pictures at 400 ms, one at a time: longer than the session.
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, new SmallCampaign.Size(1, 1, 400, 1, List.of()))) {
            Process first = start(campaign, settings(campaign, 25));
            assertTrue(first.waitFor(90, TimeUnit.SECONDS), () -> campaign.programs.read("notebook.log"));
            String said = campaign.programs.read("notebook.log");
            assertEquals(0, first.exitValue(), said);
            assertTrue(said.contains("its time is over"), said);
            assertTrue(said.contains("exit code 0"), said);
            JsonNode job = JSON.readTree(
                    campaign.get(campaign.trackerPort(), "/v1/operator/jobs/1").body());
            assertEquals("released", job.at("/attempts/0/state").asText(), job.toString());

            Path kept;
            try (var files = Files.list(folder.resolve("drive"))) {
                kept = files.filter(f -> f.getFileName().toString().startsWith("identity-"))
                        .findAny()
                        .orElseThrow();
            }
            String identity = JSON.readTree(kept.toFile()).path("worker").asText();
            assertNotEquals("", identity);
            Files.move(folder.resolve("notebook-home"), folder.resolve("gone"));
            Process second = start(campaign, settings(campaign, 20));
            assertTrue(second.waitFor(90, TimeUnit.SECONDS), () -> campaign.programs.read("notebook.log"));
            String again = campaign.programs.read("notebook.log");
            assertTrue(again.contains("Worker is ready: worker=" + identity), again);
        }
    }

    @Test
    void aSessionThatHasNoTimeLeftBeginsNothing() throws Exception {
        assumeTrue(
                Programs.runs("python3", "--version") && Files.exists(Path.of("/proc/1/stat")),
                "notebooks need Python and Linux");
        try (SmallCampaign campaign = new SmallCampaign(folder)) {
            Process process = start(campaign, settings(campaign, -5));
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(1, process.exitValue());
            assertTrue(campaign.programs.read("notebook.log").contains("the session is nearly over"));
            assertEquals(0, campaign.sum());
        }
    }
}
