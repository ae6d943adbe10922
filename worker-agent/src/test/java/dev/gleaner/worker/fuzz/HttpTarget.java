package dev.gleaner.worker.fuzz;

import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.worker.fetch.Courtesy;
import dev.gleaner.worker.fetch.FetchLimits;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.Slots;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** What a server sends, whatever it is: the request ends, within its limits, and leaves nothing taken. */
public final class HttpTarget implements Target, AutoCloseable {
    private static final int MOST_BYTES = 20_000;
    private static final FetchLimits LIMITS =
            new FetchLimits(Duration.ofSeconds(3), MOST_BYTES, 1, 2, Set.of("noai"), OptOuts.DEFAULT);

    private final ServerSocket server;
    private final Fetcher fetcher = new Fetcher(
            AddressGuard.allowingLoopback(),
            "fuzz",
            new Courtesy(4, Duration.ZERO),
            NameResolver.Settings.DEFAULT,
            Fetcher.Link.ALL);
    private volatile byte[] answer = {};
    private int host;

    /** Made with the first input: other targets need no server. */
    private static final class Self {
        private static final HttpTarget ONE = new HttpTarget();
    }

    HttpTarget() {
        try {
            server = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[4]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Executors.newSingleThreadExecutor(work -> {
                    Thread thread = new Thread(work, "fuzz-server");
                    thread.setDaemon(true);
                    return thread;
                })
                .execute(this::serve);
    }

    private void serve() {
        while (!server.isClosed()) {
            try (Socket client = server.accept()) {
                client.setSoTimeout(1_000);
                if (client.getInputStream().read() >= 0) {
                    client.getOutputStream().write(answer);
                }
            } catch (IOException e) {
                // The client gave up first.
            }
        }
    }

    @Override
    public void take(byte[] bytes) throws Exception {
        answer = bytes;
        Slots slots = new Slots(1, 1 << 20);
        // Another host each time: the last one's trouble must not count.
        String name = "127." + (1 + host / 62_500 % 250) + "." + (1 + host / 250 % 250) + "." + (1 + host++ % 250);
        Fetched fetched = fetcher.fetch("http://" + name + ":" + server.getLocalPort() + "/x", LIMITS, slots)
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        if (fetched instanceof Fetched.Body body) {
            if (body.bytes().length > MOST_BYTES || body.status() != 200) {
                throw new AssertionError("a body of " + body.bytes().length + " bytes, status " + body.status());
            }
            slots.release(body);
        } else {
            slots.release();
        }
    }

    @Override
    public void close() throws IOException {
        fetcher.close();
        server.close();
    }

    public static void fuzzerTestOneInput(byte[] bytes) throws Exception {
        Self.ONE.take(bytes);
    }
}
