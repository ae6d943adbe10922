package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.gleaner.deploy.demo.DemoCrawl;
import dev.gleaner.deploy.demo.DemoPages;
import dev.gleaner.deploy.faults.TcpProxy;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/**
 * A campaign on this machine, of one job unless said otherwise: the tracker's jar, a web with one thread so that the job takes its
 * time, and proxies to both that can be cut. Close it when done.
 */
final class SmallCampaign implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PAGES = 30;

    /**
     * @param slowMillis how long the web takes for a picture
     * @param threads of the web
     * @param arguments of {@code campaign create}, beside the usual ones
     */
    record Size(int wats, int slices, int slowMillis, int threads, List<String> arguments) {
        static final Size ONE_JOB = new Size(1, 1, 25, 1, List.of());
    }

    final Path folder;
    final Programs programs;
    final TcpProxy wayToWeb;
    final TcpProxy wayToTracker;
    /** Pictures and how often they were asked for. */
    final Map<String, Integer> asked = new ConcurrentHashMap<>();

    private final String[] serve;
    private final int trackerPort;
    private Process tracker;
    private final HttpServer web;
    private final String base;

    SmallCampaign(Path folder) throws Exception {
        this(folder, 120);
    }

    /** @param ttlSeconds how long a lease lives without a heartbeat */
    SmallCampaign(Path folder, int ttlSeconds) throws Exception {
        this(folder, ttlSeconds, Size.ONE_JOB);
    }

    SmallCampaign(Path folder, int ttlSeconds, Size size) throws Exception {
        this.folder = folder;
        programs = new Programs(folder);
        Path wats = Files.createDirectories(folder.resolve("wat"));
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.setExecutor(Executors.newFixedThreadPool(size.threads));
        wayToWeb = new TcpProxy(List.of(web.getAddress().getPort()));
        String origin = "http://127.0.0.1:" + wayToWeb.port();
        DemoCrawl.write(wats, new DemoPages(origin), size.wats, PAGES, 8);
        byte[] picture = picture();
        web.createContext("/wat/", exchange -> {
            String name =
                    exchange.getRequestURI().getPath().replace("/wat/", "").replace(".wat.gz", ".warc.wat.gz");
            serveRange(exchange, Files.readAllBytes(wats.resolve(name)));
        });
        web.createContext("/fault/", exchange -> {
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        web.createContext("/img/", exchange -> {
            asked.merge(exchange.getRequestURI().toString(), 1, Integer::sum);
            try {
                Thread.sleep(size.slowMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.sendResponseHeaders(200, picture.length);
            exchange.getResponseBody().write(picture);
            exchange.close();
        });
        web.start();
        int port = Programs.freePort();
        serve = new String[] {
            "serve",
            "--data",
            folder.resolve("data").toString(),
            "--port",
            Integer.toString(port),
            "--heartbeat",
            "1",
            // Nobody answers there, and nobody outside of this machine is asked.
            "--dns-server",
            "127.0.0.1:" + Programs.freePort(),
            "--lease-ttl",
            Integer.toString(ttlSeconds),
            "--encoder",
            Programs.WORKER.toString()
        };
        trackerPort = port;
        restartTracker();
        wayToTracker = new TcpProxy(List.of(port));
        Programs.awaitThat(() -> tracker.isAlive() && isReady(port));
        JSON.writeValue(
                folder.resolve("policy.json").toFile(),
                Map.of("minImageBytes", 100, "requestTimeoutSeconds", 60, "threshold", -1));
        base = origin + "/wat/";
        create(
                "c",
                IntStream.range(0, size.wats)
                        .mapToObj(i -> "demo-" + i + ".wat.gz")
                        .toList(),
                size.slices,
                size.arguments);
    }

    /** Starts the tracker, once more after it has ended. */
    void restartTracker() throws Exception {
        Process started = programs.launch(Programs.TRACKER, "tracker.log", serve);
        tracker = started;
        Programs.awaitThat(() -> started.isAlive() && isReady(trackerPort));
    }

    Process tracker() {
        return tracker;
    }

    /** Makes a campaign of this tracker. */
    void create(String name, List<String> paths, int slices) throws Exception {
        create(name, paths, slices, List.of());
    }

    private void create(String name, List<String> paths, int slices, List<String> more) throws Exception {
        Files.write(folder.resolve("wat.paths"), paths);
        List<String> arguments = new ArrayList<>(List.of(
                "campaign",
                "create",
                "--tracker",
                "http://127.0.0.1:" + trackerPort(),
                "--token-file",
                folder.resolve("data/operator.token").toString(),
                "--name",
                name,
                "--paths",
                folder.resolve("wat.paths").toString(),
                "--base",
                base,
                "--slices",
                Integer.toString(slices),
                "--bundle",
                "model/demo-bundle",
                "--policy",
                folder.resolve("policy.json").toString()));
        arguments.addAll(more);
        Programs.Ended created = programs.operate(arguments.toArray(String[]::new));
        assertEquals(0, created.code(), created.said());
    }

    @Override
    public void close() throws Exception {
        programs.close();
        web.stop(0);
        wayToWeb.close();
        wayToTracker.close();
    }

    /** That every address of the web shows. */
    static byte[] picture() throws IOException {
        BufferedImage image = new BufferedImage(300, 300, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(Color.ORANGE);
        pen.fillOval(20, 20, 200, 200);
        pen.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    private static void serveRange(HttpExchange exchange, byte[] whole) throws IOException {
        String[] ends = exchange.getRequestHeaders()
                .getFirst("Range")
                .substring("bytes=".length())
                .split("-", -1);
        int from = Integer.parseInt(ends[0]);
        int to = Math.min(whole.length - 1, Integer.parseInt(ends[1]));
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + whole.length);
        exchange.sendResponseHeaders(206, to - from + 1L);
        exchange.getResponseBody().write(whole, from, to - from + 1);
        exchange.close();
    }

    private boolean isReady(int port) throws InterruptedException {
        try {
            return get(port, "/health/ready").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        Path token = folder.resolve("data/operator.token");
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .header(
                                        "Authorization",
                                        "Bearer "
                                                + (Files.exists(token)
                                                        ? Files.readString(token)
                                                                .strip()
                                                        : ""))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    /** The worker's command line for one job. */
    String[] run() {
        return new String[] {
            "run",
            "--tracker",
            "http://127.0.0.1:" + wayToTracker.port(),
            "--home",
            folder.resolve("home").toString(),
            "--cpus",
            "1",
            "--nice",
            "0",
            "--precision",
            "fp32",
            "--allow-loopback",
            "--jobs",
            "1"
        };
    }

    /** What the paths of its WATs are appended to. */
    String base() {
        return base;
    }

    int trackerPort() {
        return wayToTracker.port();
    }

    /** Requests for pictures so far. */
    int sum() {
        return asked.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** The counts of the job, which one attempt did. */
    JsonNode accepted() throws Exception {
        JsonNode job = JSON.readTree(get(trackerPort(), "/v1/operator/jobs/1").body());
        assertEquals("done", job.path("state").asText(), job.toString());
        assertEquals(1, job.path("attempts").size(), job.toString());
        return JSON.readTree(get(trackerPort(), "/v1/campaigns/c").body()).path("accepted");
    }
}
