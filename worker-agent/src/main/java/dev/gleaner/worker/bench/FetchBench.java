package dev.gleaner.worker.bench;

import dev.gleaner.protocol.campaign.OptOuts;
import dev.gleaner.worker.fetch.Courtesy;
import dev.gleaner.worker.fetch.FetchLimits;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.Slots;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** The fetcher with all its rules, against a bare Netty client, aiohttp, and what the time-outs of a bad web alone would take. */
@SuppressWarnings("FutureReturnValueIgnored") // A bare client, by intent.
public final class FetchBench {
    private static final int BODY = 25_000;
    private static final int HOSTS = 2_000;
    private static final int AT_ONCE = 5_000;
    private static final int REQUESTS = 20_000;
    private static final Duration MIXED_TIMEOUT = Duration.ofSeconds(5);
    private static final int MIXED_AT_ONCE = 1_000;

    private FetchBench() {}

    public static void run(Report report, Path folder) throws IOException, InterruptedException {
        Path web = Files.createDirectories(folder.resolve("web"));
        Files.write(web.resolve("picture"), new byte[BODY]);
        try (LoopbackServer server = LoopbackServer.start(web)) {
            report.title(
                    "fetch",
                    REQUESTS + " pictures of " + BODY / 1000 + " KB from " + HOSTS + " hosts, " + AT_ONCE + " at once");
            double ours = Double.MAX_VALUE;
            double bare = Double.MAX_VALUE;
            for (int round = 0; round < 4; round++) {
                double ourRound = ours(server);
                double bareRound = bare(server);
                if (round > 0) {
                    ours = Math.min(ours, ourRound);
                    bare = Math.min(bare, bareRound);
                }
            }
            report.figure("ours, CPU", ours * 1e6, "µs a request");
            report.figure("bare Netty, CPU", bare * 1e6, "µs a request");
            report.atLeast("requests per CPU second, ours / bare Netty", bare / ours, 0.8);
            aiohttp(report, server, ours, folder);
            mixed(report, server);
        }
    }

    private static void aiohttp(Report report, LoopbackServer server, double ours, Path folder) throws IOException {
        Optional<String> python = Peers.python("aiohttp");
        if (python.isEmpty()) {
            report.missing("ours / aiohttp", "no Python with aiohttp here");
            return;
        }
        Path list = Files.write(
                folder.resolve("addresses"),
                IntStream.range(0, REQUESTS).mapToObj(i -> address(server, i)).toList());
        String[] seen = Peers.run(python.get(), "aiohttp_peer.py", folder, list.toString(), Integer.toString(AT_ONCE))
                .trim()
                .split(" ", -1);
        report.figure("aiohttp " + seen[1] + ", CPU", Double.parseDouble(seen[0]) * 1e6, "µs a request");
        report.atMost("CPU a request, ours / aiohttp", ours / Double.parseDouble(seen[0]), 0.6);
    }

    private static String address(LoopbackServer server, int i) {
        return server.address(i % HOSTS, "/images/" + i + ".jpg");
    }

    /** A web as it is: of 20 hosts three never answer, two drip, one refuses, two are slow; the others are well. */
    private static void mixed(Report report, LoopbackServer server) throws IOException, InterruptedException {
        int refusing;
        try (ServerSocket closed = new ServerSocket(0)) {
            refusing = closed.getLocalPort();
        }
        List<String> addresses = new ArrayList<>();
        long slotMillis = 0;
        for (int i = 0; i < REQUESTS; i++) {
            String path = "/images/" + i;
            switch (i % 20) {
                case 0, 1, 2 -> {
                    path = "/hang/" + i;
                    slotMillis += MIXED_TIMEOUT.toMillis();
                }
                case 3, 4 -> {
                    path = "/drip/" + i;
                    slotMillis += MIXED_TIMEOUT.toMillis();
                }
                case 5, 6 -> {
                    path = "/slow/" + i;
                    slotMillis += LoopbackServer.SLOW_MILLIS;
                }
                default -> {}
            }
            String address = server.address(i, path);
            addresses.add(i % 20 == 7 ? address.replaceFirst(":[0-9]+/", ":" + refusing + "/") : address);
        }
        Collections.shuffle(addresses, new Random(1));
        FetchLimits limits = new FetchLimits(MIXED_TIMEOUT, 1 << 20, 100, 5, Set.of(), OptOuts.DEFAULT);
        Slots slots = new Slots(MIXED_AT_ONCE, 1L << 30);
        AtomicInteger good = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(REQUESTS);
        double seconds;
        try (Fetcher fetcher = fetcher(Courtesy.DEFAULT)) {
            long started = System.nanoTime();
            for (String address : addresses) {
                fetcher.fetch(address, limits, slots).thenAccept(fetched -> {
                    if (fetched instanceof Fetched.Body body) {
                        good.incrementAndGet();
                        slots.release(body);
                    } else {
                        slots.release();
                    }
                    done.countDown();
                });
            }
            done.await();
            seconds = (System.nanoTime() - started) / 1e9;
        }
        if (good.get() != REQUESTS / 20 * 14) {
            throw new IOException("of the bench's mixed addresses " + good + " were fetched");
        }
        double optimum = slotMillis / 1e3 / MIXED_AT_ONCE;
        report.figure(REQUESTS + " addresses, 40 % of them dead or slow", seconds, "s, " + MIXED_AT_ONCE + " at once");
        report.figure("what the time-outs alone take", optimum, "s");
        report.atMost("mixed addresses, time / optimum", seconds / optimum, 1.2);
    }

    private static Fetcher fetcher(Courtesy courtesy) {
        return new Fetcher(
                AddressGuard.allowingLoopback(),
                "gleaner-bench",
                courtesy,
                NameResolver.Settings.DEFAULT,
                Fetcher.Link.ALL);
    }

    /** CPU seconds a request. */
    private static double ours(LoopbackServer server) throws InterruptedException, IOException {
        FetchLimits limits = new FetchLimits(Duration.ofSeconds(30), 1 << 20, 100, 5, Set.of("noai"), OptOuts.DEFAULT);
        Slots slots = new Slots(AT_ONCE, 1L << 30);
        AtomicInteger wrong = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(REQUESTS);
        try (Fetcher fetcher = fetcher(new Courtesy(AT_ONCE, Duration.ZERO))) {
            double started = Cpu.self();
            for (int i = 0; i < REQUESTS; i++) {
                fetcher.fetch(address(server, i), limits, slots).thenAccept(fetched -> {
                    if (fetched instanceof Fetched.Body body && body.bytes().length == BODY) {
                        slots.release(body);
                    } else {
                        wrong.incrementAndGet();
                        slots.release();
                    }
                    done.countDown();
                });
            }
            done.await();
            double used = Cpu.self() - started;
            if (wrong.get() > 0) {
                throw new IOException(wrong + " of the bench's own pictures were not fetched");
            }
            return used / REQUESTS;
        }
    }

    private static double bare(LoopbackServer server) throws InterruptedException {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Semaphore room = new Semaphore(AT_ONCE);
        CountDownLatch done = new CountDownLatch(REQUESTS);
        try {
            Bootstrap bootstrap = new Bootstrap().group(loops).channel(NioSocketChannel.class);
            double started = Cpu.self();
            IntConsumer finished = bytes -> {
                room.release();
                done.countDown();
            };
            for (int i = 0; i < REQUESTS; i++) {
                room.acquire();
                int host = i % HOSTS;
                String name = LoopbackServer.host(host);
                String path = "/images/" + i + ".jpg";
                bootstrap
                        .clone()
                        .handler(new ChannelInitializer<SocketChannel>() {
                            @Override
                            protected void initChannel(SocketChannel channel) {
                                channel.pipeline()
                                        .addLast(new HttpClientCodec())
                                        .addLast(new Bare(name, path, finished));
                            }
                        })
                        .connect(name, server.port());
            }
            done.await();
            return (Cpu.self() - started) / REQUESTS;
        } finally {
            loops.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS)
                    .await();
        }
    }

    /** Sends, counts, closes: nothing a client could leave out. */
    private static final class Bare extends SimpleChannelInboundHandler<HttpObject> {
        private final String host;
        private final String path;
        private final IntConsumer finished;
        private int bytes;
        private boolean over;

        Bare(String host, String path, IntConsumer finished) {
            this.host = host;
            this.path = path;
            this.finished = finished;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            DefaultFullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, path);
            request.headers().set(HttpHeaderNames.HOST, host);
            ctx.writeAndFlush(request);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
            if (message instanceof HttpContent content) {
                bytes += content.content().readableBytes();
            }
            if (message instanceof LastHttpContent) {
                ctx.close();
                end();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            end();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
            end();
        }

        private void end() {
            if (!over) {
                over = true;
                finished.accept(bytes);
            }
        }
    }
}
