package dev.gleaner.deploy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs the whole line on this machine and says what came of it. */
public final class Demo {
    private static final int FILES = 3;
    private static final int PAGES = 48;
    private static final int PICTURES = 8;
    private static final int SLICES = 4;
    private static final String CAMPAIGN = "demo";
    private static final List<String> WORKERS = List.of("ada", "bela", "cleo");
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /**
     * How it runs.
     *
     * @param trackerKills how often to SIGKILL the tracker in mid-run and start it again
     * @param s3Server the program of Versity's S3 gateway, to keep the objects there; null for a folder
     * @param java the command that tracker and workers are run by
     */
    record Options(
            boolean once,
            int trackerKills,
            Path folder,
            int port,
            int webPort,
            @Nullable Path s3Server,
            String java) {}

    private final Options options;
    private final Path top;
    private final Path trackerJar;
    private final Path workerJar;
    private final Processes processes;
    private final TrackerApi tracker;
    private final DemoStore store;

    private Demo(Options options) throws IOException {
        this.options = options;
        this.top = Path.of("").toAbsolutePath();
        this.trackerJar = top.resolve("tracker-server/target/tracker-server.jar");
        this.workerJar = top.resolve("worker-agent/target/worker-agent.jar");
        this.processes = new Processes(options.java(), options.folder().resolve("logs"));
        Path s3Server = options.s3Server();
        this.store = s3Server == null
                ? DemoStore.folder(options.folder().resolve("tracker/objects"))
                : DemoStore.versity(s3Server, options.folder().resolve("s3"));
        this.tracker = new TrackerApi(
                URI.create("http://127.0.0.1:" + options.port()),
                options.folder().resolve("tracker").resolve("operator.token"));
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("java.awt.headless", "true");
        Options options;
        try {
            options = options(args);
        } catch (IllegalArgumentException e) {
            System.err.println("demo: " + e.getMessage());
            help();
            System.exit(64);
            return;
        }
        if (options == null) {
            help();
            return;
        }
        Demo demo = new Demo(options);
        boolean good;
        try (Processes started = demo.processes) {
            Runtime.getRuntime().addShutdownHook(new Thread(started::close, "stop"));
            good = demo.run();
        } catch (IOException e) {
            System.err.println(
                    "demo: " + e.getMessage() + " (logs in " + options.folder().resolve("logs") + ")");
            good = false;
        }
        System.exit(good ? 0 : 1);
    }

    /** Null when help is wanted. */
    private static @Nullable Options options(String[] args) {
        boolean once = false;
        int trackerKills = 0;
        Path folder = Path.of("demo-data").toAbsolutePath();
        int port = 18080;
        int webPort = 18099;
        Path s3Server = null;
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Iterator<String> words = List.of(args).iterator();
        while (words.hasNext()) {
            String option = words.next();
            switch (option) {
                case "--once" -> once = true;
                case "--kill-tracker" -> trackerKills = number(option, words);
                case "--dir" -> folder = Path.of(value(option, words)).toAbsolutePath();
                case "--port" -> port = number(option, words);
                case "--web-port" -> webPort = number(option, words);
                case "--s3-server" -> s3Server = Path.of(value(option, words)).toAbsolutePath();
                case "--java" ->
                    java = Path.of(value(option, words)).toAbsolutePath().toString();
                case "--help", "-h" -> {
                    return null;
                }
                default -> throw new IllegalArgumentException("unknown option " + option);
            }
        }
        return new Options(once, trackerKills, folder, port, webPort, s3Server, java);
    }

    private static String value(String option, Iterator<String> words) {
        if (!words.hasNext()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return words.next();
    }

    private static int number(String option, Iterator<String> words) {
        String text = value(option, words);
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + " needs a number, not " + text, e);
        }
    }

    private static void help() {
        System.out.println("""
                usage: deploy/demo [--once] [--kill-tracker N] [--dir DIR] [--port PORT] [--web-port PORT] [--s3-server FILE]
                                   [--java FILE]
                Makes a small dataset on this machine: draws pictures, serves them, crawls them, and runs a tracker and
                three workers on them, one of which is killed in mid-job. Everything stays on loopback.
                  --once          exit when done; otherwise the page stays up until Ctrl-C
                  --kill-tracker N  also SIGKILL the tracker N times in mid-run and start it again
                  --dir DIR       where everything goes, emptied first (default: demo-data)
                  --port PORT     the tracker's port (default: 18080)
                  --web-port PORT the demo web's port (default: 18099); part of the pictures' addresses
                  --s3-server FILE  keep the objects on an S3 server: FILE is the program of Versity's gateway
                  --java FILE     the java that tracker and workers are run by, such as a package's (default: this one)""");
    }

    private boolean run() throws IOException, InterruptedException, SQLException {
        long started = System.nanoTime();
        Path folder = options.folder();
        for (String part : List.of(
                "wat", "tracker", "worker-ada", "worker-bela", "worker-cleo", "worker-dana", "release", "s3", "logs")) {
            delete(folder.resolve(part));
        }
        Path wats = Files.createDirectories(folder.resolve("wat")).toRealPath();
        Files.createDirectories(folder.resolve("logs"));
        try (DemoWeb web = new DemoWeb(options.webPort(), wats)) {
            say("drawing pages with pictures, crawling them to WARC, extracting WATs");
            List<String> names = DemoCrawl.write(wats, new DemoPages(web.origin()), FILES, PAGES, PICTURES);
            List<String> paths = new ArrayList<>(names);
            paths.add("not-there.warc.wat.gz");
            Files.write(folder.resolve("wat.paths"), paths);
            Files.write(folder.resolve("policy.json"), new ObjectMapper().writeValueAsBytes(policy()));

            store.start(processes);
            say("starting the tracker, its objects " + store + ": http://127.0.0.1:" + options.port() + "/");
            startTracker();
            say(campaign(web.origin() + "/wat/"));
            say("starting three workers: " + WORKERS);
            for (String worker : WORKERS) {
                startWorker(worker);
            }
            long killed = killAWorkerInMidJob();
            killTheTracker();
            JsonNode done = awaitEnd();
            String release = release();
            boolean good = report(done, killed, release, Duration.ofNanos(System.nanoTime() - started));
            for (String worker : List.of("bela", "cleo", "dana")) {
                good &= processes.stop(worker, 30);
            }
            if (!options.once()) {
                say("the page stays up at http://127.0.0.1:" + options.port() + "/ until you press Ctrl-C");
                Thread.currentThread().join();
            }
            return good;
        }
    }

    /** What the demo changes of the default policy: its slow servers shall not make anybody wait. */
    private static Map<String, Object> policy() {
        return Map.of("minImageBytes", 2_000, "maxImageBytes", 4 << 20, "requestTimeoutSeconds", 4);
    }

    private void startTracker() throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(
                "serve",
                "--data",
                options.folder().resolve("tracker").toString(),
                "--port",
                Integer.toString(options.port()),
                "--heartbeat",
                "1",
                "--lease-ttl",
                "6"));
        arguments.addAll(store.options());
        processes.java("tracker", store.environment(), trackerJar, List.of("-Xmx384m"), arguments);
        tracker.awaitReady(Duration.ofSeconds(60));
    }

    private String campaign(String base) throws IOException, InterruptedException {
        return operator(
                        "campaign-create",
                        "campaign",
                        "create",
                        "--name",
                        CAMPAIGN,
                        "--paths",
                        options.folder().resolve("wat.paths").toString(),
                        "--base",
                        base,
                        "--slices",
                        Integer.toString(SLICES),
                        "--bundle",
                        top.resolve("deploy/model/demo-bundle").toString(),
                        "--policy",
                        options.folder().resolve("policy.json").toString())
                .strip();
    }

    /** Makes a release, downloads it, and says what looking at every byte of it found. */
    private String release() throws IOException, InterruptedException {
        say("making a release, and checking it");
        operator("release-create", "release", "create", "--campaign", CAMPAIGN, "--preset", "raw");
        String found = operator(
                "release-fetch",
                "release",
                "fetch",
                CAMPAIGN + "-raw-v1",
                options.folder().resolve("release").toString());
        return found.strip().lines().reduce((first, second) -> second).orElse("");
    }

    private String operator(String name, String... words) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of(
                "--tracker",
                "http://127.0.0.1:" + options.port(),
                "--token-file",
                options.folder().resolve("tracker/operator.token").toString()));
        return processes.run(name, trackerJar, arguments);
    }

    private void startWorker(String name) throws IOException {
        processes.java(
                name,
                workerJar,
                List.of("-Xmx512m"),
                List.of(
                        "run",
                        "--tracker",
                        "http://127.0.0.1:" + options.port(),
                        "--name",
                        name,
                        "--team",
                        "demo",
                        "--cpus",
                        "1",
                        // The same arithmetic everywhere, so that every run keeps the same pairs.
                        "--precision",
                        "fp32",
                        "--home",
                        options.folder().resolve("worker-" + name).toString(),
                        "--allow-loopback"));
    }

    /** Waits until the first worker holds a lease, kills it, and puts a fresh one in its place. */
    private long killAWorkerInMidJob() throws IOException, InterruptedException {
        String victim = WORKERS.get(0);
        long until = System.nanoTime() + LONGEST.toNanos();
        while (System.nanoTime() < until) {
            for (JsonNode job : tracker.jobs("leased")) {
                JsonNode newest = job.path("attempts").path(0);
                if (newest.path("nickname").asText().equals(victim)
                        && newest.path("state").asText().equals("leased")
                        && !job.path("wat").asText().startsWith("not-there")) {
                    Thread.sleep(700);
                    processes.kill(victim);
                    say("killed worker " + victim + " with SIGKILL in the middle of job "
                            + job.path("job").asLong());
                    startWorker("dana");
                    return job.path("job").asLong();
                }
            }
            Thread.sleep(30);
        }
        throw new IOException("worker " + victim + " never got a job");
    }

    /** SIGKILL at moments that differ from run to run; what was acknowledged before must be there afterwards. */
    private void killTheTracker() throws IOException, InterruptedException {
        long seed = Long.getLong("gleaner.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int kill = 1; kill <= options.trackerKills(); kill++) {
            Thread.sleep(500 + random.nextInt(5_000));
            JsonNode before = tracker.campaign(CAMPAIGN);
            processes.kill("tracker");
            startTracker();
            JsonNode after = tracker.campaign(CAMPAIGN);
            say("killed the tracker with SIGKILL and started it again (" + kill + " of " + options.trackerKills()
                    + ", seed " + seed + ")");
            for (String[] path : new String[][] {{"jobs", "done"}, {"accepted", "kept"}, {"accepted", "candidates"}}) {
                long was = before.path(path[0]).path(path[1]).asLong();
                long is = after.path(path[0]).path(path[1]).asLong();
                if (is < was) {
                    throw new IOException(
                            "the kill lost something acknowledged: " + path[1] + " was " + was + " and is " + is);
                }
            }
        }
    }

    private JsonNode awaitEnd() throws IOException, InterruptedException {
        long until = System.nanoTime() + LONGEST.toNanos();
        long shown = -1;
        while (System.nanoTime() < until) {
            JsonNode campaign = tracker.campaign(CAMPAIGN);
            JsonNode jobs = campaign.path("jobs");
            long ended = jobs.path("done").asLong() + jobs.path("quarantined").asLong();
            if (ended != shown) {
                shown = ended;
                say(ended + " of " + (FILES + 1) * SLICES + " jobs ended, "
                        + campaign.path("accepted").path("kept").asLong() + " pairs kept");
            }
            if (jobs.path("open").asLong() + jobs.path("leased").asLong() == 0) {
                return campaign;
            }
            Thread.sleep(250);
        }
        throw new IOException("the campaign did not end within " + LONGEST.toMinutes() + " minutes");
    }

    private boolean report(JsonNode campaign, long killed, String release, Duration took)
            throws IOException, InterruptedException, SQLException {
        JsonNode jobs = campaign.path("jobs");
        JsonNode counts = campaign.path("accepted");
        JsonNode job = tracker.get("/v1/operator/jobs/" + killed);
        List<String> attempts = new ArrayList<>();
        for (JsonNode attempt : job.path("attempts")) {
            attempts.add(
                    0,
                    attempt.path("number").asInt() + " by "
                            + attempt.path("nickname").asText() + ": "
                            + attempt.path("state").asText());
        }
        Path accepted = store.files().resolve("accepted");
        System.out.println();
        System.out.println("Jobs        " + jobs.path("done").asLong() + " done, "
                + jobs.path("quarantined").asLong() + " quarantined (their WAT does not exist)");
        System.out.println("Reassigned  job " + killed + ": attempt " + String.join(", attempt ", attempts));
        System.out.println("Images      " + counts.path("images").asLong() + " seen, "
                + counts.path("candidates").asLong() + " candidates, "
                + counts.path("kept").asLong() + " pairs kept");
        System.out.println("Not taken   " + drops(counts.path("extractDrops")));
        System.out.println("Dropped     " + drops(counts.path("pairDrops")));
        System.out.println("Digest      " + campaign.path("candidateDigest").asText());
        Optional<String> fault = check(
                accepted,
                counts.path("kept").asLong(),
                campaign.path("threshold").asDouble());
        System.out.println(
                "Parquet     " + accepted + " (" + campaign.path("bytesStored").asLong() + " bytes)");
        System.out.println(
                "Read it     duckdb -c \"SELECT TEXT, similarity, URL FROM '" + accepted + "/**/*.parquet' LIMIT 5\"");
        System.out.println("Release     " + release + ", in " + options.folder().resolve("release"));
        System.out.println("Took        " + took.toSeconds() + " s");
        System.out.println();
        boolean good = fault.isEmpty()
                && release.contains(counts.path("kept").asLong() + " pairs looked at, 0 faults")
                && jobs.path("done").asLong() == (long) FILES * SLICES
                && jobs.path("quarantined").asLong() == SLICES
                && job.path("state").asText().equals("done")
                && attempts.size() > 1
                && counts.path("kept").asLong() > 0;
        fault.ifPresent(f -> System.out.println("WRONG: " + f));
        System.out.println(good ? "The demo went as it should." : "The demo did NOT go as it should.");
        return good;
    }

    private static String drops(JsonNode map) {
        List<Map.Entry<String, Long>> sorted = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : map.properties()) {
            sorted.add(Map.entry(field.getKey(), field.getValue().asLong()));
        }
        sorted.sort(Map.Entry.<String, Long>comparingByValue().reversed());
        return String.join(
                ", ", sorted.stream().map(e -> e.getKey() + " " + e.getValue()).toList());
    }

    /** Reads all shards with DuckDB, an engine that shares no code with the writer. */
    private static Optional<String> check(Path accepted, long kept, double threshold) throws SQLException {
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT count(*), min(similarity), count(DISTINCT SAMPLE_ID), count(DISTINCT URL) FROM '"
                                + accepted.toString().replace("'", "''") + "/**/*.parquet'")) {
            row.next();
            System.out.println("DuckDB      " + row.getLong(1) + " rows, lowest similarity " + row.getFloat(2));
            if (row.getLong(1) != kept) {
                return Optional.of("the shards hold " + row.getLong(1) + " rows, the tracker counted " + kept);
            }
            if (row.getFloat(2) < (float) threshold) {
                return Optional.of("a pair below the threshold was kept");
            }
            if (row.getLong(3) != kept || row.getLong(4) != kept) {
                return Optional.of("a pair stands twice");
            }
            return Optional.empty();
        }
    }

    private static void say(String line) {
        System.out.println("demo: " + line);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(file);
            }
        }
    }
}
