package dev.gleaner.worker.fetch;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.dns.Resolved;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.url.WebUrl;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.traffic.GlobalTrafficShapingHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One fetch, over all its redirects, under one deadline. Lives on a single event loop: every field is touched there only.
 */
final class Exchange {
    /** What all exchanges of a fetcher share. */
    record Environment(
            Bootstrap bootstrap,
            NameResolver names,
            Watch watch,
            SslContext tls,
            SslContext lenientTls,
            AddressGuard guard,
            @Nullable GlobalTrafficShapingHandler shaping,
            String userAgent,
            Clock clock,
            StoppedSites stopped) {}

    private static final byte[] NOTHING = new byte[0];
    private static final int MAX_HEADER_BYTES = 32 << 10;
    private static final int MAX_LINE_BYTES = 8 << 10;
    /** For a body whose length is not told, and what it gets more when that is not enough. */
    private static final long UNKNOWN_RESERVE = 1 << 20;

    private static final long MIN_RESERVE = 1 << 12;
    private static final int FIRST_BYTE_SECONDS = 15;
    /** A body that comes more slowly than this, looked at every so many seconds, is given up. */
    private static final int LEAST_BYTES_PER_SECOND = 1 << 10;

    private static final int PACE_SECONDS = 8;
    /** Answers of status 1xx before the one that counts. */
    private static final int MOST_INTERIMS = 8;

    /**
     * How it ended.
     *
     * @param retryAfterSeconds of a 429 or 503 answer; negative when it has none, or a date
     */
    record Outcome(Fetched fetched, long retryAfterSeconds) {}

    private final Environment env;
    private final EventLoop loop;
    private final FetchLimits limits;
    private final Slots slots;
    private final CompletableFuture<Outcome> done;
    private @Nullable Channel channel;
    private int redirects;
    private boolean badCertificate;
    /** Bytes taken of the slots for the body. */
    private long reserved;

    private int status;
    private long retryAfterSeconds = -1;
    private boolean clockRuns;
    private long startedAt;
    /** Since when the answer is waited for, or its pace is taken; 0 before there is a connection. */
    private long markAt;

    private long markBytes;
    private boolean begun;
    private boolean waitsForRoom;
    private long received;

    Exchange(Environment env, EventLoop loop, FetchLimits limits, Slots slots, CompletableFuture<Outcome> done) {
        this.slots = slots;
        this.env = env;
        this.loop = loop;
        this.limits = limits;
        this.done = done;
    }

    void start(WebUrl url) {
        loop.execute(() -> hop(url));
    }

    /** The request's time begins when its name is known: the resolver has limits of its own, and may have to wait. */
    private void startClock() {
        if (!clockRuns) {
            clockRuns = true;
            startedAt = System.nanoTime();
            env.watch.add(this);
        }
    }

    /** Gives up what takes too long as a whole, to begin, or to go on. */
    void check(long now) {
        if (now - startedAt >= limits.timeout().toNanos()) {
            drop(PairDrop.TIMEOUT, "not done within " + limits.timeout().toSeconds() + " s");
        } else if (markAt == 0 || waitsForRoom) {
            return;
        } else if (!begun) {
            if (now - markAt >= TimeUnit.SECONDS.toNanos(FIRST_BYTE_SECONDS)) {
                drop(PairDrop.TIMEOUT, "no answer within " + FIRST_BYTE_SECONDS + " s");
            }
        } else if (now - markAt >= TimeUnit.SECONDS.toNanos(PACE_SECONDS)) {
            if (received - markBytes < LEAST_BYTES_PER_SECOND * PACE_SECONDS) {
                drop(PairDrop.TIMEOUT, "the answer drips: " + (received - markBytes) / PACE_SECONDS + " bytes/s");
            }
            mark(now);
        }
    }

    private void mark(long now) {
        markAt = now;
        markBytes = received;
    }

    private void hop(WebUrl url) {
        String host = url.host();
        if (host == null) {
            drop(PairDrop.BAD_REDIRECT, "no host");
            return;
        }
        String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        byte[] literal = io.netty.util.NetUtil.createByteArrayFromIpAddressString(name);
        if (literal != null) {
            try {
                connect(url, List.of(InetAddress.getByAddress(literal)));
            } catch (java.net.UnknownHostException e) {
                drop(PairDrop.DNS, "not an address");
            }
            return;
        }
        env.names
                .resolve(name)
                .thenAccept(resolved -> loop.execute(() -> {
                    if (done.isDone()) {
                        return;
                    }
                    if (resolved instanceof Resolved.Found found) {
                        connect(url, found.addresses());
                    } else if (resolved instanceof Resolved.Missing missing) {
                        drop(PairDrop.DNS, missing.why());
                    } else if (resolved instanceof Resolved.Failed failed) {
                        drop(PairDrop.DNS, failed.why());
                    }
                }));
    }

    private void connect(WebUrl url, List<InetAddress> addresses) {
        startClock();
        InetAddress chosen = null;
        String forbidden = "no address";
        for (InetAddress address : addresses) {
            String range = env.guard.forbids(address).orElse("");
            if (range.isEmpty()) {
                chosen = address;
                break;
            }
            forbidden = range;
        }
        if (chosen == null) {
            drop(PairDrop.PRIVATE_ADDRESS, "the address is " + forbidden);
            return;
        }
        int port = url.effectivePort();
        if (!env.guard.allowsPort(chosen, port)) {
            drop(PairDrop.FORBIDDEN_PORT, "port " + port);
            return;
        }
        ChannelFuture connecting = env.bootstrap
                .clone(loop)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel ch) {
                        if (env.shaping != null) {
                            ch.pipeline().addLast(env.shaping);
                        }
                        if (url.scheme().equals("https")) {
                            ch.pipeline()
                                    .addLast((limits.lenient() ? env.lenientTls : env.tls)
                                            .newHandler(ch.alloc(), sniName(url), port));
                        }
                        ch.pipeline()
                                .addLast(new HttpClientCodec(
                                        new HttpDecoderConfig()
                                                .setMaxInitialLineLength(MAX_LINE_BYTES)
                                                .setMaxHeaderSize(MAX_HEADER_BYTES)
                                                .setMaxChunkSize(16 << 10),
                                        false,
                                        true))
                                .addLast(new Reader(url));
                    }
                })
                .connect(new InetSocketAddress(chosen, port));
        channel = connecting.channel();
        connecting.addListener(f -> {
            if (!f.isSuccess()) {
                drop(PairDrop.CONNECT, message(f.cause()));
            } else if (!url.scheme().equals("https")) {
                send(url);
            }
        });
    }

    private static String sniName(WebUrl url) {
        String host = java.util.Objects.requireNonNull(url.host());
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private void send(WebUrl url) {
        Channel open = channel;
        if (open == null || done.isDone()) {
            return;
        }
        DefaultFullHttpRequest request =
                new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, url.requestTarget());
        request.headers()
                .set(HttpHeaderNames.HOST, url.host() + (url.port() == null ? "" : ":" + url.port()))
                .set(HttpHeaderNames.USER_AGENT, env.userAgent)
                .set(HttpHeaderNames.ACCEPT, "image/webp,image/png,image/jpeg,image/*;q=0.8")
                .set(HttpHeaderNames.ACCEPT_ENCODING, "identity")
                .set(HttpHeaderNames.CONNECTION, "close");
        open.writeAndFlush(request).addListener(f -> {
            if (!f.isSuccess()) {
                broken(PairDrop.PROTOCOL, "the request could not be sent: " + message(f.cause()));
            }
        });
    }

    private void drop(PairDrop reason, String detail) {
        finish(new Fetched.Dropped(reason, status, detail));
    }

    private void broken(PairDrop reason, String detail) {
        finish(new Fetched.Dropped(reason, status, detail, true));
    }

    private void finish(Fetched result) {
        if (done.isDone()) {
            return;
        }
        env.watch.remove(this);
        closeChannel();
        if (result instanceof Fetched.Dropped && reserved > 0) {
            slots.unreserve(reserved);
            reserved = 0;
        }
        done.complete(new Outcome(result, retryAfterSeconds));
    }

    private void closeChannel() {
        Channel open = channel;
        channel = null;
        if (open != null) {
            ChannelFuture unused = open.close();
        }
    }

    private static String message(Throwable cause) {
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    /** Reads one answer: status, headers, then the body up to the cap. */
    private final class Reader extends SimpleChannelInboundHandler<HttpObject> {
        private final WebUrl url;
        /** As long as the answer says; grows where it does not. */
        private byte[] body = NOTHING;

        private int length;
        private int expected;
        private String contentType = "";
        /** Whether what comes belongs to an interim answer. */
        private boolean interim;

        private int interims;

        Reader(WebUrl url) {
            this.url = url;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            begun = false;
            received = 0;
            mark(System.nanoTime());
            ctx.fireChannelActive();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (ctx.channel() == channel && event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) {
                    SslHandler tls = ctx.pipeline().get(SslHandler.class);
                    badCertificate |= LenientTrust.wasBad(tls.engine().getSession());
                    send(url);
                } else {
                    drop(PairDrop.TLS, message(handshake.cause()));
                }
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
            if (ctx.channel() != channel) {
                return;
            }
            if (message.decoderResult().isFailure()) {
                drop(PairDrop.PROTOCOL, message(message.decoderResult().cause()));
                return;
            }
            if (isInterim(message)) {
                return;
            }
            if (!begun) {
                begun = true;
                mark(System.nanoTime());
            }
            if (message instanceof HttpResponse response && !head(ctx, response)) {
                return;
            }
            if (message instanceof HttpContent content) {
                int size = content.content().readableBytes();
                received += size;
                if ((long) length + size > limits.maxBytes()) {
                    drop(PairDrop.TOO_LARGE, "more than " + limits.maxBytes() + " bytes");
                    return;
                }
                if (!waitsForRoom && length + size > reserved) {
                    if (!slots.tryReserve(UNKNOWN_RESERVE)) {
                        drop(PairDrop.TOO_LARGE, "no memory for a body of unknown length");
                        return;
                    }
                    reserved += UNKNOWN_RESERVE;
                }
                if (length + size > body.length) {
                    int room = length == 0 ? expected : Math.min(limits.maxBytes(), 2 * body.length);
                    body = Arrays.copyOf(body, Math.max(length + size, room));
                }
                content.content().readBytes(body, length, size);
                length += size;
                if (message instanceof LastHttpContent) {
                    complete();
                }
            }
        }

        /** Whether this belongs to an answer that announces another one: such are skipped (RFC 9110, section 15.2), but not for ever. */
        private boolean isInterim(HttpObject message) {
            if (message instanceof HttpResponse response) {
                int code = response.status().code();
                interim = code >= 100 && code < 200 && code != 101;
                if (interim && ++interims > MOST_INTERIMS) {
                    drop(PairDrop.PROTOCOL, "more than " + MOST_INTERIMS + " interim answers");
                }
            }
            return interim;
        }

        /** @return whether the body is wanted */
        private boolean head(ChannelHandlerContext ctx, HttpResponse response) {
            status = response.status().code();
            HttpHeaders headers = response.headers();
            if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) {
                redirect(headers.get(HttpHeaderNames.LOCATION));
                return false;
            }
            if (status != 200) {
                retryAfterSeconds = seconds(headers.get(HttpHeaderNames.RETRY_AFTER));
                drop(PairDrop.HTTP_STATUS, "status " + status);
                return false;
            }
            if (RobotsTag.forbids(headers.getAll("X-Robots-Tag"), limits.robotsTags())) {
                drop(PairDrop.OPTED_OUT, "X-Robots-Tag");
                return false;
            }
            if (limits.optOuts().tdmReservation()
                    && headers.get("tdm-reservation", "").strip().equals("1")) {
                drop(PairDrop.OPTED_OUT, "tdm-reservation");
                return false;
            }
            String encoding = headers.get(HttpHeaderNames.CONTENT_ENCODING, "identity");
            if (!encoding.equalsIgnoreCase("identity") && !encoding.isBlank()) {
                drop(PairDrop.PROTOCOL, "content encoding that was not asked for");
                return false;
            }
            long declared = HttpUtil.getContentLength(response, -1L);
            if (declared > limits.maxBytes()) {
                drop(PairDrop.TOO_LARGE, "more than " + limits.maxBytes() + " bytes");
                return false;
            }
            contentType = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
            expected = (int) Math.max(0, declared);
            makeRoom(ctx, Math.max(MIN_RESERVE, declared < 0 ? UNKNOWN_RESERVE : declared));
            return true;
        }

        /** Reads on when there is memory for the body. */
        private void makeRoom(ChannelHandlerContext ctx, long bytes) {
            if (slots.tryReserve(bytes)) {
                reserved = bytes;
                return;
            }
            ctx.channel().config().setAutoRead(false);
            waitsForRoom = true;
            slots.reserve(
                    bytes,
                    () -> loop.execute(() -> {
                        waitsForRoom = false;
                        if (done.isDone()) {
                            slots.unreserve(bytes);
                        } else {
                            reserved = bytes;
                            ctx.channel().config().setAutoRead(true);
                        }
                    }));
        }

        private static long seconds(@Nullable String retryAfter) {
            try {
                return retryAfter == null ? -1 : Math.max(-1, Long.parseLong(retryAfter.strip()));
            } catch (NumberFormatException e) {
                return -1;
            }
        }

        private void redirect(@Nullable String location) {
            if (++redirects > limits.maxRedirects()) {
                drop(PairDrop.TOO_MANY_REDIRECTS, "more than " + limits.maxRedirects());
                return;
            }
            WebUrl next = location == null ? null : WebUrl.parse(location, url);
            if (next == null || !next.isHttp()) {
                drop(PairDrop.BAD_REDIRECT, "a redirect to no http or https address");
                return;
            }
            String to = next.host();
            if (to != null && env.stopped.has(to)) {
                drop(PairDrop.OPTED_OUT, "a redirect to a site whose owner wants no visits");
                return;
            }
            closeChannel();
            markAt = 0;
            hop(next);
        }

        private void complete() {
            if (length < limits.minBytes()) {
                drop(PairDrop.TOO_SMALL, length + " bytes");
            } else {
                finish(new Fetched.Body(
                        length == body.length ? body : Arrays.copyOf(body, length),
                        reserved,
                        status,
                        contentType,
                        env.clock.instant(),
                        badCertificate));
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (ctx.channel() == channel) {
                broken(PairDrop.PROTOCOL, "the connection ended before the answer did");
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (ctx.channel() == channel) {
                boolean tls = cause.getCause() instanceof javax.net.ssl.SSLException;
                boolean cut = cause instanceof java.io.IOException;
                finish(new Fetched.Dropped(
                        tls ? PairDrop.TLS : PairDrop.PROTOCOL, status, message(cause), cut && !tls));
            }
        }
    }
}
