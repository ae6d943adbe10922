package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real server on loopback that behaves as badly as real ones do. */
@Tag("jdk")
class FetcherIT {
    private static final byte[] PICTURE = new byte[10_000];
    private static final FetchLimits LIMITS =
            new FetchLimits(Duration.ofSeconds(2), 100_000, 100, 3, Set.of("noai"), OptOuts.DEFAULT);
    private HttpServer server;
    private Fetcher fetcher;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();
    private final AtomicInteger flaky = new AtomicInteger();
    private volatile boolean stop;
    private volatile String userAgent = "";

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", this::answer);
        server.start();
        fetcher = new Fetcher(
                AddressGuard.allowingLoopback(),
                UserAgent.of("1.0", "https://example.org/(crawler)"),
                new Courtesy(2, Duration.ZERO),
                NameResolver.Settings.DEFAULT,
                Fetcher.Link.ALL);
    }

    @AfterEach
    void stop() {
        stop = true;
        fetcher.close();
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        userAgent = exchange.getRequestHeaders().getFirst("User-Agent");
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            switch (path) {
                case "/ok" -> send(exchange, PICTURE.length, PICTURE);
                case "/chunked" -> send(exchange, 0, PICTURE);
                case "/small" -> send(exchange, 10, new byte[10]);
                case "/noai" -> {
                    exchange.getResponseHeaders().add("X-Robots-Tag", "otherbot: noindex");
                    exchange.getResponseHeaders().add("X-Robots-Tag", "Gleaner: NoAI, nofollow");
                    send(exchange, PICTURE.length, PICTURE);
                }
                case "/notus" -> {
                    exchange.getResponseHeaders().add("X-Robots-Tag", "otherbot: noai");
                    send(exchange, PICTURE.length, PICTURE);
                }
                case "/declared" -> send(exchange, 200_000, new byte[200_000]);
                case "/endless" -> {
                    exchange.sendResponseHeaders(200, 0);
                    while (!stop) {
                        exchange.getResponseBody().write(new byte[10_000]);
                    }
                }
                case "/short" -> send(exchange, 20_000, PICTURE);
                case "/drip", "/hang" -> {
                    if (path.equals("/drip")) {
                        exchange.sendResponseHeaders(200, 1_000);
                    }
                    for (int i = 0; i < 100 && !stop; i++) {
                        if (path.equals("/drip")) {
                            exchange.getResponseBody().write(1);
                            exchange.getResponseBody().flush();
                        }
                        pause(100);
                    }
                }
                case "/once" -> redirect(exchange, "ok");
                case "/loop" -> redirect(exchange, "/loop");
                case "/private" -> redirect(exchange, "http://10.1.2.3/x.jpg");
                case "/metadata" -> redirect(exchange, "http://169.254.169.254/latest");
                case "/elsewhere" ->
                    redirect(exchange, "http://localhost:" + server.getAddress().getPort() + "/ok");
                case "/file" -> redirect(exchange, "file:///etc/passwd");
                case "/gzip" -> {
                    exchange.getResponseHeaders().add("Content-Encoding", "gzip");
                    send(exchange, PICTURE.length, PICTURE);
                }
                case "/busy" -> {
                    mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                    pause(50);
                    // Before the answer: the client may be back with its next request before this thread goes on.
                    atOnce.decrementAndGet();
                    send(exchange, PICTURE.length, PICTURE);
                }
                case "/flaky500", "/flaky429" -> {
                    if (flaky.incrementAndGet() > 1) {
                        send(exchange, PICTURE.length, PICTURE);
                    } else {
                        exchange.getResponseHeaders().add("Retry-After", "1");
                        exchange.sendResponseHeaders(Integer.parseInt(path.substring(6)), -1);
                    }
                }
                case "/always429" -> {
                    flaky.incrementAndGet();
                    exchange.getResponseHeaders().add("Retry-After", "3600");
                    exchange.sendResponseHeaders(429, -1);
                }
                case "/robots.txt" ->
                    send(exchange, 0, "User-agent: gleaner\nDisallow: /once\n".getBytes(StandardCharsets.UTF_8));
                case "/tdm" -> {
                    exchange.getResponseHeaders().add("tdm-reservation", "1");
                    send(exchange, PICTURE.length, PICTURE);
                }
                case "/gone" -> {
                    flaky.incrementAndGet();
                    exchange.sendResponseHeaders(404, -1);
                }
                default -> exchange.sendResponseHeaders(404, -1);
            }
        }
    }

    private static void send(HttpExchange exchange, int declared, byte[] bytes) throws IOException {
        exchange.sendResponseHeaders(200, declared);
        exchange.getResponseBody().write(bytes);
    }

    private static void redirect(HttpExchange exchange, String to) throws IOException {
        exchange.getResponseHeaders().add("Location", to);
        exchange.sendResponseHeaders(302, -1);
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    private Fetched fetch(String path) throws Exception {
        return fetcher.fetch(url(path), LIMITS, new Slots(1, 1 << 20))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    private void assertDropped(PairDrop reason, String path) throws Exception {
        Fetched result = fetch(path);
        assertTrue(result instanceof Fetched.Dropped dropped && dropped.reason() == reason, path + " gives " + result);
    }

    @Test
    void aBadCertificateIsRefusedUnlessThePolicyLetsItPassAndThenItIsTold(@TempDir Path folder) throws Exception {
        Path store = folder.resolve("store.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "a",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "secret",
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.log").toFile())
                .start();
        assertEquals(0, keytool.waitFor());
        KeyStore keys = KeyStore.getInstance(store.toFile(), "secret".toCharArray());
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "secret".toCharArray());
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), null, null);
        HttpsServer secure = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(tls));
        secure.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, PICTURE.length);
            exchange.getResponseBody().write(PICTURE);
            exchange.close();
        });
        secure.start();
        try {
            String address = "https://127.0.0.1:" + secure.getAddress().getPort() + "/a.jpg";
            Fetched strictly = fetcher.fetch(address, LIMITS, new Slots(1, 1 << 20))
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            assertEquals(PairDrop.TLS, ((Fetched.Dropped) strictly).reason());
            FetchLimits lenient =
                    new FetchLimits(Duration.ofSeconds(5), 100_000, 100, 3, Set.of(), OptOuts.DEFAULT, true);
            for (int i = 0; i < 3; i++) {
                Fetched leniently = fetcher.fetch(address, lenient, new Slots(1, 1 << 20))
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS);
                assertTrue(((Fetched.Body) leniently).badCertificate(), "also when the session is resumed");
            }
            assertFalse(((Fetched.Body) fetcher.fetch(url("/ok"), lenient, new Slots(1, 1 << 20))
                            .toCompletableFuture()
                            .get(20, TimeUnit.SECONDS))
                    .badCertificate());
            Fetched again = fetcher.fetch(address, LIMITS, new Slots(1, 1 << 20))
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
            assertEquals(PairDrop.TLS, ((Fetched.Dropped) again).reason(), "what one let pass is nothing to others");
        } finally {
            secure.stop(0);
        }
    }

    @Test
    void aPictureComesBackWhole() throws Exception {
        for (String path : List.of("/ok", "/chunked", "/once", "/notus")) {
            assertTrue(fetch(path) instanceof Fetched.Body, path);
        }
        assertArrayEquals(PICTURE, ((Fetched.Body) fetch("/ok")).bytes());
        assertEquals("gleaner/1.0 (+https://example.org/crawler)", userAgent);
    }

    @Test
    void everyFaultHasItsReason() throws Exception {
        assertDropped(PairDrop.HTTP_STATUS, "/missing");
        assertDropped(PairDrop.TOO_SMALL, "/small");
        assertDropped(PairDrop.OPTED_OUT, "/noai");
        assertDropped(PairDrop.TOO_LARGE, "/declared");
        assertDropped(PairDrop.TOO_LARGE, "/endless");
        assertDropped(PairDrop.PROTOCOL, "/short");
        assertDropped(PairDrop.PROTOCOL, "/gzip");
        assertDropped(PairDrop.TOO_MANY_REDIRECTS, "/loop");
        assertDropped(PairDrop.BAD_REDIRECT, "/file");
        assertDropped(PairDrop.TIMEOUT, "/drip");
        assertDropped(PairDrop.TIMEOUT, "/hang");
    }

    @Test
    void nobodyGoesWhereTheOwnerWantsNoVisitsNotEvenByARedirect() throws Exception {
        assertTrue(fetch("/elsewhere") instanceof Fetched.Body);
        fetcher.stop(List.of("localhost"));
        assertDropped(PairDrop.OPTED_OUT, "/elsewhere");
        assertTrue(fetch("/ok") instanceof Fetched.Body, "others are visited as before");
        fetcher.stop(List.of("0.1", "127.0.0.1"));
        int before = requests.get();
        assertDropped(PairDrop.OPTED_OUT, "/ok");
        assertEquals(before, requests.get(), "it is not even asked");
        fetcher.stop(List.of());
        assertTrue(fetch("/ok") instanceof Fetched.Body);
    }

    @Test
    void aRedirectIntoAPrivateNetworkIsNotFollowed() throws Exception {
        assertDropped(PairDrop.PRIVATE_ADDRESS, "/private");
        assertDropped(PairDrop.PRIVATE_ADDRESS, "/metadata");
    }

    @Test
    void theStrictGuardReachesNothingOnThisMachineWhateverTheSpelling() throws Exception {
        int port = server.getAddress().getPort();
        int before = requests.get();
        try (Fetcher strict = new Fetcher(
                AddressGuard.strict(), "test", Courtesy.DEFAULT, NameResolver.Settings.DEFAULT, Fetcher.Link.ALL)) {
            for (String host : List.of(
                    "127.0.0.1",
                    "localhost",
                    "[::1]",
                    "2130706433",
                    "0x7f.1",
                    "0177.0.0.1",
                    "[::ffff:127.0.0.1]",
                    "127.1")) {
                Fetched result = strict.fetch("http://" + host + ":" + port + "/ok", LIMITS, new Slots(1, 1 << 20))
                        .toCompletableFuture()
                        .get(10, TimeUnit.SECONDS);
                assertTrue(
                        result instanceof Fetched.Dropped d && d.reason() == PairDrop.PRIVATE_ADDRESS,
                        host + " gives " + result);
            }
        }
        assertEquals(before, requests.get());
    }

    @Test
    void oneHostNeverSeesMoreThanItsShareAtOnce() throws Exception {
        List<CompletableFuture<Fetched>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(fetcher.fetch(url("/busy"), LIMITS, new Slots(1, 1 << 20)).toCompletableFuture());
        }
        for (CompletableFuture<Fetched> one : all) {
            assertTrue(one.get(10, TimeUnit.SECONDS) instanceof Fetched.Body);
        }
        assertEquals(2, mostAtOnce.get());
    }

    @Test
    void aServerInTroubleIsAskedOnceMoreAndOneThatMeansItIsNot() throws Exception {
        for (String path : List.of("/flaky500", "/flaky429")) {
            flaky.set(0);
            assertTrue(fetch(path) instanceof Fetched.Body, path);
            assertEquals(2, flaky.get(), path);
        }
        flaky.set(0);
        assertDropped(PairDrop.HTTP_STATUS, "/gone");
        assertEquals(1, flaky.get());
    }

    @Test
    void aReservationInTheHeadersIsHeeded() throws Exception {
        assertDropped(PairDrop.OPTED_OUT, "/tdm");
    }

    @Test
    void robotsTxtIsHeededWhereThePolicySaysSoAndFetchedOnce() throws Exception {
        FetchLimits heeding =
                new FetchLimits(Duration.ofSeconds(5), 100_000, 100, 3, Set.of(), new OptOuts(true, true));
        Slots slots = new Slots(1, 1 << 20);
        int before = requests.get();
        for (String path : List.of("/ok", "/once", "/ok", "/once")) {
            Fetched result = fetcher.fetch(url(path), heeding, slots)
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
            if (path.equals("/ok")) {
                slots.release((Fetched.Body) result);
            } else {
                assertEquals(PairDrop.ROBOTS_TXT, ((Fetched.Dropped) result).reason());
                slots.release();
            }
        }
        assertEquals(3, requests.get() - before, "robots.txt and two pictures");
        assertEquals(0, slots.reservedBytes());
    }

    @Test
    void aSiteThatAsksForALongRestIsLeftAlone() throws Exception {
        assertDropped(PairDrop.HTTP_STATUS, "/always429");
        assertEquals(1, flaky.get());
        int before = requests.get();
        assertDropped(PairDrop.HTTP_STATUS, "/ok");
        assertEquals(before, requests.get(), "nothing is sent while the site rests");
        assertEquals(
                List.of(new Sites.Tally("127.0.0.1", 1, 1, 3600, false)),
                fetcher.sites().take(9),
                "the swarm will hear of it");
    }

    @Test
    void aHostThatNobodyAnswersAtIsNotTriedForEver() throws Exception {
        int closed;
        try (java.net.ServerSocket socket = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        Fetched last = null;
        for (int i = 0; i <= DeadHosts.IN_A_ROW; i++) {
            last = fetcher.fetch("http://127.0.0.2:" + closed + "/x", LIMITS, new Slots(1, 1 << 20))
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
            assertTrue(last instanceof Fetched.Dropped d && d.reason() == PairDrop.CONNECT, last.toString());
        }
        assertTrue(last.toString().contains("in a row"), last.toString());
    }

    @Test
    void aSiteThatHangsHoldsUpNobodyElse() throws Exception {
        FetchLimits patient = new FetchLimits(Duration.ofSeconds(30), 100_000, 100, 3, Set.of(), OptOuts.DEFAULT);
        Slots slots = new Slots(3, 1 << 20);
        List<CompletableFuture<Fetched>> hanging = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            hanging.add(fetcher.fetch(url("/hang"), patient, slots).toCompletableFuture());
        }
        String elsewhere = url("/ok").replace("127.0.0.1", "localhost");
        Fetched other =
                fetcher.fetch(elsewhere, patient, slots).toCompletableFuture().get(8, TimeUnit.SECONDS);
        assertTrue(other instanceof Fetched.Body, other.toString());
        assertTrue(hanging.stream().noneMatch(CompletableFuture::isDone));
        slots.close();
        for (CompletableFuture<Fetched> one : hanging) {
            assertTrue(one.get(40, TimeUnit.SECONDS) instanceof Fetched.Dropped, "those of a stopped job end, too");
        }
    }

    @Test
    void bodiesTakeNoMoreMemoryThanThereIsForThem() throws Exception {
        Slots slots = new Slots(20, 3 * PICTURE.length);
        List<CompletableFuture<Fetched>> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            all.add(fetcher.fetch(url("/ok"), LIMITS, slots).toCompletableFuture());
        }
        for (int done = 0; done < 12; done++) {
            Object first = CompletableFuture.anyOf(all.toArray(CompletableFuture[]::new))
                    .get(10, TimeUnit.SECONDS);
            pause(20); // What may come, comes: bodies are let in only as others are given back.
            assertTrue(all.stream().filter(CompletableFuture::isDone).count() <= 3, "three fit");
            assertTrue(slots.reservedBytes() <= 3 * PICTURE.length, slots.reservedBytes() + " bytes are reserved");
            Fetched.Body body = (Fetched.Body) first;
            assertEquals(PICTURE.length, body.bytes().length);
            all.removeIf(future -> future.getNow(null) == first);
            slots.release(body);
        }
        assertEquals(0, slots.reservedBytes());
    }

    @Test
    void theLinkIsNotUsedMoreThanItsOwnerAllows() throws Exception {
        try (Fetcher slow = new Fetcher(
                AddressGuard.allowingLoopback(),
                "test",
                new Courtesy(4, Duration.ZERO),
                NameResolver.Settings.DEFAULT,
                new Fetcher.Link(20_000))) {
            FetchLimits patient = new FetchLimits(Duration.ofSeconds(30), 100_000, 100, 3, Set.of(), OptOuts.DEFAULT);
            Slots slots = new Slots(8, 1 << 20);
            long started = System.nanoTime();
            List<CompletableFuture<Fetched>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(slow.fetch(url("/ok"), patient, slots).toCompletableFuture());
            }
            for (CompletableFuture<Fetched> one : all) {
                assertTrue(one.get(40, TimeUnit.SECONDS) instanceof Fetched.Body);
            }
            double seconds = (System.nanoTime() - started) / 1e9;
            assertTrue(seconds > 2, "80 KB at 20 KB/s came in " + seconds + " s");
        }
    }
}
