package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Types what docs/first-campaign.md says, line by line. Common Crawl is a web server of this machine, and what is built is there
 * already; nothing else is changed but ports.
 */
class WalkIT {
    private static final Path PAGE = Path.of("../docs/first-campaign.md");

    @TempDir
    Path folder;

    private static String changed(String line, String what, String with) {
        assertTrue(line.contains(what), "the page says something else now: " + line);
        return line.replace(what, with);
    }

    private List<String> script(SmallCampaign elsewhere, int port) throws Exception {
        List<String> lines = new ArrayList<>(List.of("set -euo pipefail"));
        for (String line : Files.readAllLines(PAGE)) {
            if (!line.startsWith("    ")) {
                continue;
            }
            String typed = line.strip().replace("127.0.0.1:8080", "127.0.0.1:" + port);
            if (typed.startsWith("git clone") || typed.startsWith("./mvnw")) {
                continue;
            } else if (typed.endsWith(" serve")) {
                lines.add(typed + " --port " + port + " --dns-server 127.0.0.1:" + Programs.freePort()
                        + " > serve.log 2>&1 &");
                lines.add("trap \"kill $!\" EXIT");
                lines.add("for i in $(seq 60); do grep -q 'tracker listens' serve.log && break; sleep 0.5; done");
                lines.add("export GLEANER_TRACKER=http://127.0.0.1:" + port);
                continue;
            } else if (typed.startsWith("curl ")) {
                assertTrue(typed.contains("https://data.commoncrawl.org/crawl-data/CC-MAIN-"), typed);
                lines.add("printf 'demo-0.wat.gz\\ndemo-1.wat.gz\\n' | gzip > wat.paths.gz");
                continue;
            } else if (typed.contains("campaign create")) {
                typed = changed(
                        typed,
                        "--slices 100",
                        "--slices 4 --base " + elsewhere.base() + " --policy "
                                + elsewhere.folder.resolve("policy.json"));
            } else if (typed.contains("worker-agent.jar run")) {
                typed += " --allow-loopback --cpus 1";
            }
            lines.add(typed);
        }
        return lines;
    }

    @Test
    void theWayFromACloneToADatasetIsAsThePageSays() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash on this machine");
        try (SmallCampaign elsewhere = new SmallCampaign(folder, 120, new SmallCampaign.Size(1, 1, 0, 4, List.of()))) {
            Path walk = Files.createDirectories(folder.resolve("walk"));
            for (String part : List.of("tracker-server", "worker-agent", "deploy")) {
                Files.createSymbolicLink(walk.resolve(part), Path.of("..", part).toRealPath());
            }
            List<String> script = script(elsewhere, Programs.freePort());
            assertTrue(script.size() > 12, script.toString());
            Files.write(walk.resolve("walk.sh"), script);
            Process process = elsewhere.programs.launch(
                    Map.of("GLEANER_HOME", walk.resolve("home").toString()),
                    List.of("/bin/bash", "-c", "cd '" + walk + "' && exec bash -x walk.sh"),
                    "walk.log");
            assertTrue(process.waitFor(180, TimeUnit.SECONDS), () -> elsewhere.programs.read("walk.log"));
            String said = elsewhere.programs.read("walk.log");
            assertEquals(0, process.exitValue(), said);
            try (var files = Files.list(walk.resolve("my-dataset"))) {
                assertTrue(files.anyMatch(file -> file.toString().endsWith(".parquet")), said);
            }
        }
    }
}
