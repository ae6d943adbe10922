package dev.gleaner.deploy.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.tracker.storage.Digests;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Three tracker processes, a PostgreSQL server, an S3 server, twenty volunteers behind a round-robin proxy (seventeen that only speak
 * the protocol, three real workers with a tiny model), and a nemesis that kills, stops, restarts, cuts off and, where this process has
 * a network and a disk of its own, splits the cluster and fills the store's disk. Afterwards what the volunteers were told is held against the ledger and the store. A
 * program, so that it can run in a network namespace: {@link FaultIT} starts it.
 */
final class FaultRun {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int VOLUNTEERS = 17;
    private static final int SLICES = 100;

    private final FaultWorld world;
    private final Nemesis nemesis;
    private final Random random;
    private final int seconds;
    private final long seed;
    private final boolean ownWorld;

    private FaultRun(FaultWorld world, int seconds, long seed, boolean ownWorld) {
        this.world = world;
        this.seconds = seconds;
        this.seed = seed;
        this.random = new Random(seed);
        this.ownWorld = ownWorld;
        this.nemesis = new Nemesis(world, random, ownWorld);
    }

    /** Folder, seconds, seed, and whether the network is this process's own. */
    public static void main(String[] args) throws Exception {
        boolean ownWorld = Boolean.parseBoolean(args[3]);
        try (FaultWorld world = new FaultWorld(Path.of(args[0]))) {
            world.start();
            new FaultRun(world, Integer.parseInt(args[1]), Long.parseLong(args[2]), ownWorld)
                    .nothingIsLostNothingIsDoneTwiceAndNoTokenIsGrantedTwice();
        } catch (Throwable e) {
            e.printStackTrace(System.out);
            System.exit(1); // Volunteers may be at work yet.
        }
        System.exit(0); // Threads of the database may linger.
    }

    private void nothingIsLostNothingIsDoneTwiceAndNoTokenIsGrantedTwice() throws Exception {
        String operator = Files.readString(world.operatorToken()).trim();
        String id = Digests.sha256(FaultWorld.BUNDLE.resolve("bundle.json"));
        createCampaign();
        Volunteers volunteers =
                new Volunteers(URI.create("http://127.0.0.1:" + world.entrance.port() + "/"), world.folder, id);
        List<Thread> people = new ArrayList<>();
        for (int v = 0; v < VOLUNTEERS; v++) {
            int number = v;
            Thread person = new Thread(() -> volunteers.live(number, seed + number), "volunteer-" + v);
            person.start();
            people.add(person);
        }
        for (int i = 0; i < FaultWorld.WORKERS; i++) {
            world.startWorker(i);
        }
        Instant until = Instant.now().plusSeconds(seconds);
        if (ownWorld) {
            nemesis.splitUntilThereAreTwo(random.nextInt(FaultWorld.TRACKERS));
            assertEquals(Map.of("cluster split into two", 1), nemesis.done);
        }
        while (Instant.now().isBefore(until)) {
            Thread.sleep(2_000 + random.nextInt(2_000));
            nemesis.fault();
            world.restartTheDead();
        }
        Thread.sleep(3_000);
        world.restartTheDead();
        for (int i = 0; i < FaultWorld.TRACKERS; i++) {
            world.awaitReady(i, 180);
        }
        int before = volunteers.accepted.size();
        Instant patience = Instant.now().plusSeconds(150);
        while ((volunteers.accepted.size() < before + VOLUNTEERS || !aRealWorkerIsDoneWithAJob())
                && Instant.now().isBefore(patience)) {
            Thread.sleep(500);
        }
        int after = volunteers.accepted.size();
        volunteers.stop();
        stopWorkers();
        for (Thread person : people) {
            person.join(120_000);
            assertTrue(!person.isAlive(), person.getName() + " hangs");
        }
        System.out.println("faults: " + nemesis.done + "; granted " + volunteers.granted.size() + ", acknowledged "
                + volunteers.acknowledged.size() + ", told accepted " + volunteers.accepted.size() + ", lost "
                + volunteers.lost + ", retries " + volunteers.retries);
        assertEquals(List.of(), List.copyOf(volunteers.wrong), "seed " + seed);
        assertTrue(after > before, "work goes on when the faults are over");
        check(volunteers, operator);
        checkWorkers(operator);
    }

    private void createCampaign() throws Exception {
        Path paths = Files.write(
                world.folder.resolve("wat.paths"),
                IntStream.range(0, FaultWorld.WATS)
                        .mapToObj(i -> "demo-" + i + ".warc.wat.gz")
                        .toList());
        Process create = world.launch(
                "campaign.log",
                Map.of(),
                FaultWorld.java(
                        "-jar",
                        FaultWorld.JAR.toString(),
                        "campaign",
                        "create",
                        "--tracker",
                        "http://127.0.0.1:" + world.httpPorts.get(0),
                        "--token-file",
                        world.operatorToken().toString(),
                        "--name",
                        "c",
                        "--paths",
                        paths.toString(),
                        "--base",
                        world.web.origin() + "/wat/",
                        "--slices",
                        Integer.toString(SLICES),
                        "--bundle",
                        FaultWorld.BUNDLE.toString()));
        assertTrue(create.waitFor(120, TimeUnit.SECONDS), "campaign create hangs");
        assertEquals(0, create.exitValue(), world.tail("campaign.log"));
    }

    /** Faults of trackers, store and database are retries to them, and nothing else. */
    private void stopWorkers() throws Exception {
        for (int i = 0; i < FaultWorld.WORKERS; i++) {
            assertTrue(world.workers[i].isAlive(), "worker " + i + " gave up: " + world.tail("worker-" + i + ".log"));
            world.workers[i].destroy();
        }
        for (int i = 0; i < FaultWorld.WORKERS; i++) {
            assertTrue(world.workers[i].waitFor(40, TimeUnit.SECONDS), "worker " + i + " does not stop");
        }
    }

    private boolean aRealWorkerIsDoneWithAJob() throws IOException {
        for (int i = 0; i < FaultWorld.WORKERS; i++) {
            Path log = world.folder.resolve("worker-" + i + ".log");
            if (Files.exists(log) && Files.readString(log).contains("Job is done:")) {
                return true;
            }
        }
        return false;
    }

    private void checkWorkers(String operator) throws Exception {
        long accepted = 0;
        long kept = 0;
        JsonNode all = JSON.readTree(world.get(world.httpPorts.get(0), "/v1/operator/workers", operator)
                .body());
        for (JsonNode worker : all.path("workers")) {
            if (worker.path("nickname").asText().startsWith("real-")) {
                accepted += worker.path("accepted").asLong();
                kept += worker.path("kept").asLong();
                assertEquals(0, worker.path("rejected").asLong(), worker.toString());
            }
        }
        System.out.println("checked: real workers had " + accepted + " jobs accepted with " + kept + " pairs");
        assertTrue(accepted > 0, "no real worker got anything done");
    }

    /** History against ledger against store. */
    private void check(Volunteers volunteers, String operator) throws Exception {
        // Judgements that the faults interrupted come to their end by themselves.
        Instant until = Instant.now().plusSeconds(60);
        while (Instant.now().isBefore(until) && pending(volunteers, operator) > 0) {
            Thread.sleep(1_000);
        }
        for (String attempt : volunteers.acknowledged) {
            long job = Long.parseLong(attempt.substring(0, attempt.indexOf('/')));
            int number = Integer.parseInt(attempt.replaceAll(".*\\D", ""));
            String state = state(job, number, operator);
            boolean kept = state.equals("accepted") || state.equals("superseded") || state.equals("held");
            boolean told = volunteers.accepted.contains(attempt);
            assertTrue(
                    told ? !state.equals("held") && kept : kept,
                    attempt + " was acknowledged" + (told ? " as accepted" : "") + " and is " + state + "; seed "
                            + seed);
        }
        List<String> command = FaultWorld.java("-jar", FaultWorld.JAR.toString(), "ledger", "verify", "--digests");
        command.addAll(world.places(world.postgres.getPort(), world.storePort));
        command.addAll(List.of("--data", world.folder.resolve("verify").toString()));
        Process verify = world.launch("verify.log", FaultWorld.credentials(), command);
        assertTrue(verify.waitFor(180, TimeUnit.SECONDS), "verify hangs");
        String said = Files.readString(world.folder.resolve("verify.log"));
        System.out.println(said.lines()
                .filter(line -> line.startsWith("checked"))
                .findFirst()
                .orElse(said));
        assertEquals(0, verify.exitValue(), said);
    }

    private long pending(Volunteers volunteers, String operator) throws Exception {
        long pending = 0;
        for (String attempt : volunteers.acknowledged) {
            if (!volunteers.accepted.contains(attempt)) {
                long job = Long.parseLong(attempt.substring(0, attempt.indexOf('/')));
                int number = Integer.parseInt(attempt.replaceAll(".*\\D", ""));
                pending += state(job, number, operator).equals("submitted") ? 1 : 0;
            }
        }
        return pending;
    }

    private String state(long job, int number, String operator) throws Exception {
        JsonNode view = JSON.readTree(world.get(world.httpPorts.get(0), "/v1/operator/jobs/" + job, operator)
                .body());
        for (JsonNode attempt : view.path("attempts")) {
            if (attempt.path("number").asInt() == number) {
                return attempt.path("state").asText();
            }
        }
        return "nowhere: " + view;
    }
}
