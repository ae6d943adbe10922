package dev.gleaner.deploy.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.deploy.demo.DemoCrawl;
import dev.gleaner.deploy.demo.DemoPages;
import dev.gleaner.deploy.demo.DemoWeb;
import dev.gleaner.tracker.storage.Digests;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Three tracker processes, a PostgreSQL server, an S3 server, twenty volunteers behind a round-robin proxy (seventeen that only speak
 * the protocol, three real workers with a tiny model), and a nemesis that kills, stops, restarts, cuts off and, where this process has
 * a network and a disk of its own, splits the cluster and fills the store's disk. Afterwards what the volunteers were told is held against the ledger and the store. A
 * program, so that it can run in a network namespace: {@link FaultIT} starts it.
 */
final class FaultRun implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int TRACKERS = 3;
    private static final int VOLUNTEERS = 17;
    private static final int WORKERS = 3;
    private static final int WATS = 300;
    private static final int SLICES = 100;
    private static final Path JAR = Path.of("../tracker-server/target/tracker-server.jar");
    private static final Path WORKER_JAR = Path.of("../worker-agent/target/worker-agent.jar");
    private static final Path BUNDLE = Path.of("model/demo-bundle");

    private final Path folder;
    private final boolean ownWorld;
    /** Faults to come, so that none is left out for long. */
    private final ArrayDeque<Integer> deck = new ArrayDeque<>();

    private final int seconds;
    private final long seed;
    private final Random random;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Process[] trackers = new Process[TRACKERS];
    private final Process[] workers = new Process[WORKERS];
    private final List<Integer> httpPorts = new ArrayList<>();
    private final List<Integer> clusterPorts = new ArrayList<>();
    private final List<TcpProxy> toDatabase = new ArrayList<>();
    private final List<TcpProxy> toStore = new ArrayList<>();
    private final Map<String, Integer> done = new TreeMap<>();
    private EmbeddedPostgres postgres;
    private Process store;
    private int storePort;
    private TcpProxy entrance;
    private DemoWeb web;

    /** @param ownWorld whether this process may change the rules of its network and fill the store's disk */
    private FaultRun(Path folder, int seconds, long seed, boolean ownWorld) {
        this.folder = folder;
        this.seconds = seconds;
        this.seed = seed;
        this.random = new Random(seed);
        this.ownWorld = ownWorld;
    }

    /** Folder, seconds, seed, and whether the network is this process's own. */
    public static void main(String[] args) throws Exception {
        boolean ownWorld = Boolean.parseBoolean(args[3]);
        try (FaultRun run =
                new FaultRun(Path.of(args[0]), Integer.parseInt(args[1]), Long.parseLong(args[2]), ownWorld)) {
            run.start();
            run.nothingIsLostNothingIsDoneTwiceAndNoTokenIsGrantedTwice();
        } catch (Throwable e) {
            e.printStackTrace(System.out);
            System.exit(1); // Volunteers may be at work yet.
        }
        System.exit(0); // Threads of the database may linger.
    }

    private void start() throws Exception {
        postgres = EmbeddedPostgres.builder()
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("max_connections", "100")
                .start();
        storePort = freePort();
        startStore();
        awaitStore();
        for (int i = 0; i < TRACKERS; i++) {
            httpPorts.add(freePort());
            clusterPorts.add(freePort());
            toDatabase.add(new TcpProxy(List.of(postgres.getPort())));
            toStore.add(new TcpProxy(List.of(storePort)));
        }
        for (int i = 0; i < TRACKERS; i++) {
            startTracker(i);
        }
        entrance = new TcpProxy(httpPorts);
        Path wats = Files.createDirectories(folder.resolve("wat"));
        web = new DemoWeb(0, wats);
        DemoCrawl.write(wats, new DemoPages(web.origin()), 1, 48, 8);
        for (int i = 1; i < WATS; i++) {
            Files.createLink(wats.resolve("demo-" + i + ".warc.wat.gz"), wats.resolve("demo-0.warc.wat.gz"));
        }
        for (int i = 0; i < TRACKERS; i++) {
            awaitReady(i, 180);
        }
    }

    /** Where the store keeps its objects. */
    static Path objects(Path folder) {
        return folder.resolve("objects");
    }

    /** The address that a tracker's cluster ports are bound to, and that its calls to the others come from. */
    private static String member(int i) {
        return "127.0.0." + (11 + i);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Process launch(String log, Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve(log).toFile()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private void startStore() throws IOException {
        Path properties = Files.write(
                folder.resolve("s3proxy.properties"),
                List.of(
                        "s3proxy.endpoint=http://127.0.0.1:" + storePort,
                        "s3proxy.authorization=aws-v4",
                        "s3proxy.identity=faults",
                        "s3proxy.credential=faults-secret",
                        "jclouds.provider=filesystem-nio2",
                        "jclouds.filesystem.basedir=" + Files.createDirectories(objects(folder))));
        store = launch(
                "store.log",
                Map.of(),
                List.of(
                        java(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("gleaner.test-servers") + "/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        properties.toString()));
    }

    /** A tracker that finds no store at its start ends, and nobody starts it again before the faults begin. */
    private void awaitStore() throws InterruptedException {
        Instant until = Instant.now().plusSeconds(60);
        while (Instant.now().isBefore(until)) {
            try (java.net.Socket socket = new java.net.Socket(InetAddress.getLoopbackAddress(), storePort)) {
                if (socket.isConnected()) {
                    return;
                }
            } catch (IOException e) {
                Thread.sleep(100);
            }
        }
        throw new AssertionError("the store does not start");
    }

    private List<String> places(int databasePort, int storeAt) {
        return List.of(
                "--ledger",
                "jdbc:postgresql://127.0.0.1:" + databasePort + "/postgres?user=postgres",
                "--objects",
                "s3://gleaner-faults",
                "--s3-endpoint",
                "http://127.0.0.1:" + storeAt,
                "--s3-public-endpoint",
                "http://127.0.0.1:" + storePort);
    }

    private static Map<String, String> credentials() {
        return Map.of("AWS_ACCESS_KEY_ID", "faults", "AWS_SECRET_ACCESS_KEY", "faults-secret");
    }

    private void startTracker(int i) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                java(),
                "-Xmx384m",
                "-jar",
                JAR.toString(),
                "serve",
                "--data",
                folder.resolve("tracker-" + i).toString(),
                "--port",
                httpPorts.get(i).toString(),
                "--lease-ttl",
                "30",
                "--heartbeat",
                "10",
                "--cluster-name",
                "faults-" + clusterPorts.get(0),
                "--cluster-host",
                member(i),
                "--cluster-port",
                clusterPorts.get(i).toString(),
                "--cluster-bus-port",
                Integer.toString(freePort()),
                "--cluster-members",
                String.join(
                        ",",
                        IntStream.range(0, TRACKERS)
                                .mapToObj(each -> member(each) + ":" + clusterPorts.get(each))
                                .toList())));
        command.addAll(places(toDatabase.get(i).port(), toStore.get(i).port()));
        trackers[i] = launch("tracker-" + i + ".log", credentials(), command);
    }

    private void startWorker(int i) throws IOException {
        workers[i] = launch(
                "worker-" + i + ".log",
                Map.of(),
                List.of(
                        java(),
                        "-Xmx400m",
                        "-jar",
                        WORKER_JAR.toString(),
                        "run",
                        "--tracker",
                        "http://127.0.0.1:" + entrance.port(),
                        "--name",
                        "real-" + i,
                        "--cpus",
                        "1",
                        // Or the volunteers beside them, who have no manners, leave them nothing of two cores.
                        "--nice",
                        "0",
                        "--home",
                        folder.resolve("worker-" + i).toString(),
                        "--allow-loopback"));
    }

    private HttpResponse<byte[]> get(int port, String path, String token) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(Duration.ofSeconds(10))
                        .header("Authorization", "Bearer " + token)
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    private void awaitReady(int i, int atMost) throws Exception {
        Instant until = Instant.now().plusSeconds(atMost);
        String last = "";
        while (Instant.now().isBefore(until)) {
            try {
                HttpResponse<byte[]> answer = get(httpPorts.get(i), "/health/ready", "");
                if (answer.statusCode() == 200) {
                    return;
                }
                last = new String(answer.body(), java.nio.charset.StandardCharsets.UTF_8);
            } catch (IOException e) {
                last = e.toString();
            }
            Thread.sleep(200);
        }
        throw new AssertionError("tracker " + i + " is not ready (" + last + "): " + tail("tracker-" + i + ".log"));
    }

    private String tail(String log) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve(log));
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    }

    @Override
    public void close() throws Exception {
        for (Process process :
                Stream.of(workers, trackers).flatMap(Arrays::stream).toList()) {
            if (process != null) {
                process.destroyForcibly().waitFor();
            }
        }
        if (web != null) {
            web.close();
        }
        if (entrance != null) {
            entrance.close();
        }
        for (TcpProxy proxy : toDatabase) {
            proxy.close();
        }
        for (TcpProxy proxy : toStore) {
            proxy.close();
        }
        if (store != null) {
            store.destroyForcibly().waitFor();
        }
        if (postgres != null) {
            postgres.close();
        }
    }

    // The nemesis

    private void kill(int i) throws InterruptedException {
        trackers[i].destroyForcibly().waitFor();
    }

    private static void signal(Process process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    private void fault() throws Exception {
        int i = random.nextInt(TRACKERS);
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
                startTracker(i);
            }
            case 2 -> {
                note("kill -9 of all trackers");
                for (int each = 0; each < TRACKERS; each++) {
                    kill(each);
                }
                for (int each = 0; each < TRACKERS; each++) {
                    startTracker(each);
                }
            }
            case 3 -> {
                note("SIGSTOP of a tracker");
                signal(trackers[i], "STOP");
                Thread.sleep(2_000 + random.nextInt(13_000));
                signal(trackers[i], "CONT");
            }
            case 4 -> {
                note("tracker cut off from the database");
                toDatabase.get(i).cut(true);
                Thread.sleep(1_000 + random.nextInt(5_000));
                toDatabase.get(i).cut(false);
            }
            case 5 -> {
                note("tracker cut off from the store");
                toStore.get(i).cut(true);
                Thread.sleep(1_000 + random.nextInt(5_000));
                toStore.get(i).cut(false);
            }
            case 6 -> {
                note("kill -9 of the store");
                store.destroyForcibly().waitFor();
                Thread.sleep(random.nextInt(2_000));
                startStore();
            }
            case 7 -> {
                note("rolling restart");
                for (int each = 0; each < TRACKERS; each++) {
                    trackers[each].destroy();
                    if (!trackers[each].waitFor(90, TimeUnit.SECONDS)) {
                        throw new AssertionError(
                                "tracker " + each + " does not stop: " + tail("tracker-" + each + ".log"));
                    }
                    startTracker(each);
                    awaitReady(each, 180);
                }
            }
            case 8 -> {
                note("kill -9 of a worker");
                int worker = random.nextInt(WORKERS);
                workers[worker].destroyForcibly().waitFor();
                startWorker(worker);
            }
            case 9 -> {
                note("SIGSTOP of a worker");
                Process worker = workers[random.nextInt(WORKERS)];
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
        Path ballast = objects(folder).resolve("ballast");
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
        for (int other = 0; other < TRACKERS; other++) {
            if (other != alone) {
                blackhole(member(alone), member(other), now);
                blackhole(member(other), member(alone), now);
            }
        }
        blackhole("127.0.0.1", member(alone), now);
    }

    private static void blackhole(String from, String to, boolean now) throws Exception {
        List<String> command =
                List.of("ip", "rule", now ? "add" : "del", "pref", "10", "from", from, "to", to, "blackhole");
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), command.toString());
    }

    /** Both halves hand out the same jobs for a while. */
    private void splitUntilThereAreTwo(int alone) throws Exception {
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
                byte[] meters = get(httpPorts.get(alone), "/metrics", "").body();
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

    /** As a service manager does: a tracker that finds no database or store at its start ends, and is started again. */
    private void restartTheDead() throws IOException {
        for (int i = 0; i < TRACKERS; i++) {
            if (!trackers[i].isAlive()) {
                startTracker(i);
            }
        }
    }

    private void note(String fault) {
        done.merge(fault, 1, Integer::sum);
    }

    // The test

    private void nothingIsLostNothingIsDoneTwiceAndNoTokenIsGrantedTwice() throws Exception {
        String operator = Files.readString(operatorToken()).trim();
        String id = Digests.sha256(BUNDLE.resolve("bundle.json"));
        createCampaign();
        Volunteers volunteers = new Volunteers(URI.create("http://127.0.0.1:" + entrance.port() + "/"), folder, id);
        List<Thread> people = new ArrayList<>();
        for (int v = 0; v < VOLUNTEERS; v++) {
            int number = v;
            Thread person = new Thread(() -> volunteers.live(number, seed + number), "volunteer-" + v);
            person.start();
            people.add(person);
        }
        for (int i = 0; i < WORKERS; i++) {
            startWorker(i);
        }
        Instant until = Instant.now().plusSeconds(seconds);
        if (ownWorld) {
            splitUntilThereAreTwo(random.nextInt(TRACKERS));
            assertEquals(Map.of("cluster split into two", 1), done);
        }
        while (Instant.now().isBefore(until)) {
            Thread.sleep(2_000 + random.nextInt(2_000));
            fault();
            restartTheDead();
        }
        Thread.sleep(3_000);
        restartTheDead();
        for (int i = 0; i < TRACKERS; i++) {
            awaitReady(i, 180);
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
        System.out.println("faults: " + done + "; granted " + volunteers.granted.size() + ", acknowledged "
                + volunteers.acknowledged.size() + ", told accepted " + volunteers.accepted.size() + ", lost "
                + volunteers.lost + ", retries " + volunteers.retries);
        assertEquals(List.of(), List.copyOf(volunteers.wrong), "seed " + seed);
        assertTrue(after > before, "work goes on when the faults are over");
        check(volunteers, operator);
        checkWorkers(operator);
    }

    private void createCampaign() throws Exception {
        Path paths = Files.write(
                folder.resolve("wat.paths"),
                IntStream.range(0, WATS)
                        .mapToObj(i -> "demo-" + i + ".warc.wat.gz")
                        .toList());
        Process create = launch(
                "campaign.log",
                Map.of(),
                List.of(
                        java(),
                        "-jar",
                        JAR.toString(),
                        "campaign",
                        "create",
                        "--tracker",
                        "http://127.0.0.1:" + httpPorts.get(0),
                        "--token-file",
                        operatorToken().toString(),
                        "--name",
                        "c",
                        "--paths",
                        paths.toString(),
                        "--base",
                        web.origin() + "/wat/",
                        "--slices",
                        Integer.toString(SLICES),
                        "--bundle",
                        BUNDLE.toString()));
        assertTrue(create.waitFor(120, TimeUnit.SECONDS), "campaign create hangs");
        assertEquals(0, create.exitValue(), tail("campaign.log"));
    }

    /** Faults of trackers, store and database are retries to them, and nothing else. */
    private void stopWorkers() throws Exception {
        for (int i = 0; i < WORKERS; i++) {
            assertTrue(workers[i].isAlive(), "worker " + i + " gave up: " + tail("worker-" + i + ".log"));
            workers[i].destroy();
        }
        for (int i = 0; i < WORKERS; i++) {
            assertTrue(workers[i].waitFor(40, TimeUnit.SECONDS), "worker " + i + " does not stop");
        }
    }

    private boolean aRealWorkerIsDoneWithAJob() throws IOException {
        for (int i = 0; i < WORKERS; i++) {
            Path log = folder.resolve("worker-" + i + ".log");
            if (Files.exists(log) && Files.readString(log).contains("Job is done:")) {
                return true;
            }
        }
        return false;
    }

    private void checkWorkers(String operator) throws Exception {
        long accepted = 0;
        long kept = 0;
        JsonNode all = JSON.readTree(
                get(httpPorts.get(0), "/v1/operator/workers", operator).body());
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

    private Path operatorToken() {
        return IntStream.range(0, TRACKERS)
                .mapToObj(i -> folder.resolve("tracker-" + i + "/operator.token"))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow();
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
        List<String> command =
                new ArrayList<>(List.of(java(), "-jar", JAR.toString(), "ledger", "verify", "--digests"));
        command.addAll(places(postgres.getPort(), storePort));
        command.addAll(List.of("--data", folder.resolve("verify").toString()));
        Process verify = launch("verify.log", credentials(), command);
        assertTrue(verify.waitFor(180, TimeUnit.SECONDS), "verify hangs");
        String said = Files.readString(folder.resolve("verify.log"));
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
        JsonNode view = JSON.readTree(
                get(httpPorts.get(0), "/v1/operator/jobs/" + job, operator).body());
        for (JsonNode attempt : view.path("attempts")) {
            if (attempt.path("number").asInt() == number) {
                return attempt.path("state").asText();
            }
        }
        return "nowhere: " + view;
    }
}
