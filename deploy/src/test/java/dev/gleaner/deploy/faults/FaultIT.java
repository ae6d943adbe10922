package dev.gleaner.deploy.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs {@link FaultRun} for {@code -Dgleaner.faults.seconds=N} with {@code -Dgleaner.faults.seed=S}, in a network and mount
 * namespace of its own where the kernel permits one, so that the cluster can be split and the store's disk filled.
 */
class FaultIT {
    /** Looks at its own addresses last, so that a rule can come before; and gives the store a small disk. Only in a namespace. */
    private static final String OWN_WORLD =
            "mount -t tmpfs -o size=96m none \"$0\" && ip link set lo up && ip rule add pref 100 lookup local"
                    + " && ip rule del pref 0 && exec \"$@\"";

    @TempDir
    Path folder;

    private final int seconds = Integer.getInteger("gleaner.faults.seconds", 20);
    private final long seed = Long.getLong("gleaner.faults.seed", System.nanoTime());

    @Test
    void nothingIsLostNothingIsDoneTwiceAndNoTokenIsGrantedTwice() throws Exception {
        System.out.println("seed " + seed + ": replay the nemesis with -Dgleaner.faults.seed=" + seed);
        List<String> own = ownWorld(Files.createDirectories(FaultWorld.objects(folder)));
        System.out.println("faults: "
                + (own.isEmpty()
                        ? "no namespaces are permitted here: the cluster is not split and no disk is filled"
                        : "in namespaces of their own"));
        List<String> command = new ArrayList<>(own);
        command.addAll(FaultWorld.java(
                "-Dgleaner.test-servers=" + System.getProperty("gleaner.test-servers"),
                "-cp",
                System.getProperty("java.class.path"),
                FaultRun.class.getName(),
                folder.toString(),
                Integer.toString(seconds),
                Long.toString(seed),
                Boolean.toString(!own.isEmpty())));
        Path output = folder.resolve("run.log");
        Process run = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            boolean ended = run.waitFor(seconds + 600L, TimeUnit.SECONDS);
            String said = Files.readString(output);
            System.out.println(said);
            assertTrue(ended, "the run hangs: " + said);
            assertEquals(0, run.exitValue(), said);
        } finally {
            run.descendants().forEach(ProcessHandle::destroyForcibly);
            run.destroyForcibly();
        }
    }

    /** What to put before a command so that it has a network and a disk of its own; empty where that is not permitted. */
    private static List<String> ownWorld(Path disk) throws InterruptedException {
        for (String namespaces : List.of("-nm", "-Urnm")) {
            List<String> wrapper =
                    new ArrayList<>(List.of("unshare", namespaces, "sh", "-c", OWN_WORLD, disk.toString()));
            List<String> trial = new ArrayList<>(wrapper);
            trial.add("true");
            try {
                if (new ProcessBuilder(trial).start().waitFor() == 0) {
                    return wrapper;
                }
            } catch (IOException e) {
                return List.of();
            }
        }
        return List.of();
    }
}
