package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.fixture.RawServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which addresses are asked at all, and which once more, with a server on loopback. */
@Timeout(10)
class FetcherTest {
    private static final byte[] PICTURE = new byte[1_000];
    private static final FetchLimits LIMITS =
            new FetchLimits(Duration.ofMinutes(1), 100_000, 100, 3, Set.of(), OptOuts.DEFAULT);

    private final Fetcher fetcher = new Fetcher(
            AddressGuard.allowingLoopback(),
            "test",
            new Courtesy(2, Duration.ZERO),
            NameResolver.Settings.DEFAULT,
            Fetcher.Link.ALL);
    private final Slots slots = new Slots(1, 1 << 20);
    private RawServer server;

    @BeforeEach
    void start() throws Exception {
        server = new RawServer();
        server.on("/a", "HTTP/1.1 200 OK", PICTURE);
    }

    @AfterEach
    void stop() throws Exception {
        fetcher.close();
        server.close();
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.port() + path;
    }

    private Fetched fetch(String address, FetchLimits limits) throws Exception {
        Fetched fetched =
                fetcher.fetch(address, limits, slots).toCompletableFuture().get(8, TimeUnit.SECONDS);
        if (fetched instanceof Fetched.Body body) {
            slots.release(body);
        } else {
            slots.release();
        }
        return fetched;
    }

    private void assertDropped(PairDrop reason, Fetched fetched) {
        assertTrue(fetched instanceof Fetched.Dropped dropped && dropped.reason() == reason, fetched.toString());
        assertEquals(0, slots.reservedBytes());
    }

    @Test
    void onlyAddressesOfTheWebAreAsked() throws Exception {
        for (String address : List.of("ftp://127.0.0.1/a", "file:///etc/passwd", "data:,x", "no address", "")) {
            assertDropped(PairDrop.PROTOCOL, fetch(address, LIMITS));
        }
        assertTrue(fetch(url("/a"), LIMITS) instanceof Fetched.Body);
        assertEquals(1, server.requests().size());
    }

    @Test
    void aSiteWhoseOwnerWantsNoVisitsIsNotAsked() throws Exception {
        fetcher.stop(List.of("127.0.0.1"));
        assertDropped(PairDrop.OPTED_OUT, fetch(url("/a"), LIMITS));
        assertEquals(List.of(), server.requests());
        fetcher.stop(List.of());
        assertTrue(fetch(url("/a"), LIMITS) instanceof Fetched.Body);
    }

    @Test
    void nothingIsAskedForAJobThatWasStopped() throws Exception {
        slots.close();
        assertDropped(PairDrop.TIMEOUT, fetch(url("/a"), LIMITS));
        assertEquals(List.of(), server.requests());
    }

    @Test
    void robotsTxtIsHeededWhereThePolicySaysSo() throws Exception {
        server.on(
                "/robots.txt",
                "HTTP/1.1 200 OK",
                "User-agent: gleaner\nDisallow: /a\n".getBytes(StandardCharsets.US_ASCII));
        server.on("/b", "HTTP/1.1 200 OK", PICTURE);
        assertTrue(fetch(url("/a"), LIMITS) instanceof Fetched.Body);
        FetchLimits heeding =
                new FetchLimits(Duration.ofMinutes(1), 100_000, 100, 3, Set.of(), new OptOuts(true, true));
        int before = server.requests().size();
        assertDropped(PairDrop.ROBOTS_TXT, fetch(url("/a"), heeding));
        assertTrue(fetch(url("/b"), heeding) instanceof Fetched.Body);
        assertEquals(before + 2, server.requests().size(), "robots.txt once, and /b");
    }

    @Test
    void aSiteThatAsksForALongRestIsNotAskedAndTheTrackerHearsOfIt() throws Exception {
        server.on("/busy", "HTTP/1.1 429 Busy|Retry-After: 3600", new byte[0]);
        assertDropped(PairDrop.HTTP_STATUS, fetch(url("/busy"), LIMITS));
        assertDropped(PairDrop.HTTP_STATUS, fetch(url("/a"), LIMITS));
        assertEquals(1, server.requests().size());
        assertTrue(fetcher.sites().hasRefusals());
        assertEquals(
                List.of(new Sites.Tally("127.0.0.1", 1, 1, 3_600, false)),
                fetcher.sites().take(9));
    }

    @Test
    void aServerInTroubleIsAskedOnceMoreAndOneThatMeansItIsNot() throws Exception {
        server.on("/500", "HTTP/1.1 500 Oops", new byte[0]);
        assertDropped(PairDrop.HTTP_STATUS, fetch(url("/500"), LIMITS));
        assertEquals(2, server.requests().size());
        assertDropped(PairDrop.HTTP_STATUS, fetch(url("/404"), LIMITS));
        assertEquals(3, server.requests().size());
    }

    @Test
    void aHostThatCannotBeConnectedToIsLeftAloneUntilTheNetworkWasGone() throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        String closedPort = "http://127.0.0.2:" + closed + "/x";
        for (int i = 0; i <= DeadHosts.IN_A_ROW; i++) {
            Fetched fetched = fetch(closedPort, LIMITS);
            assertDropped(PairDrop.CONNECT, fetched);
            assertEquals(i == DeadHosts.IN_A_ROW, fetched.toString().contains("in a row"), fetched.toString());
        }
        fetcher.forgetFailures();
        assertFalse(fetch(closedPort, LIMITS).toString().contains("in a row"));
    }
}
