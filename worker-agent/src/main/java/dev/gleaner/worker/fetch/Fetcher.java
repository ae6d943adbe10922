package dev.gleaner.worker.fetch;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.url.WebUrl;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * Fetches addresses from the open web. Thousands may be under way at a time; nothing here blocks.
 *
 * <p>For each hop the name is resolved once, every address that the guard forbids is put aside, and the connection goes to
 * one of the addresses that were looked at, so that a name cannot change between check and connect. Safe for any thread.
 */
public final class Fetcher implements AutoCloseable {
    private final EventLoopGroup loops;
    private final DnsNameResolver resolver;
    private final SslContext tls;
    private final Exchange.Environment environment;
    private final HostGates gates;

    /**
     * @param guard which addresses may be connected to
     * @param userAgent sent with every request; names the project and a contact
     * @param perHost most requests to one host at a time
     * @param threads of the event loop
     */
    public Fetcher(AddressGuard guard, String userAgent, int perHost, int threads) {
        this.loops = new MultiThreadIoEventLoopGroup(
                threads, new DefaultThreadFactory("fetch", true), NioIoHandler.newFactory());
        try {
            this.tls = SslContextBuilder.forClient()
                    .endpointIdentificationAlgorithm("HTTPS")
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("this Java has no usable TLS: " + e.getMessage(), e);
        }
        EventLoop dnsLoop = loops.next();
        this.resolver = new DnsNameResolverBuilder(dnsLoop)
                .datagramChannelType(NioDatagramChannel.class)
                .socketChannelType(NioSocketChannel.class)
                .ttl(60, 3600)
                .negativeTtl(60)
                .queryTimeoutMillis(5_000)
                .build();
        Bootstrap bootstrap = new Bootstrap()
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 10_000)
                .option(ChannelOption.AUTO_READ, true);
        this.environment = new Exchange.Environment(bootstrap, resolver, tls, guard, userAgent, Clock.systemUTC());
        this.gates = new HostGates(perHost);
    }

    /** Fetches one address; the stage always completes normally. */
    public CompletionStage<Fetched> fetch(String address, FetchLimits limits) {
        CompletableFuture<Fetched> done = new CompletableFuture<>();
        WebUrl url = WebUrl.parse(address, null);
        String host = url == null ? null : url.host();
        if (url == null || !url.isHttp() || host == null) {
            done.complete(new Fetched.Dropped(PairDrop.PROTOCOL, 0, "not an http or https address"));
            return done;
        }
        gates.enter(host, () -> {
            Exchange exchange = new Exchange(environment, loops.next(), limits, done);
            exchange.start(url);
        });
        return done.whenComplete((result, error) -> gates.leave(host));
    }

    @Override
    public void close() {
        resolver.close();
        loops.shutdownGracefully(0, Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(3, TimeUnit.SECONDS);
    }
}
