package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten workers' programs, three of them built from a source that somebody has changed. */
class TrustIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path SOURCE = Path.of("../worker-agent/src/main/java/dev/gleaner/worker/job/Scorer.java");
    private static final String HONEST =
            "settle(batch.get(i), images[i], ClipSession.similarity(images[i], texts[i]), marks.get(i));";
    private static final Duration PATIENCE = Duration.ofMinutes(6);
    private static final long MOST_LOOKED_AT = 6;

    @TempDir
    Path folder;

    private long lookedAt;

    /** The worker's classes with one of them changed, as a modified client has them. */
    private Path modified(String name, String dishonest) throws Exception {
        String source = Files.readString(SOURCE);
        assertTrue(source.contains(HONEST), "the line to change is where it was");
        Path changed = Files.createDirectories(folder.resolve(name + "-source")).resolve("Scorer.java");
        Files.writeString(changed, source.replace(HONEST, dishonest));
        Path classes = Files.createDirectories(folder.resolve(name + "-classes"));
        JavaCompiler compiler = assertNotNull(ToolProvider.getSystemJavaCompiler(), "tests run on a JDK");
        int code = compiler.run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                Programs.WORKER.toString(),
                "-d",
                classes.toString(),
                changed.toString());
        assertEquals(0, code);
        return classes;
    }

    private static <T> T assertNotNull(T value, String message) {
        org.junit.jupiter.api.Assertions.assertNotNull(value, message);
        return value;
    }

    private void start(SmallCampaign campaign, String name, String classpath) throws Exception {
        List<String> command = new ArrayList<>(Programs.java("-Xmx200m", "-cp", classpath, "dev.gleaner.worker.Main"));
        List<String> arguments = new ArrayList<>(Arrays.asList(campaign.run()));
        arguments.set(arguments.indexOf("--home") + 1, folder.resolve(name).toString());
        int jobs = arguments.indexOf("--jobs");
        arguments.subList(jobs, jobs + 2).clear();
        command.addAll(arguments);
        command.addAll(List.of("--name", name));
        campaign.programs.launch(Map.of(), command, name + ".log");
    }

    @Test
    void threeModifiedWorkersAmongTenAreCaught() throws Exception {
        Path rule = folder.resolve("replication.json");
        JSON.writeValue(rule.toFile(), Map.of("provenAfter", 3));
        SmallCampaign.Size size = new SmallCampaign.Size(8, 12, 0, 16, List.of("--replication", rule.toString()));
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, size)) {
            // The workers spare the one web site that there is, all together.
            Programs.Ended rates = campaign.programs.operate(
                    "site",
                    "set-rates",
                    "--per-site",
                    "5000",
                    "--tracker",
                    "http://127.0.0.1:" + campaign.trackerPort(),
                    "--token-file",
                    folder.resolve("data/operator.token").toString());
            assertEquals(0, rates.code(), rates.said());
            String jar = Programs.WORKER.toString();
            Map<String, String> dishonest = new HashMap<>();
            dishonest.put("inventor", HONEST.replace("ClipSession.similarity(images[i], texts[i])", "0.9f"));
            dishonest.put("inverter", HONEST.replace("ClipSession", "-ClipSession"));
            dishonest.put("copier", HONEST.replace("settle(batch.get(i), images[i]", "settle(batch.get(i), texts[i]"));
            for (Map.Entry<String, String> one : dishonest.entrySet()) {
                start(campaign, one.getKey(), modified(one.getKey(), one.getValue()) + ":" + jar);
            }
            for (int i = 1; i <= 7; i++) {
                start(campaign, "honest-" + i, jar);
            }
            JsonNode status = settled(campaign);
            long jobs = size.wats() * size.slices();
            Set<String> convicted = new TreeSet<>();
            for (JsonNode worker : get(campaign, "/v1/operator/workers").path("workers")) {
                String name = worker.path("nickname").asText();
                System.out.println("trust: " + name + " accepted="
                        + worker.path("accepted").asLong() + " rejected="
                        + worker.path("rejected").asLong() + " proven="
                        + worker.path("proven").asInt() + " suspicion="
                        + worker.path("suspicion").asInt());
                if (worker.path("convicted").asBoolean()) {
                    convicted.add(name);
                }
                if (dishonest.containsKey(name)) {
                    assertEquals(0, worker.path("accepted").asLong(), name);
                    assertTrue(worker.path("rejected").asLong() > 0, name);
                }
            }
            System.out.println("trust: jobs=" + jobs + " confirming="
                    + status.path("confirming").asLong() + " kept="
                    + status.path("accepted").path("kept").asLong());
            assertEquals(dishonest.keySet(), convicted);
            assertEquals(
                    3,
                    get(campaign, "/v1/operator/attention").findValuesAsText("kind").stream()
                            .filter("convicted"::equals)
                            .count());
            Programs.Ended verified = campaign.programs.operate(
                    "ledger", "verify", "--data", folder.resolve("data").toString(), "--digests");
            assertEquals(0, verified.code(), verified.said());
        }
    }

    /** Waits until all jobs are done, and every worker that is not honest was found out. */
    private JsonNode settled(SmallCampaign campaign) throws Exception {
        Instant until = Instant.now().plus(PATIENCE);
        while (true) {
            JsonNode status = get(campaign, "/v1/campaigns/c");
            JsonNode jobs = status.path("jobs");
            if (jobs.path("open").asLong() + jobs.path("leased").asLong() == 0) {
                long aside = jobs.path("quarantined").asLong();
                if (aside == 0) {
                    return status;
                }
                // Three cheats may meet at one job before anybody is proven: then a person decides.
                lookedAt += aside;
                assertTrue(lookedAt <= MOST_LOOKED_AT, status.toString());
                openAgain(campaign);
            }
            assertTrue(Instant.now().isBefore(until), () -> "not done in time: " + status);
            Thread.sleep(500);
        }
    }

    private void openAgain(SmallCampaign campaign) throws Exception {
        List<Long> jobs = new ArrayList<>();
        for (JsonNode job : get(campaign, "/v1/operator/jobs?state=quarantined").path("jobs")) {
            assertTrue(job.path("reason").asText().contains("no majority"), job.toString());
            jobs.add(job.path("job").asLong());
        }
        HandMade.call(
                "http://127.0.0.1:" + campaign.trackerPort() + "/v1/operator/jobs/requeue",
                Files.readString(folder.resolve("data/operator.token")).strip(),
                Map.of("jobs", jobs, "state", "quarantined", "reason", "looked at"));
    }

    private static JsonNode get(SmallCampaign campaign, String path) throws Exception {
        return JSON.readTree(campaign.get(campaign.trackerPort(), path).body());
    }
}
