package dev.gleaner.worker.tracker;

import dev.gleaner.worker.wat.FileWatSource;
import dev.gleaner.worker.wat.HttpWatSource;
import dev.gleaner.worker.wat.InputUnavailableException;
import dev.gleaner.worker.wat.WatSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Where this worker takes WATs from. A tracker cannot widen it: only Common Crawl's host is compiled in, anything else the
 * volunteer allows by a flag.
 */
public final class WatOrigins {
    /** Common Crawl's public host. */
    public static final String COMMON_CRAWL = "data.commoncrawl.org";

    private final Set<String> hosts;
    private final List<Path> roots;
    private final boolean allowLoopback;
    private final String userAgent;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(20))
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    /**
     * @param hosts allowed beside Common Crawl's, https only
     * @param roots folders that {@code file:} WATs may lie in
     * @param allowLoopback whether http from this machine is allowed, for the demo and tests
     */
    public WatOrigins(Set<String> hosts, List<Path> roots, boolean allowLoopback, String userAgent) {
        this.hosts = Set.copyOf(hosts);
        this.roots = List.copyOf(roots);
        this.allowLoopback = allowLoopback;
        this.userAgent = userAgent;
    }

    /**
     * Opens a WAT if its origin is allowed.
     *
     * @param turns tells of a host whose turn it is to ask it
     * @throws RefusedException when it is not, with what the volunteer could do
     * @throws InputUnavailableException when it is no address at all
     */
    public WatSource open(String address, Function<String, HttpWatSource.Turn> turns) throws IOException {
        URI uri;
        try {
            uri = URI.create(address);
        } catch (IllegalArgumentException e) {
            throw new InputUnavailableException("the WAT's address is not one: " + e.getMessage());
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme();
        String host = uri.getHost() == null ? "" : uri.getHost();
        if (scheme.equals("file")) {
            Path file = Path.of(uri).toAbsolutePath().normalize();
            for (Path root : roots) {
                Path real = Files.exists(file) ? file.toRealPath() : file;
                if (real.startsWith(root.toRealPath())) {
                    return new FileWatSource(file);
                }
            }
            throw new RefusedException("this worker reads no files there; its owner may allow it with --wat-root");
        }
        boolean known = scheme.equals("https") && (host.equals(COMMON_CRAWL) || hosts.contains(host));
        boolean local = allowLoopback && scheme.equals("http") && isLoopback(host);
        if (!known && !local) {
            throw new RefusedException("this worker takes no WATs from " + scheme + "://" + host
                    + "; its owner may allow a host with --wat-host");
        }
        return new HttpWatSource(http, uri, userAgent, HttpWatSource.Pause.exponential(), turns.apply(host));
    }

    /** This worker does not read there: the volunteer's choice, and no fault of the job's. */
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return host.equals("localhost")
                    || (host.matches("[0-9.]+") && InetAddress.getByName(host).isLoopbackAddress());
        } catch (java.net.UnknownHostException e) {
            return false;
        }
    }
}
