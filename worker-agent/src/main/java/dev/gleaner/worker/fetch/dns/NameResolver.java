package dev.gleaner.worker.fetch.dns;

import io.netty.channel.AddressedEnvelope;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.HostsFileEntriesResolver;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsServerAddressStream;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the IPv4 addresses of names, and where there are none and the machine speaks it the IPv6 ones.
 *
 * <p>Asks recursive resolvers over UDP, and over TCP when an answer is truncated. An answer that is late is not waited for: the
 * next upstream is asked beside the first. Answers are kept as long as they say, within bounds; so are refusals. Several who
 * ask for a name share one lookup. No upstream gets more queries a second than its limit, whatever happens; what is too much
 * waits. Everything happens on one event loop; safe for any thread.
 */
public final class NameResolver implements AutoCloseable {
    private static final int TRIES = 6;
    private static final long TRY_MILLIS = 3_000;
    private static final long BACK_OFF_MILLIS = 150;
    private static final int LEAST_TTL_SECONDS = 30;
    private static final int MOST_TTL_SECONDS = 3_600;
    private static final int MOST_NAME = 253;
    private static final int MOST_LABEL = 63;
    private static final int MISSING_SECONDS = 120;
    private static final int FAILED_SECONDS = 30;
    private static final int REMEMBERED = 50_000;

    private final EventLoop loop;
    private final DnsNameResolver transport;
    private final List<Upstream> upstreams;
    private final boolean ipv6;
    private final Map<String, Known> cache = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final Map<String, Lookup> underWay = new HashMap<>();
    private final Queue<Lookup> waiting = new ArrayDeque<>();
    private boolean wakeUpPlanned;
    private volatile NameStats stats = NameStats.NONE;
    private long names;
    private long failed;

    private record Known(Resolved answer, long until) {}

    /**
     * @param upstreams recursive resolvers to ask; empty: the machine's own
     * @param perSecond most queries a second to each of them
     * @param ipv6 whether addresses of IPv6 can be reached from here
     */
    public record Settings(List<InetSocketAddress> upstreams, int perSecond, boolean ipv6) {
        /** Few enough for a home router's resolver. */
        public static final int PER_SECOND = 100;

        public static final Settings DEFAULT = new Settings(List.of(), PER_SECOND, false);
    }

    public NameResolver(EventLoop loop, Settings settings) {
        this.loop = loop;
        this.ipv6 = settings.ipv6();
        this.transport = new DnsNameResolverBuilder(loop)
                .datagramChannelType(NioDatagramChannel.class)
                .socketChannelType(NioSocketChannel.class)
                .queryTimeoutMillis(TRY_MILLIS)
                .build();
        long now = System.nanoTime();
        this.upstreams = (settings.upstreams().isEmpty() ? machines() : settings.upstreams())
                .stream().map(a -> new Upstream(a, settings.perSecond(), now)).toList();
    }

    /** The resolvers of the machine's configuration. */
    private static List<InetSocketAddress> machines() {
        DnsServerAddressStream stream =
                DnsServerAddressStreamProviders.platformDefault().nameServerAddressStream("example.com.");
        List<InetSocketAddress> found = new ArrayList<>();
        for (int i = 0; i < Math.min(4, stream.size()); i++) {
            found.add(stream.next());
        }
        return found.stream().distinct().toList();
    }

    /** Looks a name up; the stage always completes normally, on the event loop. */
    public CompletionStage<Resolved> resolve(String name) {
        CompletableFuture<Resolved> done = new CompletableFuture<>();
        loop.execute(() -> resolve(name.endsWith(".") ? name.substring(0, name.length() - 1) : name, done));
        return done;
    }

    /** Looks up again, when next asked, what could not be looked up. */
    public void forgetFailures() {
        loop.execute(() -> cache.values().removeIf(known -> known.answer instanceof Resolved.Failed));
    }

    /** How it went so far. */
    public NameStats stats() {
        return stats;
    }

    private void resolve(String name, CompletableFuture<Resolved> done) {
        InetAddress local = HostsFileEntriesResolver.DEFAULT.address(name, ResolvedAddressTypes.IPV4_PREFERRED);
        if (local != null) {
            done.complete(new Resolved.Found(List.of(local)));
            return;
        }
        if (!isPublicName(name)) {
            done.complete(new Resolved.Missing("not a name of the public internet"));
            return;
        }
        Known known = cache.get(name);
        if (known != null && System.nanoTime() - known.until < 0) {
            done.complete(known.answer);
            return;
        }
        Lookup before = underWay.get(name);
        if (before != null) {
            before.askers.add(done);
            return;
        }
        Lookup lookup = new Lookup(name);
        lookup.askers.add(done);
        underWay.put(name, lookup);
        names++;
        lookup.enqueue();
    }

    /** Whether a name has two labels or more, each of 1 to 63 characters, and at most 253 in all (RFC 1035, section 2.3.4). */
    static boolean isPublicName(String name) {
        if (name.length() > MOST_NAME || name.indexOf('.') < 0) {
            return false;
        }
        for (String label : name.split("\\.", -1)) {
            if (label.isEmpty() || label.length() > MOST_LABEL) {
                return false;
            }
        }
        return true;
    }

    /** Sends what waits, as far as the upstreams' rates allow. */
    private void send() {
        while (!waiting.isEmpty()) {
            Lookup lookup = waiting.peek();
            if (lookup.isOver()) {
                waiting.poll();
                continue;
            }
            Upstream upstream = lookup.choose();
            if (upstream == null) {
                wakeUpLater();
                return;
            }
            waiting.poll();
            lookup.ask(upstream);
        }
    }

    private void wakeUpLater() {
        if (wakeUpPlanned) {
            return;
        }
        wakeUpPlanned = true;
        long now = System.nanoTime();
        long wait = upstreams.stream().mapToLong(u -> u.nanosToNext(now)).min().orElse(1_000_000_000);
        ScheduledFuture<?> unused = loop.schedule(
                () -> {
                    wakeUpPlanned = false;
                    send();
                },
                Math.max(1_000_000, wait),
                TimeUnit.NANOSECONDS);
    }

    private void finish(Lookup lookup, Resolved answer, int seconds) {
        if (lookup.isOver()) {
            return;
        }
        lookup.over = true;
        underWay.remove(lookup.name);
        cache.put(lookup.name, new Known(answer, System.nanoTime() + seconds * 1_000_000_000L));
        failed += answer instanceof Resolved.Failed ? 1 : 0;
        stats = new NameStats(
                names,
                failed,
                upstreams.stream().mapToLong(Upstream::asked).sum(),
                upstreams.stream().mapToLong(Upstream::lostCount).sum());
        lookup.askers.forEach(asker -> asker.complete(answer));
    }

    @Override
    public void close() {
        transport.close();
    }

    /** One name being looked up. */
    private final class Lookup {
        private final String name;
        private final List<CompletableFuture<Resolved>> askers = new ArrayList<>();
        private final List<Upstream> asked = new ArrayList<>();
        private DnsRecordType type = DnsRecordType.A;
        private int open;
        private boolean queued;
        private boolean over;
        private String trouble = "no answer";

        Lookup(String name) {
            this.name = name;
        }

        boolean isOver() {
            return over;
        }

        void enqueue() {
            if (!over && !queued) {
                queued = true;
                waiting.add(this);
                send();
            }
        }

        /** The best upstream with a query to spare, those not asked yet first; null when there is none. */
        @Nullable
        Upstream choose() {
            long now = System.nanoTime();
            return upstreams.stream()
                    .sorted(Comparator.comparing((Upstream u) -> times(u)).thenComparing(Upstream::score))
                    .filter(u -> u.take(now))
                    .findFirst()
                    .orElse(null);
        }

        private long times(Upstream upstream) {
            return asked.stream().filter(upstream::equals).count();
        }

        void ask(Upstream upstream) {
            queued = false;
            asked.add(upstream);
            open++;
            long started = System.nanoTime();
            DnsRecordType wanted = type;
            Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> query;
            try {
                query = transport.query(upstream.address(), new DefaultDnsQuestion(name + ".", wanted));
            } catch (RuntimeException e) {
                // A name that the library refuses must cost its askers an answer, not the others their lookups.
                open--;
                finish(this, new Resolved.Missing("the name cannot be asked for"), MISSING_SECONDS);
                return;
            }
            query.addListener((Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> f) -> {
                if (f.isSuccess()) {
                    try (ResponseHolder response = new ResponseHolder(f.getNow())) {
                        upstream.answered((System.nanoTime() - started) / 1e6);
                        answered(wanted, response.content());
                    }
                } else {
                    upstream.lost();
                    trouble = "the resolver does not answer";
                    open--;
                    again();
                }
            });
            ScheduledFuture<?> unused = loop.schedule(
                    () -> {
                        if (!query.isDone() && wanted.equals(type)) {
                            again();
                        }
                    },
                    upstream.hedgeMillis(),
                    TimeUnit.MILLISECONDS);
        }

        private void answered(DnsRecordType wanted, DnsResponse response) {
            open--;
            if (over || !wanted.equals(type)) {
                return;
            }
            if (response.code().equals(DnsResponseCode.NXDOMAIN)) {
                finish(this, new Resolved.Missing("no such name"), MISSING_SECONDS);
            } else if (!response.code().equals(DnsResponseCode.NOERROR)) {
                trouble = "the resolver says " + response.code();
                ScheduledFuture<?> unused =
                        loop.schedule(this::again, BACK_OFF_MILLIS << Math.min(4, asked.size()), TimeUnit.MILLISECONDS);
            } else {
                addresses(response);
            }
        }

        private void addresses(DnsResponse response) {
            List<InetAddress> found = new ArrayList<>();
            long ttl = MOST_TTL_SECONDS;
            for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
                if (response.recordAt(DnsSection.ANSWER, i) instanceof DnsRawRecord record
                        && record.type().equals(type)) {
                    byte[] bytes = new byte[record.content().readableBytes()];
                    record.content().getBytes(record.content().readerIndex(), bytes);
                    try {
                        found.add(InetAddress.getByAddress(bytes));
                        ttl = Math.min(ttl, record.timeToLive());
                    } catch (UnknownHostException e) {
                        trouble = "an address of " + bytes.length + " bytes";
                    }
                }
            }
            if (!found.isEmpty()) {
                finish(this, new Resolved.Found(found), (int) Math.max(LEAST_TTL_SECONDS, ttl));
            } else if (ipv6 && type.equals(DnsRecordType.A)) {
                type = DnsRecordType.AAAA;
                asked.clear();
                enqueue();
            } else {
                finish(this, new Resolved.Missing("the name has no address"), MISSING_SECONDS);
            }
        }

        private void again() {
            if (over) {
                return;
            }
            if (asked.size() < TRIES) {
                enqueue();
            } else if (open == 0) {
                finish(this, new Resolved.Failed(trouble), FAILED_SECONDS);
            }
        }
    }

    /** Releases an answer's buffers when it has been read. */
    private record ResponseHolder(AddressedEnvelope<DnsResponse, InetSocketAddress> envelope) implements AutoCloseable {
        DnsResponse content() {
            return envelope.content();
        }

        @Override
        public void close() {
            envelope.release();
        }
    }
}
