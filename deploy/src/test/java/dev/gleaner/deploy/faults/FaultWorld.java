package dev.gleaner.deploy.faults;

import dev.gleaner.deploy.demo.DemoCrawl;
import dev.gleaner.deploy.demo.DemoPages;
import dev.gleaner.deploy.demo.DemoWeb;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.BindException;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Three tracker processes that reach a PostgreSQL server and an S3 server through proxies, a proxy before them that hands callers
 * round, and real workers: each can be killed, cut off and started again.
 */
public final class FaultWorld implements AutoCloseable {
    static final int TRACKERS = 3;
    static final int WORKERS = 3;
    static final int WATS = 300;
    static final Path JAR = Path.of("../tracker-server/target/tracker-server.jar");
    static final Path BUNDLE = Path.of("model/demo-bundle");
    private static final Path WORKER_JAR = Path.of("../worker-agent/target/worker-agent.jar");

    final Path folder;
    final Process[] trackers = new Process[TRACKERS];
    final Process[] workers = new Process[WORKERS];
    final List<Integer> httpPorts = new ArrayList<>();
    final List<TcpProxy> toDatabase = new ArrayList<>();
    final List<TcpProxy> toStore = new ArrayList<>();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Integer> clusterPorts = new ArrayList<>();
    EmbeddedPostgres postgres;
    Process store;
    int storePort;
    TcpProxy entrance;
    DemoWeb web;

    /** @param folder for what all of them write */
    FaultWorld(Path folder) {
        this.folder = folder;
    }

    void start() throws Exception {
        postgres = EmbeddedPostgres.builder()
                .setServerConfig("unix_socket_directories", "") // Or it writes into /tmp.
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
    static String member(int i) {
        return "127.0.0." + (11 + i);
    }

    /** A port of this machine that no program has. */
    public static int freePort() throws IOException {
        // Below the ports that systems give to outgoing calls (RFC 6335 and ip(7)), so that none is taken before it is
        // used.
        for (int tries = 0; tries < 1_000; tries++) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 32_000);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                continue; // Another program has it.
            }
        }
        throw new IOException("no port is free between 10,000 and 32,000");
    }

    Process launch(String log, Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve(log).toFile()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** A command line of this Java for programs that are killed before an optimizing compiler pays. */
    static List<String> java(String... more) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
        command.addAll(List.of(more));
        return command;
    }

    void startStore() throws IOException {
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
                java(
                        // In Turkish it does not know the header If-None-Match.
                        "-Duser.language=en",
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

    List<String> places(int databasePort, int storeAt) {
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

    static Map<String, String> credentials() {
        return Map.of("AWS_ACCESS_KEY_ID", "faults", "AWS_SECRET_ACCESS_KEY", "faults-secret");
    }

    void startTracker(int i) throws IOException {
        List<String> command = java(
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
                                .toList()));
        command.addAll(places(toDatabase.get(i).port(), toStore.get(i).port()));
        trackers[i] = launch("tracker-" + i + ".log", credentials(), command);
    }

    void startWorker(int i) throws IOException {
        workers[i] = launch(
                "worker-" + i + ".log",
                Map.of(),
                java(
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

    HttpResponse<byte[]> get(int port, String path, String token) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(Duration.ofSeconds(10))
                        .header("Authorization", "Bearer " + token)
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    void awaitReady(int i, int atMost) throws Exception {
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

    String tail(String log) throws IOException {
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

    /** As a service manager does: a tracker that finds no database or store at its start ends, and is started again. */
    void restartTheDead() throws IOException {
        for (int i = 0; i < TRACKERS; i++) {
            if (!trackers[i].isAlive()) {
                startTracker(i);
            }
        }
    }

    Path operatorToken() {
        return IntStream.range(0, TRACKERS)
                .mapToObj(i -> folder.resolve("tracker-" + i + "/operator.token"))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow();
    }
}
