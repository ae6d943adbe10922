package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Lets a tracker and two workers work for {@code -Dgleaner.soak.minutes=N} and fails when what they hold of memory, files and
 * threads goes on growing, when one of them logs an error, or when the ledger does not add up at the end.
 */
@EnabledIfSystemProperty(
        named = "gleaner.soak.minutes",
        matches = "[1-9][0-9]*",
        disabledReason = "takes as long as one says: give it -Dgleaner.soak.minutes=N")
class SoakIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration BETWEEN_SAMPLES = Duration.ofSeconds(10);
    private static final int WATS = 20;

    @TempDir
    Path folder;

    /** What a program and the processes that it started held at one moment. */
    private record Held(long kibibytes, long files, long threads) {
        static Held by(Process process) {
            List<Path> all = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                    .map(one -> Path.of("/proc", Long.toString(one.pid())))
                    .toList();
            return new Held(
                    all.stream().mapToLong(Held::resident).sum(),
                    all.stream().mapToLong(one -> entries(one.resolve("fd"))).sum(),
                    all.stream().mapToLong(one -> entries(one.resolve("task"))).sum());
        }

        private static long resident(Path process) {
            try (Stream<String> lines = Files.lines(process.resolve("status"))) {
                return lines.filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                        .sum();
            } catch (IOException e) {
                return 0; // It ended just now.
            }
        }

        private static long entries(Path folder) {
            try (Stream<Path> entries = Files.list(folder)) {
                return entries.count();
            } catch (IOException e) {
                return 0;
            }
        }
    }

    private static long median(List<Held> samples, ToLongFunction<Held> figure) {
        return samples.stream()
                .mapToLong(figure)
                .sorted()
                .skip(samples.size() / 2)
                .findFirst()
                .orElseThrow();
    }

    /** Compares the last quarter of the time with the second: by then caches are full and compilers have settled. */
    private static void assertDoesNotGrow(String program, List<Held> samples) {
        int quarter = samples.size() / 4;
        List<Held> early = samples.subList(quarter, 2 * quarter);
        List<Held> late = samples.subList(3 * quarter, samples.size());
        System.out.println("soak: " + program + " resident " + median(early, Held::kibibytes) / 1024 + " then "
                + median(late, Held::kibibytes) / 1024 + " MiB, files " + median(early, Held::files) + " then "
                + median(late, Held::files) + ", threads " + median(early, Held::threads) + " then "
                + median(late, Held::threads));
        assertTrue(
                median(late, Held::kibibytes) < 1.25 * median(early, Held::kibibytes), program + " takes more memory");
        assertTrue(median(late, Held::files) <= 1.1 * median(early, Held::files) + 10, program + " holds more files");
        assertTrue(
                median(late, Held::threads) <= 1.1 * median(early, Held::threads) + 10, program + " has more threads");
    }

    private Process worker(SmallCampaign campaign, String name) throws Exception {
        List<String> arguments = new ArrayList<>(Arrays.asList(campaign.run()));
        arguments.set(arguments.indexOf("--home") + 1, folder.resolve(name).toString());
        int jobs = arguments.indexOf("--jobs");
        arguments.subList(jobs, jobs + 2).clear();
        arguments.addAll(List.of("--name", name));
        return campaign.programs.launch(Programs.WORKER, name + ".log", arguments.toArray(String[]::new));
    }

    @Test
    void whatProgramsHoldDoesNotGrow() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "only Linux tells what a process holds");
        Instant until = Instant.now().plus(Duration.ofMinutes(Long.getLong("gleaner.soak.minutes")));
        SmallCampaign.Size size = new SmallCampaign.Size(WATS, 4, 0, 8, List.of());
        try (SmallCampaign campaign = new SmallCampaign(folder, 120, size)) {
            Map<String, Process> programs = new LinkedHashMap<>();
            programs.put("tracker", campaign.tracker());
            programs.put("ada", worker(campaign, "ada"));
            programs.put("bela", worker(campaign, "bela"));
            Map<String, List<Held>> samples = new LinkedHashMap<>();
            List<String> paths = IntStream.range(0, WATS)
                    .mapToObj(i -> "demo-" + i + ".wat.gz")
                    .toList();
            String current = "c";
            long done = 0;
            for (int campaigns = 1; Instant.now().isBefore(until); ) {
                Thread.sleep(BETWEEN_SAMPLES.toMillis());
                for (Map.Entry<String, Process> program : programs.entrySet()) {
                    assertTrue(program.getValue().isAlive(), () -> campaign.programs.read(program.getKey() + ".log"));
                    samples.computeIfAbsent(program.getKey(), name -> new ArrayList<>())
                            .add(Held.by(program.getValue()));
                }
                JsonNode jobs = JSON.readTree(campaign.get(campaign.trackerPort(), "/v1/campaigns/" + current)
                                .body())
                        .path("jobs");
                assertEquals(0, jobs.path("quarantined").asLong(), jobs.toString());
                if (jobs.path("open").asLong() + jobs.path("leased").asLong() == 0) {
                    done += jobs.path("done").asLong();
                    current = "c" + campaigns++;
                    campaign.create(current, paths, size.slices());
                }
            }
            System.out.println("soak: " + done + " jobs in finished campaigns");
            for (String program : programs.keySet()) {
                List<String> errors = campaign.programs
                        .read(program + ".log")
                        .lines()
                        .filter(line -> line.contains(" ERROR "))
                        .toList();
                assertEquals(List.of(), errors);
            }
            samples.forEach(SoakIT::assertDoesNotGrow);
            campaign.tracker().destroy();
            campaign.tracker().waitFor();
            Programs.Ended verified = campaign.programs.operate(
                    "ledger", "verify", "--data", folder.resolve("data").toString());
            assertEquals(0, verified.code(), verified.said());
        }
    }
}
