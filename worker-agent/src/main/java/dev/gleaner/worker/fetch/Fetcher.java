package dev.gleaner.worker.fetch;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.dns.NameStats;
import dev.gleaner.worker.fetch.dns.Resolved;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.url.WebUrl;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.traffic.GlobalTrafficShapingHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Fetches addresses from the open web. Thousands may be under way at a time; nothing here blocks.
 *
 * <p>An address first waits for its site's turn, then for room, so that a slow site holds up nobody else. For each hop the name
 * is resolved once, every address that the guard forbids is put aside, and the connection goes to one of the addresses that
 * were looked at, so that a name cannot change between check and connect. What fails for a passing reason is tried once more.
 * Safe for any thread.
 */
public final class Fetcher implements AutoCloseable {
    private static final long SHAPING_MILLIS = 500;
    private static final Duration DELAY_HOLDS = Duration.ofMinutes(10);

    private final EventLoopGroup loops;
    private final NameResolver names;
    private final Exchange.Environment environment;
    private final SiteGates gates;
    private final DeadHosts deadHosts = new DeadHosts(System::nanoTime);
    private final SiteLog sites = new SiteLog();
    private final RobotsTxt robots = new RobotsTxt(System::nanoTime);
    private final StoppedSites stopped = new StoppedSites();

    /**
     * What may be used of the machine's link.
     *
     * @param bytesPerSecond read from the web at most, on average over a second or so; 0: no limit
     */
    public record Link(long bytesPerSecond) {
        public static final Link ALL = new Link(0);
    }

    /**
     * @param guard which addresses may be connected to
     * @param userAgent sent with every request; names the project and a contact
     * @param link how much of the machine's link may be used
     */
    public Fetcher(
            AddressGuard guard, String userAgent, Courtesy courtesy, NameResolver.Settings resolving, Link link) {
        this.loops =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("fetch", true), NioIoHandler.newFactory());
        SslContext tls;
        SslContext lenient;
        try {
            tls = SslContextBuilder.forClient()
                    .endpointIdentificationAlgorithm("HTTPS")
                    .build();
            lenient = SslContextBuilder.forClient()
                    .endpointIdentificationAlgorithm("HTTPS")
                    .trustManager(LenientTrust.overDefault())
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("this Java has no usable TLS: " + e.getMessage(), e);
        }
        this.names = new NameResolver(loops.next(), resolving);
        Bootstrap bootstrap = new Bootstrap()
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 10_000)
                .option(ChannelOption.AUTO_READ, true);
        this.environment = new Exchange.Environment(
                bootstrap,
                names,
                new Watch(loops.next()),
                tls,
                lenient,
                guard,
                shaping(link),
                userAgent,
                Clock.systemUTC(),
                stopped);
        this.gates = new SiteGates(courtesy, this::later, System::nanoTime);
    }

    private @Nullable GlobalTrafficShapingHandler shaping(Link link) {
        return link.bytesPerSecond() == 0
                ? null
                : new GlobalTrafficShapingHandler(loops, 0, link.bytesPerSecond(), SHAPING_MILLIS);
    }

    private void later(long nanos, Runnable work) {
        ScheduledFuture<?> unused = loops.schedule(work, nanos, TimeUnit.NANOSECONDS);
    }

    /** Looks a name up as a fetch would; always completes normally. */
    public CompletionStage<Resolved> lookUp(String name) {
        return names.resolve(name);
    }

    /** How looking up names went so far. */
    public NameStats names() {
        return names.stats();
    }

    /** How sites received this worker. */
    public SiteLog sites() {
        return sites;
    }

    /**
     * Leaves a site alone, or asks it less often.
     *
     * @param rest nobody goes there for so long; zero: one may
     * @param interval least time between two requests, if it is more than this worker's own
     * @param validity how long the interval holds
     */
    public void spare(String site, Duration rest, Duration interval, Duration validity) {
        gates.spare(site, rest, interval, validity);
    }

    /** Nobody goes to these sites, or to names below them, until another list comes; what is under way is finished. */
    public void stop(Collection<String> all) {
        stopped.set(all);
    }

    /** Forgets which hosts and names did not answer: after this machine was cut off that says nothing of them. */
    public void forgetFailures() {
        deadHosts.forget();
        names.forgetFailures();
    }

    /**
     * Fetches one address.
     *
     * @param slots one of these is held while the request is under way; it stays taken when the stage completes, for the
     *     caller to give back when it is done with the body
     * @return always completes normally
     */
    public CompletionStage<Fetched> fetch(String address, FetchLimits limits, Slots slots) {
        CompletableFuture<Fetched> done = new CompletableFuture<>();
        WebUrl url = WebUrl.parse(address, null);
        String host = url == null ? null : url.host();
        if (url == null || !url.isHttp() || host == null) {
            slots.acquire(
                    () -> done.complete(new Fetched.Dropped(PairDrop.PROTOCOL, 0, "not an http or https address")));
            return done;
        }
        new Visit(url, host, limits, slots, done).enter();
        return done;
    }

    /** An address on its way through gate, slot and exchange, and perhaps once more. */
    private final class Visit implements SiteGates.Visitor {
        private final WebUrl url;
        private final String host;
        private final String site;
        private final FetchLimits limits;
        private final Slots slots;
        private final CompletableFuture<Fetched> done;
        private boolean second;

        Visit(WebUrl url, String host, FetchLimits limits, Slots slots, CompletableFuture<Fetched> done) {
            this.url = url;
            this.host = host;
            this.site = SiteGates.siteOf(host);
            this.limits = limits;
            this.slots = slots;
            this.done = done;
        }

        @Override
        public boolean wanted() {
            return !slots.isClosed() && !stopped.has(host) && !deadHosts.isDead(host);
        }

        void enter() {
            gates.enter(site, this);
        }

        @Override
        public void go() {
            slots.acquire(() -> {
                if (wanted()) {
                    if (limits.optOuts().robotsTxt()) {
                        CompletionStage<Void> unused =
                                robots.ask(url, this::robotsTxt).thenAccept(this::heed);
                    } else {
                        exchange();
                    }
                } else {
                    // On the loop and not here: letting the next one in may end in the same way, and so on.
                    loops.execute(() -> {
                        gates.leave(site);
                        done.complete(notTried());
                    });
                }
            });
        }

        private void exchange() {
            sites.asked(site);
            CompletableFuture<Exchange.Outcome> over = new CompletableFuture<>();
            CompletableFuture<Void> unused = over.thenAccept(this::over);
            new Exchange(environment, loops.next(), limits, slots, over).start(url);
        }

        /** In the picture's turn and slot. */
        private CompletionStage<Fetched> robotsTxt(WebUrl place) {
            sites.asked(site);
            CompletableFuture<Exchange.Outcome> over = new CompletableFuture<>();
            new Exchange(environment, loops.next(), RobotsTxt.LIMITS, slots, over).start(place);
            return over.thenApply(outcome -> {
                if (outcome.fetched() instanceof Fetched.Body body) {
                    slots.unreserve(body.reserved());
                }
                return outcome.fetched();
            });
        }

        private void heed(RobotsTxt.Word word) {
            Fetched.Dropped refusal = word.refusal();
            if (refusal != null) {
                over(new Exchange.Outcome(refusal, -1));
                return;
            }
            if (!word.delay().isZero()) {
                gates.slow(site, word.delay(), DELAY_HOLDS);
            }
            exchange();
        }

        @Override
        public void refused() {
            slots.acquire(() -> loops.execute(() -> done.complete(notTried())));
        }

        private Fetched notTried() {
            if (stopped.has(host)) {
                return new Fetched.Dropped(PairDrop.OPTED_OUT, 0, "the site's owner wants no visits");
            } else if (slots.isClosed()) {
                return new Fetched.Dropped(PairDrop.TIMEOUT, 0, "the job was stopped");
            } else if (deadHosts.isDead(host)) {
                return new Fetched.Dropped(
                        PairDrop.CONNECT,
                        0,
                        "this host could not be connected to " + DeadHosts.IN_A_ROW + " times in a row");
            }
            return new Fetched.Dropped(PairDrop.HTTP_STATUS, 429, "the site asked not to be asked for a while");
        }

        private void over(Exchange.Outcome outcome) {
            note(outcome);
            gates.leave(site);
            if (!second && outcome.fetched() instanceof Fetched.Dropped dropped && RetryRule.mayPass(dropped)) {
                second = true;
                slots.release();
                later(TimeUnit.MILLISECONDS.toNanos(RetryRule.PAUSE_MILLIS), this::enter);
                return;
            }
            done.complete(outcome.fetched());
        }

        /** What the outcome says of host and site. A status is an answer, also that of a redirect to where nobody is. */
        private void note(Exchange.Outcome outcome) {
            if (!(outcome.fetched() instanceof Fetched.Dropped dropped) || dropped.status() != 0) {
                deadHosts.answered(host);
            } else if (dropped.reason() == PairDrop.CONNECT) {
                deadHosts.unreachable(host);
            }
            if (outcome.fetched() instanceof Fetched.Dropped dropped && RetryRule.wantsRest(dropped)) {
                gates.rest(site, RetryRule.rest(outcome.retryAfterSeconds(), second));
                if (RetryRule.wantsRestOfAll(dropped, outcome.retryAfterSeconds(), second)) {
                    sites.refused(site, (int) Math.min(Integer.MAX_VALUE, Math.max(0, outcome.retryAfterSeconds())));
                }
            }
        }
    }

    @Override
    public void close() {
        names.close();
        loops.shutdownGracefully(0, Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(3, TimeUnit.SECONDS);
    }
}
