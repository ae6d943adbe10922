package dev.gleaner.worker.wat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Against a server that breaks off, hesitates and refuses. */
@Tag("jdk")
class HttpWatSourceIT {
    private static final byte[] FILE = new byte[3_000_000];
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger pauses = new AtomicInteger();
    private HttpServer server;

    /** What the server does with the nth request, counted from 1. */
    private interface Mood {
        boolean handled(int request, HttpExchange exchange) throws IOException;
    }

    private volatile Mood mood = (n, exchange) -> false;

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(FILE);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                if (!mood.handled(requests.incrementAndGet(), exchange)) {
                    range(exchange, 1.0);
                }
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static void range(HttpExchange exchange, double share) throws IOException {
        String[] ends =
                exchange.getRequestHeaders().getFirst("Range").substring(6).split("-", -1);
        int from = Integer.parseInt(ends[0]);
        int to = Math.min(FILE.length - 1, Integer.parseInt(ends[1]));
        exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + FILE.length);
        exchange.sendResponseHeaders(206, to - from + 1);
        exchange.getResponseBody().write(FILE, from, (int) ((to - from + 1) * share));
    }

    private final List<String> turns = new ArrayList<>();
    private final HttpWatSource.Turn turn = new HttpWatSource.Turn() {
        @Override
        public void await() {
            turns.add("await");
        }

        @Override
        public void answered(int status, long retryAfterSeconds) {
            turns.add(status + " " + retryAfterSeconds);
        }
    };

    private HttpWatSource source() {
        URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/x.wat.gz");
        return new HttpWatSource(HttpClient.newHttpClient(), uri, "test", attempt -> pauses.incrementAndGet(), turn);
    }

    private void assertReadsFrom(int from, int likelyEnd) throws IOException {
        try (HttpWatSource source = source();
                InputStream in = source.open(from, likelyEnd)) {
            assertEquals(FILE.length, source.length());
            assertArrayEquals(Arrays.copyOfRange(FILE, from, FILE.length), in.readAllBytes());
        }
    }

    @Test
    void rangesAreJoinedSeamlesslyFromAnyByte() throws IOException {
        assertReadsFrom(0, 100);
        assertReadsFrom(1_234_567, 1_300_000);
        assertReadsFrom(FILE.length - 1, FILE.length);
    }

    @Test
    void aBrokenConnectionIsTakenUpAtTheSameByte() throws IOException {
        mood = (n, exchange) -> {
            if (n == 2 || n == 3) {
                range(exchange, 0.3);
                return true;
            }
            return false;
        };
        assertReadsFrom(10, 2_000_000);
        assertEquals(2, pauses.get());
    }

    @Test
    void aHesitantServerIsAskedAgainButNotForEver() throws IOException {
        mood = (n, exchange) -> {
            if (n <= 2) {
                exchange.sendResponseHeaders(503, -1);
                return true;
            }
            return false;
        };
        assertReadsFrom(0, 100);
        mood = (n, exchange) -> {
            exchange.sendResponseHeaders(503, -1);
            return true;
        };
        int before = requests.get();
        IOException e = assertThrows(IOException.class, () -> source().length());
        assertTrue(e.getMessage().contains("503"), e.getMessage());
        assertEquals(4, requests.get() - before);
    }

    @Test
    void aHostThatForbidsIsAskedAgainInItsTurnAndTheWatIsNotToBlame() {
        mood = (n, exchange) -> {
            exchange.getResponseHeaders().set("Retry-After", "7");
            exchange.sendResponseHeaders(403, -1);
            return true;
        };
        IOException e = assertThrows(IOException.class, () -> source().length());
        assertFalse(e instanceof InputUnavailableException, e.toString());
        assertEquals(List.of("await", "403 7", "await", "403 7", "await", "403 7", "await", "403 7"), turns);
    }

    @Test
    void aMissingWatIsAnInputFaultAndAskedForOnce() {
        for (int status : new int[] {404, 401, 410}) {
            mood = (n, exchange) -> {
                exchange.sendResponseHeaders(status, -1);
                return true;
            };
            int before = requests.get();
            assertThrows(InputUnavailableException.class, () -> source().length());
            assertEquals(1, requests.get() - before);
        }
    }

    @Test
    void aServerWithoutRangesIsReadFromTheStart() throws IOException {
        mood = (n, exchange) -> {
            exchange.sendResponseHeaders(200, FILE.length);
            exchange.getResponseBody().write(FILE);
            return true;
        };
        assertReadsFrom(0, FILE.length);
    }
}
