package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.gleaner.deploy.demo.DemoCrawl;
import dev.gleaner.deploy.demo.DemoPages;
import dev.gleaner.deploy.faults.TcpProxy;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is killed, or loses its network, in the midst of a job, and goes on with it: the two jars as people start them. */
class ResumeIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PAGES = 30;
    private static final int SLOW_MILLIS = 25;

    @TempDir
    Path folder;

    private final Map<String, Integer> asked = new ConcurrentHashMap<>();
    private Programs programs;
    private HttpServer web;
    private TcpProxy wayToWeb;
    private TcpProxy wayToTracker;

    /** A web with one thread, so that a job takes its time. */
    @BeforeEach
    void start() throws Exception {
        programs = new Programs(folder);
        Path wats = Files.createDirectories(folder.resolve("wat"));
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.setExecutor(Executors.newSingleThreadExecutor());
        wayToWeb = new TcpProxy(List.of(web.getAddress().getPort()));
        String origin = "http://127.0.0.1:" + wayToWeb.port();
        DemoCrawl.write(wats, new DemoPages(origin), 1, PAGES, 8);
        byte[] wat = Files.readAllBytes(wats.resolve("demo-0.warc.wat.gz"));
        byte[] picture = picture();
        web.createContext("/wat/", exchange -> serveRange(exchange, wat));
        web.createContext("/fault/", exchange -> {
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        web.createContext("/img/", exchange -> {
            asked.merge(exchange.getRequestURI().toString(), 1, Integer::sum);
            try {
                Thread.sleep(SLOW_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.sendResponseHeaders(200, picture.length);
            exchange.getResponseBody().write(picture);
            exchange.close();
        });
        web.start();
        int port = Programs.freePort();
        Process tracker = programs.launch(
                Programs.TRACKER,
                "tracker.log",
                "serve",
                "--data",
                folder.resolve("data").toString(),
                "--port",
                Integer.toString(port),
                "--heartbeat",
                "1",
                "--lease-ttl",
                "120");
        wayToTracker = new TcpProxy(List.of(port));
        Programs.awaitThat(() -> tracker.isAlive() && isReady(port));
        Files.write(folder.resolve("wat.paths"), List.of("demo-0.warc.wat.gz"));
        JSON.writeValue(folder.resolve("policy.json").toFile(), everythingIsKept());
        Programs.Ended created = programs.run(
                Programs.TRACKER,
                "campaign",
                "create",
                "--tracker",
                "http://127.0.0.1:" + port,
                "--token-file",
                folder.resolve("data/operator.token").toString(),
                "--name",
                "c",
                "--paths",
                folder.resolve("wat.paths").toString(),
                "--base",
                origin + "/wat/",
                "--slices",
                "1",
                "--bundle",
                "model/demo-bundle",
                "--policy",
                folder.resolve("policy.json").toString());
        assertEquals(0, created.code(), created.said());
    }

    @AfterEach
    void stop() throws Exception {
        programs.close();
        web.stop(0);
        wayToWeb.close();
        wayToTracker.close();
    }

    private static Policy everythingIsKept() {
        Policy p = Policy.laion400m();
        return new Policy(
                p.linkPaths(),
                p.minTextCodePoints(),
                p.maxTextCodePoints(),
                p.maxUrlLength(),
                p.skippedExtensions(),
                p.blockedHosts(),
                p.blockedUrls(),
                100,
                p.maxImageBytes(),
                p.maxPixels(),
                p.formats(),
                p.respectedRobotsTags(),
                60,
                p.maxRedirects(),
                -1,
                p.rowsPerShard(),
                p.optOuts());
    }

    private static byte[] picture() throws IOException {
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

    private HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
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

    private String[] run() {
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

    private Path spool() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("home/work"))) {
            return files.filter(file -> file.getFileName().toString().equals("spool"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** What a killed worker had come to. */
    private List<Outcome> settled(Path spool) throws IOException {
        Path copy = Files.copy(spool, folder.resolve("copy"));
        Spool.Remains remains = Spool.remains(copy).orElseThrow();
        List<Outcome> outcomes = new ArrayList<>();
        Terms terms = new Terms(agent(), "fp32");
        try (Spool read = Spool.open(copy, remains.lease(), terms, Instant.EPOCH, System::nanoTime)) {
            read.replay(outcomes::add);
        }
        return outcomes;
    }

    private String agent() throws IOException {
        JsonNode workers;
        try {
            workers = JSON.readTree(get(trackerPort(), "/v1/operator/workers").body());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return workers.findValue("agent").asText();
    }

    private int trackerPort() {
        return wayToTracker.port();
    }

    private int sum() {
        return asked.values().stream().mapToInt(Integer::intValue).sum();
    }

    private JsonNode accepted() throws Exception {
        JsonNode job = JSON.readTree(get(trackerPort(), "/v1/operator/jobs/1").body());
        assertEquals("done", job.path("state").asText(), job.toString());
        assertEquals(1, job.path("attempts").size(), job.toString());
        return JSON.readTree(get(trackerPort(), "/v1/campaigns/c").body()).path("accepted");
    }

    @Test
    void aKilledWorkerGoesOnWhereItStood() throws Exception {
        Process first = programs.launch(Programs.WORKER, "first.log", run());
        Programs.awaitThat(() -> sum() > 150);
        first.destroyForcibly().waitFor();
        first.descendants().forEach(ProcessHandle::destroyForcibly);
        List<Outcome> settled = settled(spool());
        assertTrue(settled.size() > 20, "too little was settled to prove anything: " + settled.size());
        Programs.Ended second = programs.run(Programs.WORKER, run());
        assertEquals(0, second.code(), second.said());
        assertTrue(second.said().contains("Job is gone on with"), second.said());
        for (Outcome outcome : settled) {
            if (outcome instanceof Outcome.Kept kept) {
                String path = URI.create(kept.pair().url()).getRawPath();
                assertEquals(
                        1,
                        asked.entrySet().stream()
                                .filter(e -> e.getKey().split("\\?", 2)[0].equals(path))
                                .mapToInt(Map.Entry::getValue)
                                .max()
                                .orElse(0),
                        path + " was done with and was fetched again");
            }
        }
        JsonNode accepted = accepted();
        assertEquals(asked.size(), accepted.path("kept").asInt(), accepted.toString());
        System.out.println("resume: " + settled.size() + " of "
                + accepted.path("candidates").asInt() + " were done with at the kill; " + sum() + " requests for "
                + asked.size() + " pictures");
        try (Stream<Path> left = Files.list(folder.resolve("home/work"))) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void aLostNetworkCostsNothingButTime() throws Exception {
        Process worker = programs.launch(Programs.WORKER, "worker.log", run());
        Programs.awaitThat(() -> sum() > 60);
        wayToTracker.cut(true);
        wayToWeb.cut(true);
        Programs.awaitThat(() -> programs.read("worker.log").contains("The network is down"));
        Thread.sleep(3_000);
        wayToWeb.cut(false);
        wayToTracker.cut(false);
        assertTrue(worker.waitFor(90, TimeUnit.SECONDS), () -> programs.read("worker.log"));
        assertEquals(0, worker.exitValue(), () -> programs.read("worker.log"));
        JsonNode accepted = accepted();
        assertEquals(asked.size(), accepted.path("kept").asInt(), accepted.toString());
        assertFalse(accepted.toString().contains("connect"), accepted.toString());
        assertFalse(accepted.toString().contains("protocol"), accepted.toString());
    }
}
