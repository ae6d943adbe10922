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
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** The fetcher with all its rules, against a bare Netty client, both from a server in a process of its own. */
@SuppressWarnings("FutureReturnValueIgnored") // A bare client, by intent.
public final class FetchBench {
    private static final int BODY = 25_000;
    private static final int HOSTS = 2_000;
    private static final int AT_ONCE = 500;
    private static final int REQUESTS = 20_000;

    private FetchBench() {}

    public static void run(Report report) throws IOException, InterruptedException {
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        LoopbackServer.class.getName(),
                        Integer.toString(BODY))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
            int port = Integer.parseInt(out.readLine());
            report.title(
                    "fetch",
                    REQUESTS + " pictures of " + BODY / 1000 + " KB from " + HOSTS + " hosts, " + AT_ONCE + " at once");
            double ours = Double.MAX_VALUE;
            double bare = Double.MAX_VALUE;
            for (int round = 0; round < 4; round++) {
                double ourRound = ours(port);
                double bareRound = bare(port);
                if (round > 0) {
                    ours = Math.min(ours, ourRound);
                    bare = Math.min(bare, bareRound);
                }
            }
            report.figure("ours, CPU", ours * 1e6, "µs a request");
            report.figure("bare Netty, CPU", bare * 1e6, "µs a request");
            report.atLeast("requests per CPU second, ours / bare Netty", bare / ours, 0.8);
        } finally {
            server.destroyForcibly();
        }
    }

    private static String address(int i, int port) {
        int host = i % HOSTS;
        return "http://127.0." + (1 + host / 250) + "." + (1 + host % 250) + ":" + port + "/images/" + i + ".jpg";
    }

    /** CPU seconds a request. */
    private static double ours(int port) throws InterruptedException, IOException {
        FetchLimits limits = new FetchLimits(Duration.ofSeconds(30), 1 << 20, 100, 5, Set.of("noai"), OptOuts.DEFAULT);
        Slots slots = new Slots(AT_ONCE, 1L << 30);
        AtomicInteger wrong = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(REQUESTS);
        try (Fetcher fetcher = new Fetcher(
                AddressGuard.allowingLoopback(),
                "gleaner-bench",
                new Courtesy(AT_ONCE, Duration.ZERO),
                NameResolver.Settings.DEFAULT,
                Fetcher.Link.ALL)) {
            double started = Cpu.self();
            for (int i = 0; i < REQUESTS; i++) {
                fetcher.fetch(address(i, port), limits, slots).thenAccept(fetched -> {
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

    private static double bare(int port) throws InterruptedException {
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
                String name = "127.0." + (1 + host / 250) + "." + (1 + host % 250);
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
                        .connect(name, port);
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
