package dev.gleaner.tracker.bench;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** People who look at the page: each holds one connection and reads what happens. Close it when done. */
final class Viewers implements AutoCloseable {
    private static final byte[] DATA_LINE = "\ndata: ".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong events = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();

    /** Connects so many. */
    Viewers(int port, int count) {
        NetClient client = vertx.createNetClient(new NetClientOptions().setReusePort(false));
        Buffer request = Buffer.buffer("GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n\r\n");
        List<Future<?>> open = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            open.add(client.connect(port, "127.0.0.1").compose(socket -> {
                socket.handler(this::read);
                return socket.write(request);
            }));
        }
        Future.all(open).toCompletionStage().toCompletableFuture().join();
    }

    private void read(Buffer chunk) {
        bytes.addAndGet(chunk.length());
        byte[] read = chunk.getBytes();
        long seen = 0;
        for (int i = 0; i + DATA_LINE.length <= read.length; i++) {
            int n = 0;
            while (n < DATA_LINE.length && read[i + n] == DATA_LINE[n]) {
                n++;
            }
            seen += n == DATA_LINE.length ? 1 : 0;
        }
        events.addAndGet(seen);
    }

    /** Events that all of them have read so far. */
    long events() {
        return events.get();
    }

    long bytes() {
        return bytes.get();
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
