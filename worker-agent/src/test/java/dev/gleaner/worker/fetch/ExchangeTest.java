package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.fixture.RawServer;
import dev.gleaner.worker.fixture.SelfSigned;
import dev.gleaner.worker.url.WebUrl;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.traffic.GlobalTrafficShapingHandler;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One exchange with a server that misbehaves as a test scripts it. The exchange is told what time it is, so that no test waits for
 * a limit; no connection leaves this machine.
 */
@Timeout(10)
class ExchangeTest {
    private static final Instant NOW = Instant.parse("2026-11-20T10:11:12Z");
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final String OK = "HTTP/1.1 200 OK|Content-Type: image/png";
    private static final byte[] PICTURE = new byte[10_000];
    private static final FetchLimits LIMITS = limits(LONG, 100_000);

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop loop = loops.next();
    private NameResolver names = new NameResolver(loop, NameResolver.Settings.DEFAULT);
    private final StoppedSites stopped = new StoppedSites();
    private final List<SocketAddress> connected = new CopyOnWriteArrayList<>();
    /** Its loop runs when a test says so: exchanges are looked at by the tests themselves. */
    private final EmbeddedChannel still = frozen();

    private final Watch watch = new Watch(still.eventLoop());
    private final Seen seen = new Seen();
    private final Slots slots = new Slots(1, 1 << 20);
    private AddressGuard guard = AddressGuard.allowingLoopback();
    private RawServer server;

    /** Counts what has gone through the pipeline. */
    @ChannelHandler.Sharable
    private final class Seen extends GlobalTrafficShapingHandler {
        private long bytes;

        Seen() {
            super(loop, 0);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            int size = ((ByteBuf) message).readableBytes();
            super.channelRead(ctx, message);
            synchronized (this) {
                bytes += size;
                notifyAll();
            }
        }

        synchronized void await(long least) throws InterruptedException {
            while (bytes < least) {
                wait();
            }
        }
    }

    /** Goes to this machine only, and notes where it was sent. */
    private final class Loopback extends NioSocketChannel {
        @Override
        protected boolean doConnect(SocketAddress remote, SocketAddress local) throws Exception {
            connected.add(remote);
            if (!((InetSocketAddress) remote).getAddress().isLoopbackAddress()) {
                throw new ConnectException("no test goes there");
            }
            return super.doConnect(remote, local);
        }
    }

    /** An exchange under way. */
    private record Running(Exchange exchange, CompletableFuture<Exchange.Outcome> over) {}

    /** Answers every query for IPv4 addresses with the same ones. */
    private static final class Resolver implements AutoCloseable {
        private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());

        Resolver(String... addresses) throws IOException {
            Thread thread = new Thread(() -> serve(addresses), "resolver");
            thread.setDaemon(true);
            thread.start();
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        private void serve(String... addresses) {
            DatagramPacket query = new DatagramPacket(new byte[512], 512);
            try {
                while (true) {
                    query.setLength(512);
                    socket.receive(query);
                    int question = 12;
                    while (query.getData()[question] != 0) {
                        question += query.getData()[question] + 1;
                    }
                    ByteBuffer answer = ByteBuffer.allocate(512);
                    answer.put(query.getData(), 0, 2).putShort((short) 0x8180).putShort((short) 1);
                    answer.putShort((short) addresses.length).putInt(0);
                    answer.put(query.getData(), 12, question + 5 - 12);
                    for (String address : addresses) {
                        answer.putShort((short) 0xC00C).putShort((short) 1).putShort((short) 1);
                        answer.putInt(300).putShort((short) 4);
                        answer.put(InetAddress.getByName(address).getAddress());
                    }
                    socket.send(new DatagramPacket(answer.array(), answer.position(), query.getSocketAddress()));
                }
            } catch (IOException e) {
                socket.close(); // The test is over.
            }
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    private static EmbeddedChannel frozen() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        return channel;
    }

    @BeforeEach
    void start() throws Exception {
        server = new RawServer();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        names.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private static FetchLimits limits(Duration timeout, int maxBytes) {
        return new FetchLimits(timeout, maxBytes, 100, 3, Set.of("noai"), OptOuts.DEFAULT);
    }

    private Exchange.Environment environment() throws Exception {
        return new Exchange.Environment(
                new Bootstrap().channelFactory(Loopback::new),
                names,
                watch,
                SslContextBuilder.forClient()
                        .endpointIdentificationAlgorithm("HTTPS")
                        .build(),
                SslContextBuilder.forClient()
                        .endpointIdentificationAlgorithm("HTTPS")
                        .trustManager(LenientTrust.overDefault())
                        .build(),
                guard,
                seen,
                "gleaner/1.0 (+https://example.org/)",
                Clock.fixed(NOW, ZoneOffset.UTC),
                stopped);
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.port() + path;
    }

    private Running begin(String url, FetchLimits limits, Slots room) throws Exception {
        CompletableFuture<Exchange.Outcome> over = new CompletableFuture<>();
        Exchange exchange = new Exchange(environment(), loop, limits, room, over);
        exchange.start(Objects.requireNonNull(WebUrl.parse(url, null)));
        return new Running(exchange, over);
    }

    private static Exchange.Outcome end(Running running)
            throws InterruptedException, ExecutionException, TimeoutException {
        return running.over().get(8, TimeUnit.SECONDS);
    }

    private Exchange.Outcome fetch(String url) throws Exception {
        return end(begin(url, LIMITS, slots));
    }

    private Fetched.Dropped dropped(String url, FetchLimits limits) throws Exception {
        Fetched fetched = end(begin(url, limits, slots)).fetched();
        assertTrue(fetched instanceof Fetched.Dropped, url + " gives " + fetched);
        assertEquals(0, slots.reservedBytes(), "what is dropped takes no memory");
        return (Fetched.Dropped) fetched;
    }

    private void assertDropped(PairDrop reason, String url) throws Exception {
        Fetched.Dropped dropped = dropped(url, LIMITS);
        assertEquals(reason, dropped.reason(), url + " gives " + dropped);
    }

    private Fetched.Body body(String url) throws Exception {
        Fetched fetched = fetch(url).fetched();
        assertTrue(fetched instanceof Fetched.Body, url + " gives " + fetched);
        slots.unreserve(((Fetched.Body) fetched).reserved());
        assertEquals(0, slots.reservedBytes());
        return (Fetched.Body) fetched;
    }

    /** Looks at it as if it were this time. */
    private void look(Running running, long nanos) throws Exception {
        loop.submit(() -> running.exchange().check(nanos)).get();
    }

    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    private void assertTimeout(Running running, String words) throws Exception {
        Fetched.Dropped dropped = (Fetched.Dropped) end(running).fetched();
        assertEquals(PairDrop.TIMEOUT, dropped.reason(), dropped.toString());
        assertTrue(dropped.detail().contains(words), dropped.detail());
        assertEquals(0, slots.reservedBytes());
    }

    @Test
    void anImageIsTakenWholeWithItsTimeAndNoMoreIsAskedThanNeedBe() throws Exception {
        PICTURE[5] = 7;
        server.on("/a.png?x=1", OK + "|Content-Length: 10000", PICTURE);
        Fetched.Body body = body(url("/a.png?x=1#fragment"));
        assertArrayEquals(PICTURE, body.bytes());
        assertEquals(NOW, body.at());
        assertEquals("image/png", body.contentType());
        assertFalse(body.badCertificate());
        String request = server.requests().get(0);
        assertTrue(request.startsWith("GET /a.png?x=1 HTTP/1.1\r\n"), request);
        for (String line : List.of(
                "host: 127.0.0.1:" + server.port(),
                "user-agent: gleaner/1.0 (+https://example.org/)",
                "accept-encoding: identity",
                "connection: close")) {
            assertTrue(request.contains(line + "\r\n"), request);
        }
        assertFalse(request.contains("cookie") || request.contains("referer"), request);
    }

    @Test
    void interimAnswersAreSkippedAndDoNotGoOnForEver() throws Exception {
        String interims =
                "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
        server.on("/early", out -> {
            out.write(interims.getBytes(StandardCharsets.ISO_8859_1));
            out.write(RawServer.head(OK + "|Content-Length: 10000"));
            out.write(PICTURE);
        });
        Fetched.Body body = body(url("/early"));
        assertEquals(200, body.status());
        assertArrayEquals(PICTURE, body.bytes());
        server.on("/for-ever", out -> {
            out.write(interims.repeat(100).getBytes(StandardCharsets.ISO_8859_1));
            server.hold();
        });
        assertDropped(PairDrop.PROTOCOL, url("/for-ever"));
        server.on("/switch", "HTTP/1.1 101 Switching Protocols", PICTURE);
        assertDropped(PairDrop.HTTP_STATUS, url("/switch"));
    }

    @Test
    void anAnswerThatDoesNotBeginIsNotWaitedForLongerThanFifteenSeconds() throws Exception {
        server.on("/silent", out -> server.hold());
        long before = System.nanoTime();
        Running running = begin(url("/silent"), LIMITS, slots);
        server.await("/silent");
        look(running, before + seconds(15) - 1);
        assertFalse(running.over().isDone());
        look(running, System.nanoTime() + seconds(15));
        assertTimeout(running, "no answer within 15 s");
    }

    @Test
    void anAnswerThatDripsIsGivenUpAfterEightSeconds() throws Exception {
        byte[] head = RawServer.head(OK + "|Content-Length: 100000");
        server.on("/drip", out -> {
            out.write(head);
            out.write(new byte[100]);
            server.hold();
        });
        long before = System.nanoTime();
        Running running = begin(url("/drip"), LIMITS, slots);
        seen.await(head.length + 100);
        look(running, before + seconds(8) - 1);
        assertFalse(running.over().isDone());
        look(running, System.nanoTime() + seconds(8));
        assertTimeout(running, "drips");
    }

    @Test
    void aServerThatKeepsThePaceIsGivenItsTimeAndOneThatStopsLaterIsNot() throws Exception {
        byte[] head = RawServer.head(OK + "|Content-Length: 100000");
        server.on("/stalls", out -> {
            out.write(head);
            out.write(new byte[8 << 10]);
            server.hold();
        });
        Running running = begin(url("/stalls"), LIMITS, slots);
        seen.await(head.length + (8 << 10));
        long then = System.nanoTime() + seconds(8);
        look(running, then);
        look(running, then + seconds(8) - 1);
        assertFalse(running.over().isDone(), "1 KiB a second is enough");
        look(running, then + seconds(8));
        assertTimeout(running, "drips: 0 bytes/s");
    }

    @Test
    void theWholeRequestHasItsTimeWhateverComes() throws Exception {
        byte[] head = RawServer.head(OK + "|Content-Length: 100000");
        server.on("/slow", out -> {
            out.write(head);
            out.write(new byte[50_000]);
            server.hold();
        });
        long before = System.nanoTime();
        Running running = begin(url("/slow"), limits(Duration.ofSeconds(5), 100_000), slots);
        seen.await(head.length + 50_000);
        look(running, before + seconds(5) - 1);
        assertFalse(running.over().isDone());
        look(running, System.nanoTime() + seconds(5));
        assertTimeout(running, "not done within 5 s");
    }

    @Test
    void exchangesAreLookedAtFourTimesASecondUntilTheyAreOver() throws Exception {
        server.on("/silent", out -> server.hold());
        Running running = begin(url("/silent"), limits(Duration.ZERO, 100_000), slots);
        server.await("/silent");
        still.advanceTimeBy(249, TimeUnit.MILLISECONDS);
        still.runScheduledPendingTasks();
        assertFalse(running.over().isDone());
        still.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        still.runScheduledPendingTasks();
        assertTimeout(running, "not done within 0 s");
    }

    @Test
    void waitingForMemoryIsNoFaultOfTheServersButTheRequestsTimeHolds() throws Exception {
        byte[] head = RawServer.head(OK + "|Content-Length: 10000");
        server.on("/a", OK + "|Content-Length: 10000", PICTURE);
        assertTrue(slots.tryReserve((1 << 20) - 5_000));
        long before = System.nanoTime();
        Running running = begin(url("/a"), LIMITS, slots);
        seen.await(head.length);
        look(running, before + seconds(119));
        assertFalse(running.over().isDone(), "neither silent nor slow");
        slots.unreserve((1 << 20) - 5_000);
        Fetched fetched = end(running).fetched();
        assertEquals(10_000, ((Fetched.Body) fetched).bytes().length);
        slots.unreserve(((Fetched.Body) fetched).reserved());

        assertTrue(slots.tryReserve((1 << 20) - 5_000));
        Running late = begin(url("/a"), LIMITS, slots);
        seen.await(2L * head.length + 10_000);
        look(late, System.nanoTime() + seconds(120));
        assertEquals(PairDrop.TIMEOUT, ((Fetched.Dropped) end(late).fetched()).reason());
        slots.unreserve((1 << 20) - 5_000);
        loop.submit(() -> {}).get();
        assertEquals(0, slots.reservedBytes(), "what came too late is given back");
    }

    @Test
    void onlyWebPortsAreConnectedTo() throws Exception {
        guard = AddressGuard.strict();
        for (int port : new int[] {21, 22, 25, 79, 81, 442, 444, 6_379, 8_080}) {
            assertDropped(PairDrop.FORBIDDEN_PORT, "http://8.8.8.8:" + port + "/a.png");
        }
        assertDropped(PairDrop.FORBIDDEN_PORT, "https://[2606:4700::1111]:8443/a.png");
        assertEquals(List.of(), connected);
        assertDropped(PairDrop.CONNECT, "http://8.8.8.8/a.png");
        assertDropped(PairDrop.CONNECT, "https://8.8.8.8/a.png");
        assertEquals(List.of(new InetSocketAddress("8.8.8.8", 80), new InetSocketAddress("8.8.8.8", 443)), connected);
    }

    @Test
    void noSpellingOfAPrivateAddressIsConnectedTo() throws Exception {
        guard = AddressGuard.strict();
        for (String host : List.of(
                "127.0.0.1",
                "127.1",
                "2130706433",
                "0x7f.1",
                "0177.0.0.1",
                "localhost",
                "[::1]",
                "[::ffff:127.0.0.1]",
                "10.0.0.1",
                "192.168.0.1",
                "169.254.169.254",
                "[fe80::1]",
                "[64:ff9b::7f00:1]")) {
            assertDropped(PairDrop.PRIVATE_ADDRESS, "http://" + host + "/a.png");
        }
        assertEquals(List.of(), connected);
    }

    @Test
    void ofANamesAddressesOnlyOneThatMayBeConnectedToIsChosen() throws Exception {
        server.on("/a", OK, PICTURE);
        for (List<String> found : List.of(List.of("10.0.0.1", "192.168.0.1", "127.0.0.1"), List.of("10.0.0.1"))) {
            try (Resolver resolver = new Resolver(found.toArray(String[]::new))) {
                names.close();
                names = new NameResolver(loop, new NameResolver.Settings(List.of(resolver.address()), 100, false));
                Fetched fetched = fetch("http://images.example.org:" + server.port() + "/a")
                        .fetched();
                if (found.size() > 1) {
                    slots.unreserve(((Fetched.Body) fetched).reserved());
                } else {
                    assertEquals(PairDrop.PRIVATE_ADDRESS, ((Fetched.Dropped) fetched).reason());
                }
            }
        }
        assertEquals(List.of(new InetSocketAddress("127.0.0.1", server.port())), connected);
        assertTrue(server.requests().get(0).contains("host: images.example.org:" + server.port()));
    }

    @Test
    void aRedirectIsGuardedAsItsFirstAddressWas() throws Exception {
        for (Map.Entry<String, PairDrop> bad : Map.of(
                        "http://10.1.2.3/x", PairDrop.PRIVATE_ADDRESS,
                        "http://169.254.169.254/latest", PairDrop.PRIVATE_ADDRESS,
                        "http://8.8.8.8:22/x", PairDrop.FORBIDDEN_PORT,
                        "//[fd00::1]/x", PairDrop.PRIVATE_ADDRESS,
                        "file:///etc/passwd", PairDrop.BAD_REDIRECT,
                        "ftp://127.0.0.1/x", PairDrop.BAD_REDIRECT,
                        "http://", PairDrop.BAD_REDIRECT)
                .entrySet()) {
            server.on("/to", "HTTP/1.1 302 Found|Location: " + bad.getKey(), new byte[0]);
            assertDropped(bad.getValue(), url("/to"));
        }
        server.on("/to", "HTTP/1.1 302 Found", new byte[0]);
        assertDropped(PairDrop.BAD_REDIRECT, url("/to"));
        assertTrue(connected.stream()
                .allMatch(a -> ((InetSocketAddress) a).getAddress().isLoopbackAddress()));
    }

    @Test
    void redirectsAreFollowedAsOftenAsThePolicySays() throws Exception {
        for (int i = 0; i < 9; i++) {
            int status = new int[] {301, 302, 303, 307, 308}[i % 5];
            server.on("/" + i, "HTTP/1.1 " + status + " Moved|Location: /" + (i + 1), new byte[0]);
        }
        server.on("/9", OK + "|Content-Length: 10000", PICTURE);
        assertDropped(PairDrop.TOO_MANY_REDIRECTS, url("/5"));
        assertEquals(10_000, body(url("/6")).bytes().length);
    }

    @Test
    void aRedirectToASiteWhoseOwnerWantsNoVisitsIsNotFollowed() throws Exception {
        server.on("/to", "HTTP/1.1 302 Found|Location: http://www.example.org/x", new byte[0]);
        stopped.set(List.of("example.org"));
        assertDropped(PairDrop.OPTED_OUT, url("/to"));
        assertEquals(1, connected.size());
    }

    @Test
    void aBodyOfUnknownLengthTakesNoMoreMemoryThanThereIs() throws Exception {
        byte[] chunk = new byte[64 << 10];
        server.on("/endless", out -> {
            out.write(RawServer.head(OK + "|Transfer-Encoding: chunked"));
            for (int i = 0; i < 24; i++) {
                out.write("10000\r\n".getBytes("US-ASCII"));
                out.write(chunk);
                out.write("\r\n".getBytes("US-ASCII"));
            }
            out.write("0\r\n\r\n".getBytes("US-ASCII"));
        });
        FetchLimits large = limits(LONG, 10 << 20);
        Fetched.Dropped dropped = dropped(url("/endless"), large);
        assertEquals(PairDrop.TOO_LARGE, dropped.reason());
        assertTrue(dropped.detail().contains("no memory"), dropped.detail());
        Slots roomy = new Slots(1, 3 << 20);
        Fetched fetched = end(begin(url("/endless"), large, roomy)).fetched();
        assertEquals(24 * chunk.length, ((Fetched.Body) fetched).bytes().length);
        assertEquals(2 << 20, roomy.reservedBytes());
        assertEquals(2 << 20, ((Fetched.Body) fetched).reserved());
    }

    @Test
    void noMoreIsReadThanThePolicyAllowsWhateverTheServerSays() throws Exception {
        server.on("/declared", OK + "|Content-Length: 100001", new byte[0]);
        assertDropped(PairDrop.TOO_LARGE, url("/declared"));
        server.on("/until-the-end", OK, new byte[100_001]);
        assertDropped(PairDrop.TOO_LARGE, url("/until-the-end"));
        server.on("/just", OK + "|Content-Length: 100000", new byte[100_000]);
        assertEquals(100_000, body(url("/just")).bytes().length);
        server.on("/small", OK + "|Content-Length: 99", new byte[99]);
        assertDropped(PairDrop.TOO_SMALL, url("/small"));
        server.on("/enough", OK, new byte[100]);
        assertEquals(100, body(url("/enough")).bytes().length);
    }

    @Test
    void aHeadOfMoreThanItsShareIsNotRead() throws Exception {
        server.on("/line", "HTTP/1.1 200 " + "O".repeat(9_000), PICTURE);
        assertDropped(PairDrop.PROTOCOL, url("/line"));
        server.on("/head", OK + ("|X: " + "y".repeat(1_000)).repeat(33), PICTURE);
        assertDropped(PairDrop.PROTOCOL, url("/head"));
        server.on("/fine", OK + ("|X: " + "y".repeat(1_000)).repeat(30), PICTURE);
        assertEquals(10_000, body(url("/fine")).bytes().length);
        server.on("/noise", "nothing that is HTTP", new byte[0]);
        assertDropped(PairDrop.PROTOCOL, url("/noise"));
    }

    @Test
    void optOutsInTheHeadAreHeededBeforeTheBodyIsRead() throws Exception {
        for (String said : List.of(
                "X-Robots-Tag: noai",
                "x-robots-tag: Gleaner: NoAI",
                "X-Robots-Tag: otherbot: noindex|X-Robots-Tag: noarchive, noai",
                "tdm-reservation: 1")) {
            server.on("/no", OK + "|Content-Length: 10000|" + said, new byte[0]);
            assertDropped(PairDrop.OPTED_OUT, url("/no"));
        }
        server.on("/others", OK + "|X-Robots-Tag: otherbot: noai|tdm-reservation: 0", PICTURE);
        assertEquals(10_000, body(url("/others")).bytes().length);
    }

    @Test
    void whatIsNoPlainAnswerIsDroppedUnderItsReason() throws Exception {
        server.on("/gzip", OK + "|Content-Encoding: gzip", PICTURE);
        assertDropped(PairDrop.PROTOCOL, url("/gzip"));
        server.on("/identity", OK + "|Content-Encoding: Identity", PICTURE);
        assertEquals(10_000, body(url("/identity")).bytes().length);
        for (int status : new int[] {204, 206, 304, 403, 404, 500}) {
            server.on("/status", "HTTP/1.1 " + status + " X", PICTURE);
            Fetched.Dropped dropped = dropped(url("/status"), LIMITS);
            assertEquals(PairDrop.HTTP_STATUS, dropped.reason());
            assertEquals(status, dropped.status());
        }
        assertDropped(PairDrop.BAD_REDIRECT, "data:,x");
    }

    @Test
    void aConnectionThatBreaksIsToldFromAnAnswerThatIsMeant() throws Exception {
        server.on("/nothing", out -> {});
        Fetched.Dropped nothing = dropped(url("/nothing"), LIMITS);
        assertTrue(nothing.broken(), nothing.toString());
        assertEquals(0, nothing.status());
        server.on("/short", OK + "|Content-Length: 20000", PICTURE);
        Fetched.Dropped cut = dropped(url("/short"), LIMITS);
        assertEquals(PairDrop.PROTOCOL, cut.reason());
        assertTrue(cut.broken(), cut.toString());
        assertEquals(200, cut.status());
        server.on("/gzip", OK + "|Content-Encoding: gzip", PICTURE);
        assertFalse(dropped(url("/gzip"), LIMITS).broken());
    }

    @Test
    void aRestIsReadInSecondsAndAnythingElseIsNone() throws Exception {
        for (Map.Entry<String, Long> said : Map.of(
                        "17", 17L, " 3600 ", 3_600L, "-5", -1L, "soon", -1L, "Fri, 20 Nov 2026 10:00:00 GMT", -1L)
                .entrySet()) {
            server.on("/busy", "HTTP/1.1 429 Busy|Retry-After: " + said.getKey(), new byte[0]);
            assertEquals(said.getValue(), fetch(url("/busy")).retryAfterSeconds(), said.getKey());
        }
        server.on("/busy", "HTTP/1.1 503 Busy", new byte[0]);
        assertEquals(-1, fetch(url("/busy")).retryAfterSeconds());
    }

    @Test
    void aBadCertificateIsRefusedUnlessThePolicyLetsItPassAndThenItIsTold() throws Exception {
        try (RawServer secure = new RawServer(SelfSigned.server())) {
            secure.on("/a", OK + "|Content-Length: 10000", PICTURE);
            String address = "https://localhost:" + secure.port() + "/a";
            assertDropped(PairDrop.TLS, address);
            assertEquals(List.of(), secure.requests(), "nothing is asked of it");
            FetchLimits lenient = new FetchLimits(LONG, 100_000, 100, 3, Set.of(), OptOuts.DEFAULT, true);
            Fetched fetched = end(begin(address, lenient, slots)).fetched();
            assertTrue(((Fetched.Body) fetched).badCertificate());
            slots.unreserve(((Fetched.Body) fetched).reserved());
            server.on("/to", "HTTP/1.1 302 Found|Location: " + address, new byte[0]);
            Fetched redirected = end(begin(url("/to"), lenient, slots)).fetched();
            assertTrue(((Fetched.Body) redirected).badCertificate(), "also behind a redirect");
        }
    }
}
