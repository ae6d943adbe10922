package dev.gleaner.deploy.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Kills, stops, restarts, cuts off and, where this process has a network and a disk of its own, splits the cluster and fills the
 * store's disk.
 */
final class Nemesis {
    /** What has been done, and how often. */
    final Map<String, Integer> done = new TreeMap<>();

    private final FaultWorld world;
    private final Random random;
    private final boolean ownWorld;
    /** Faults to come, so that none is left out for long. */
    private final ArrayDeque<Integer> deck = new ArrayDeque<>();

    /** @param ownWorld whether this process may change the rules of its network and fill the store's disk */
    Nemesis(FaultWorld world, Random random, boolean ownWorld) {
        this.world = world;
        this.random = random;
        this.ownWorld = ownWorld;
    }

    private void kill(int i) throws InterruptedException {
        world.trackers[i].destroyForcibly().waitFor();
    }

    private static void signal(Process process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    /** The next fault; returns when it is over. */
    void fault() throws Exception {
        int i = random.nextInt(FaultWorld.TRACKERS);
        if (deck.isEmpty()) {
            List<Integer> all = new ArrayList<>(
                    IntStream.range(0, ownWorld ? 13 : 10).boxed().toList());
            Collections.shuffle(all, random);
            deck.addAll(all);
        }
        switch (deck.remove()) {
            case 0, 1 -> {
                note("kill -9 of a tracker");
                kill(i);
                Thread.sleep(random.nextInt(3_000));
                world.startTracker(i);
            }
            case 2 -> {
                note("kill -9 of all trackers");
                for (int each = 0; each < FaultWorld.TRACKERS; each++) {
                    kill(each);
                }
                for (int each = 0; each < FaultWorld.TRACKERS; each++) {
                    world.startTracker(each);
                }
            }
            case 3 -> {
                note("SIGSTOP of a tracker");
                signal(world.trackers[i], "STOP");
                Thread.sleep(2_000 + random.nextInt(13_000));
                signal(world.trackers[i], "CONT");
            }
            case 4 -> {
                note("tracker cut off from the database");
                world.toDatabase.get(i).cut(true);
                Thread.sleep(1_000 + random.nextInt(5_000));
                world.toDatabase.get(i).cut(false);
            }
            case 5 -> {
                note("tracker cut off from the store");
                world.toStore.get(i).cut(true);
                Thread.sleep(1_000 + random.nextInt(5_000));
                world.toStore.get(i).cut(false);
            }
            case 6 -> {
                note("kill -9 of the store");
                world.store.destroyForcibly().waitFor();
                Thread.sleep(random.nextInt(2_000));
                world.startStore();
            }
            case 7 -> {
                note("rolling restart");
                for (int each = 0; each < FaultWorld.TRACKERS; each++) {
                    world.trackers[each].destroy();
                    if (!world.trackers[each].waitFor(90, TimeUnit.SECONDS)) {
                        throw new AssertionError(
                                "tracker " + each + " does not stop: " + world.tail("tracker-" + each + ".log"));
                    }
                    world.startTracker(each);
                    world.awaitReady(each, 180);
                }
            }
            case 8 -> {
                note("kill -9 of a worker");
                int worker = random.nextInt(FaultWorld.WORKERS);
                world.workers[worker].destroyForcibly().waitFor();
                world.startWorker(worker);
            }
            case 9 -> {
                note("SIGSTOP of a worker");
                Process worker = world.workers[random.nextInt(FaultWorld.WORKERS)];
                signal(worker, "STOP");
                Thread.sleep(2_000 + random.nextInt(5_000));
                signal(worker, "CONT");
            }
            case 10 -> {
                note("cluster split for seconds");
                split(i, true);
                Thread.sleep(1_000 + random.nextInt(5_000));
                split(i, false);
            }
            case 11 -> {
                note("disk of the store full");
                fillTheStore(3_000 + random.nextInt(6_000));
            }
            default -> splitUntilThereAreTwo(i);
        }
    }

    private void fillTheStore(long millis) throws Exception {
        Path ballast = FaultWorld.objects(world.folder).resolve("ballast");
        byte[] block = new byte[1 << 16];
        try (OutputStream out = Files.newOutputStream(ballast)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            Thread.sleep(millis); // It is full.
        }
        Files.delete(ballast);
    }

    /** One tracker and the two others do not hear each other, but for one way of the event bus; all reach database and store. */
    private void split(int alone, boolean now) throws Exception {
        for (int other = 0; other < FaultWorld.TRACKERS; other++) {
            if (other != alone) {
                blackhole(FaultWorld.member(alone), FaultWorld.member(other), now);
                blackhole(FaultWorld.member(other), FaultWorld.member(alone), now);
            }
        }
        blackhole("127.0.0.1", FaultWorld.member(alone), now);
    }

    private static void blackhole(String from, String to, boolean now) throws Exception {
        List<String> command =
                List.of("ip", "rule", now ? "add" : "del", "pref", "10", "from", from, "to", to, "blackhole");
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), command.toString());
    }

    /** Both halves hand out the same jobs for a while. */
    void splitUntilThereAreTwo(int alone) throws Exception {
        split(alone, true);
        Thread.sleep(16_000 + random.nextInt(6_000));
        note(whatIsSeenBy(alone));
        split(alone, false);
    }

    /** What a tracker that was cut off from the others has to say, which on a loaded machine takes it a while to know. */
    private String whatIsSeenBy(int alone) throws InterruptedException {
        Instant until = Instant.now().plusSeconds(45);
        String seen;
        do {
            try {
                byte[] meters =
                        world.get(world.httpPorts.get(alone), "/metrics", "").body();
                if (new String(meters, java.nio.charset.StandardCharsets.UTF_8)
                        .contains("\ngleaner_cluster_members 1.0\n")) {
                    return "cluster split into two";
                }
                seen = "cluster split and not noticed";
            } catch (ConnectException e) {
                return "cluster split while a tracker started"; // It had been killed just before.
            } catch (IOException e) {
                seen = "cluster split and a tracker silent: " + e.getMessage();
            }
            Thread.sleep(500);
        } while (Instant.now().isBefore(until));
        return seen;
    }

    private void note(String fault) {
        done.merge(fault, 1, Integer::sum);
    }
}
