package dev.gleaner.deploy.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A web server on loopback: drawn pictures, WAT files by range, and every way in which real servers misbehave. */
public final class DemoWeb implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(r -> {
        Thread thread = new Thread(r, "demo-web");
        thread.setDaemon(true);
        return thread;
    });
    private final Path wats;
    private final AtomicLong served = new AtomicLong();
    private volatile boolean closed;

    public DemoWeb(int port, Path wats) throws IOException {
        this.wats = wats;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 0);
        server.setExecutor(threads);
        server.createContext("/img/", quietly(this::picture));
        server.createContext("/fault/", quietly(this::fault));
        server.createContext("/wat/", quietly(this::wat));
        server.start();
    }

    public String origin() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Requests answered so far. */
    long served() {
        return served.get();
    }

    private interface Handler {
        void handle(HttpExchange exchange, String path) throws IOException, InterruptedException;
    }

    private com.sun.net.httpserver.HttpHandler quietly(Handler handler) {
        return exchange -> {
            served.incrementAndGet();
            try (exchange) {
                handler.handle(exchange, exchange.getRequestURI().getPath());
            } catch (IOException e) {
                // The client went away, or was meant to: either is part of the play.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    private void picture(HttpExchange exchange, String path) throws IOException {
        String name = path.substring("/img/".length());
        int dot = name.lastIndexOf('.');
        long number = Long.parseLong(name.substring(0, dot));
        String format = name.endsWith(".png") ? "png" : "jpg";
        send(exchange, 200, format.equals("png") ? "image/png" : "image/jpeg", draw(number, format));
    }

    private static byte[] draw(long number, String format) {
        Random random = new Random(number);
        int size = 256 + (int) (number % 5) * 64;
        return DemoPages.scene(number).file(random, size, format);
    }

    private void fault(HttpExchange exchange, String path) throws IOException, InterruptedException {
        String[] parts = path.split("/", -1);
        long number = Long.parseLong(parts[3].substring(0, parts[3].indexOf('.')));
        byte[] good = draw(number, "jpg");
        switch (parts[2]) {
            case "missing" -> send(exchange, 404, "text/html", "gone".getBytes(StandardCharsets.UTF_8));
            case "redirects" -> redirect(exchange, "/fault/redirect-2/" + parts[3]);
            case "redirect-2" -> redirect(exchange, "../../img/" + parts[3]);
            case "loop" -> redirect(exchange, path);
            case "slow" -> {
                exchange.sendResponseHeaders(200, good.length);
                for (byte b : good) {
                    exchange.getResponseBody().write(b);
                    exchange.getResponseBody().flush();
                    Thread.sleep(100);
                }
            }
            case "endless" -> {
                exchange.getResponseHeaders().set("Content-Type", "image/jpeg");
                exchange.sendResponseHeaders(200, 0);
                byte[] block = new byte[64 << 10];
                while (!closed) {
                    exchange.getResponseBody().write(block);
                }
            }
            case "truncated" -> {
                exchange.getResponseHeaders().set("Content-Type", "image/jpeg");
                exchange.sendResponseHeaders(200, good.length + 1_000L);
                exchange.getResponseBody().write(good, 0, good.length / 2);
            }
            case "wrong-type" -> send(exchange, 200, "text/plain", good);
            case "bomb" -> send(exchange, 200, "image/png", bomb());
            case "private" -> redirect(exchange, "http://192.168.1.1/admin.jpg");
            case "noai" -> {
                exchange.getResponseHeaders().set("X-Robots-Tag", "noai");
                send(exchange, 200, "image/jpeg", good);
            }
            case "tiny" -> send(exchange, 200, "image/gif", new byte[43]);
            case "not-an-image" ->
                send(
                        exchange,
                        200,
                        "image/jpeg",
                        "<html>Buy our pictures</html>".repeat(400).getBytes(StandardCharsets.UTF_8));
            default -> send(exchange, 404, "text/plain", new byte[0]);
        }
    }

    /** A PNG header that claims 60,000 × 60,000 pixels. */
    private static byte[] bomb() {
        byte[] png = new byte[8_000];
        byte[] start = {
            (byte) 0x89,
            'P',
            'N',
            'G',
            '\r',
            '\n',
            0x1A,
            '\n',
            0,
            0,
            0,
            13,
            'I',
            'H',
            'D',
            'R',
            0,
            0,
            (byte) 0xEA,
            0x60,
            0,
            0,
            (byte) 0xEA,
            0x60,
            8,
            2
        };
        System.arraycopy(start, 0, png, 0, start.length);
        return png;
    }

    private static void redirect(HttpExchange exchange, String location) throws IOException {
        exchange.getResponseHeaders().set("Location", location);
        exchange.sendResponseHeaders(302, -1);
    }

    /** WATs by single byte ranges, as object stores serve them. */
    private void wat(HttpExchange exchange, String path) throws IOException {
        Path file = wats.resolve(path.substring("/wat/".length()));
        if (!Files.isRegularFile(file) || !file.normalize().startsWith(wats)) {
            send(exchange, 404, "text/plain", "no such WAT".getBytes(StandardCharsets.UTF_8));
            return;
        }
        long length = Files.size(file);
        long from = 0;
        long to = length - 1;
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range != null) {
            String[] ends = range.substring("bytes=".length()).split("-", -1);
            from = Long.parseLong(ends[0]);
            to = ends[1].isEmpty() ? to : Math.min(to, Long.parseLong(ends[1]));
            if (from >= length) {
                send(exchange, 416, "text/plain", new byte[0]);
                return;
            }
            exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + length);
        }
        byte[] bytes = new byte[(int) (to - from + 1)];
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(from);
            in.readFully(bytes);
        }
        send(exchange, range == null ? 200 : 206, "application/gzip", bytes);
    }

    private static void send(HttpExchange exchange, int status, @Nullable String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        server.stop(0);
        threads.shutdownNow();
    }
}
