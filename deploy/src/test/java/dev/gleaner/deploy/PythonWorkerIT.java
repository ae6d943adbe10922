package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The protocol as somebody else would write it: {@code docs/examples/worker.py} against the tracker's jar. */
class PythonWorkerIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String EXAMPLE = "../docs/examples/worker.py";

    @TempDir
    Path folder;

    private record Ended(int code, String out, String err) {}

    private Ended python(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("python3", EXAMPLE));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("python.out");
        Path err = folder.resolve("python.err");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertTrue(process.waitFor(90, TimeUnit.SECONDS), "it ends by itself");
        } finally {
            process.destroyForcibly();
        }
        return new Ended(
                process.exitValue(),
                Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void aWorkerWrittenFromTheSpecificationDoesJobsAndFindsTheSameCandidates() throws Exception {
        assumeTrue(Programs.runs("python3", "--version"), "there is no python3 on this machine");
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, new SmallCampaign.Size(1, 3, 0, 1, List.of()))) {
            Ended ended = python("--tracker", "http://127.0.0.1:" + campaign.trackerPort() + "/", "--jobs", "3");
            assertEquals(0, ended.code, ended.err);
            for (String line : ended.out.lines().toList()) {
                assertEquals(
                        "ACCEPTED",
                        JSON.readTree(line).path("answer").path("outcome").asText(),
                        line);
            }
            JsonNode status = JSON.readTree(
                    campaign.get(campaign.trackerPort(), "/v1/campaigns/c").body());
            assertEquals(3, status.path("jobs").path("done").asLong(), status.toString());
            Path wat;
            try (var files = Files.list(folder.resolve("wat"))) {
                wat = files.filter(f -> f.toString().endsWith(".warc.wat.gz"))
                        .findAny()
                        .orElseThrow();
            }
            long candidates = 0;
            for (int slice = 0; slice < 3; slice++) {
                Programs.Ended java = campaign.programs.run(
                        Programs.WORKER, "extract", "--wat", wat.toString(), "--slice", slice + "/3");
                JsonNode sums = JSON.readTree(java.said()
                        .lines()
                        .filter(l -> l.contains("\"digest\""))
                        .findAny()
                        .orElseThrow());
                candidates += sums.path("candidates").asLong();
                assertTrue(
                        ended.out.contains("\"" + sums.path("digest").asText() + "\""),
                        "slice " + slice + " has other candidates than the Java worker finds");
            }
            assertEquals(candidates, status.path("accepted").path("candidates").asLong());
            assertTrue(candidates > 50, status.toString());
        }
    }

    @Test
    void whatIsWrongIsSaidInOneLine() throws Exception {
        assumeTrue(Programs.runs("python3", "--version"), "there is no python3 on this machine");
        try (SmallCampaign campaign = new SmallCampaign(folder)) {
            Ended refused = python("--tracker", "http://127.0.0.1:" + campaign.trackerPort(), "--name", "x".repeat(41));
            assertEquals(1, refused.code);
            assertTrue(refused.err.startsWith("worker.py: malformed-request: "), refused.err);
        }
    }
}
