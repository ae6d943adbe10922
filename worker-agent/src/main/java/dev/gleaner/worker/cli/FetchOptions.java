package dev.gleaner.worker.cli;

import dev.gleaner.worker.fetch.Courtesy;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.UserAgent;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.tracker.UploadPace;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Options of everything that fetches from the web. */
final class FetchOptions {
    /** Nothing that would have to be resolved itself. */
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[?[0-9a-fA-F:.]+]?");

    @Option(
            names = "--contact",
            paramLabel = "ADDRESS",
            defaultValue = "https://github.com/gleaner-project/gleaner",
            description = "page or mail address in the User-Agent, for site owners (default: ${DEFAULT-VALUE})")
    String contact = "";

    @Option(
            names = "--allow-loopback",
            description = "let crawled links lead to this machine's loopback addresses; for the demo and tests only")
    boolean allowLoopback;

    @Option(
            names = "--per-host",
            paramLabel = "N",
            defaultValue = "4",
            description = "most requests to one site, a registered domain, at a time (default: ${DEFAULT-VALUE})")
    int perHost;

    @Option(
            names = "--dns",
            paramLabel = "SERVER",
            split = ",",
            description = "resolvers to ask for names, ADDRESS or ADDRESS:PORT; default: this machine's")
    List<String> dns = List.of();

    @Option(
            names = "--dns-rate",
            paramLabel = "N",
            defaultValue = "100",
            description = "most queries a second to each resolver (default: ${DEFAULT-VALUE})")
    int dnsRate;

    @Option(
            names = "--bandwidth-down",
            paramLabel = "MBIT",
            defaultValue = "0",
            description = "most megabits a second that pictures may take of your link; 0: no limit (default)")
    double bandwidthDown;

    @Option(
            names = "--bandwidth-up",
            paramLabel = "MBIT",
            defaultValue = "0",
            description = "most megabits a second that uploads may take of your link; 0: no limit (default)")
    double bandwidthUp;

    UploadPace uploads() {
        if (!(bandwidthUp >= 0)) {
            throw new Failure(Exit.USAGE, "--bandwidth-up must be 0 or more");
        }
        return new UploadPace(Math.round(bandwidthUp * 1e6 / 8));
    }

    Fetcher newFetcher() throws IOException {
        AddressGuard guard = allowLoopback ? AddressGuard.allowingLoopback() : AddressGuard.strict();
        if (perHost < 1 || dnsRate < 1 || !(bandwidthDown >= 0)) {
            throw new Failure(Exit.USAGE, "--per-host and --dns-rate must be 1 or more, --bandwidth-down 0 or more");
        }
        NameResolver.Settings resolving = new NameResolver.Settings(
                dns.stream().map(FetchOptions::resolver).toList(), dnsRate, reachesIpv6());
        Courtesy courtesy = new Courtesy(perHost, allowLoopback ? Duration.ZERO : Courtesy.DEFAULT.interval());
        Fetcher.Link link = new Fetcher.Link(Math.round(bandwidthDown * 1e6 / 8));
        return new Fetcher(guard, userAgent(), courtesy, resolving, link);
    }

    private static InetSocketAddress resolver(String given) {
        int colon = given.lastIndexOf(':');
        boolean port = colon > 0 && (given.indexOf(':') == colon || given.charAt(colon - 1) == ']');
        String host = port ? given.substring(0, colon) : given;
        try {
            if (!ADDRESS.matcher(host).matches()) {
                throw new IllegalArgumentException("a name");
            }
            return new InetSocketAddress(
                    InetAddress.getByName(host), port ? Integer.parseInt(given.substring(colon + 1)) : 53);
        } catch (UnknownHostException | IllegalArgumentException e) {
            throw new Failure(Exit.USAGE, "--dns takes addresses such as 9.9.9.9 or 127.0.0.1:5353, not " + given);
        }
    }

    /** Whether this machine has an IPv6 address of the public internet. */
    private static boolean reachesIpv6() throws IOException {
        return NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(a -> a instanceof Inet6Address && (a.getAddress()[0] & 0xE0) == 0x20);
    }

    String userAgent() throws IOException {
        return UserAgent.of(WorkerCommand.Version.text(), contact);
    }
}
