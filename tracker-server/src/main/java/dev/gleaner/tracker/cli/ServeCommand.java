package dev.gleaner.tracker.cli;

import dev.gleaner.tracker.Tracker;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.cluster.ClusterSettings;
import dev.gleaner.tracker.lease.LeaseSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code serve}: runs the tracker. */
@Command(
        name = "serve",
        description = "Runs the tracker with its ledger, objects and page in one folder, until SIGTERM.",
        mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    PlaceOptions places = new PlaceOptions();

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description =
                    "address to listen on; to serve others, give --tls-cert or put a TLS proxy before it (default: ${DEFAULT-VALUE})")
    String host = "";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "port to listen on, 0 for any free one (default: ${DEFAULT-VALUE})")
    int port;

    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description = "PEM file with the certificate chain: serve HTTPS; needs --tls-key")
    @Nullable
    Path certificate;

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            description = "PEM file with the certificate's private key (PKCS #8)")
    @Nullable
    Path key;

    @Option(
            names = "--trusted-proxies",
            paramLabel = "ADDRESS[/BITS]",
            split = ",",
            defaultValue = "${env:GLEANER_TRUSTED_PROXIES}",
            description =
                    "proxies whose X-Forwarded-For is believed when workers are counted by their address (default: $GLEANER_TRUSTED_PROXIES, else none)")
    List<String> trustedProxies = List.of();

    @Option(
            names = "--dns-server",
            paramLabel = "ADDRESS[:PORT]",
            defaultValue = "${env:GLEANER_DNS_SERVER}",
            description =
                    "name server that is asked whether a site's owner wants no visits (default: $GLEANER_DNS_SERVER, else this machine's own)")
    @Nullable
    String dnsServer;

    @Option(
            names = "--lease-ttl",
            paramLabel = "SECONDS",
            defaultValue = "180",
            description = "a lease ends so long after its last heartbeat (default: ${DEFAULT-VALUE})")
    int ttl;

    @Option(
            names = "--lease-hard-cap",
            paramLabel = "SECONDS",
            defaultValue = "21600",
            description = "a lease ends so long after its grant, whatever beats (default: ${DEFAULT-VALUE})")
    int hardCap;

    @Option(
            names = "--heartbeat",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "how often workers beat (default: ${DEFAULT-VALUE})")
    int heartbeat;

    @Option(
            names = "--known-addresses",
            paramLabel = "N",
            defaultValue = "10000000",
            description =
                    "remember so many addresses of accepted jobs, for campaigns whose policy says skipKnown; some 15 bits each, of all trackers together, which must all say the same (default: ${DEFAULT-VALUE})")
    long knownAddresses;

    @Option(
            names = "--encoder",
            paramLabel = "JAR",
            defaultValue = "${env:GLEANER_ENCODER}",
            description =
                    "the worker's jar, which embeds what is looked for by meaning at /explore.html; some 600 MB of memory while somebody looks (default: $GLEANER_ENCODER, else no such searches)")
    @Nullable
    String encoder;

    @Option(
            names = "--cluster-host",
            paramLabel = "ADDRESS",
            defaultValue = "${env:GLEANER_CLUSTER_HOST}",
            description =
                    "a private address of this machine: run as one of several trackers, and let the others reach this one there (default:"
                            + " $GLEANER_CLUSTER_HOST, else a tracker on its own)")
    @Nullable
    String clusterHost;

    @Option(
            names = "--cluster-port",
            paramLabel = "PORT",
            defaultValue = "5701",
            description = "port of Hazelcast (default: ${DEFAULT-VALUE})")
    int clusterPort;

    @Option(
            names = "--cluster-bus-port",
            paramLabel = "PORT",
            defaultValue = "5702",
            description = "port of the event bus (default: ${DEFAULT-VALUE})")
    int busPort;

    @Option(
            names = "--cluster-members",
            paramLabel = "HOST[:PORT]",
            split = ",",
            defaultValue = "${env:GLEANER_CLUSTER_MEMBERS}",
            description =
                    "trackers to join, this one may be among them; a name with several addresses stands for all (default: $GLEANER_CLUSTER_MEMBERS)")
    List<String> clusterMembers = List.of();

    @Option(
            names = "--cluster-kubernetes",
            paramLabel = "SERVICE",
            description = "name of the headless service whose pods are the trackers, instead of --cluster-members")
    @Nullable
    String kubernetesService;

    @Option(
            names = "--cluster-name",
            paramLabel = "NAME",
            defaultValue = "gleaner",
            description = "trackers of other names are left alone (default: ${DEFAULT-VALUE})")
    String clusterName = "";

    ServeCommand(PrintStream out) {
        this.out = out;
    }

    private TrackerConfig.@Nullable Tls tls() {
        if ((certificate == null) != (key == null)) {
            throw new Failure(Exit.USAGE, "--tls-cert and --tls-key belong together");
        }
        return certificate == null || key == null ? null : new TrackerConfig.Tls(certificate, key);
    }

    private @Nullable ClusterSettings cluster() {
        if (clusterHost == null || clusterHost.isBlank()) {
            return null;
        }
        return new ClusterSettings(
                clusterName, clusterHost, clusterPort, busPort, given(clusterMembers), kubernetesService);
    }

    private @Nullable InetSocketAddress nameServer() {
        String text = dnsServer;
        if (text == null || text.isBlank()) {
            return null;
        }
        try {
            URI server = new URI("dns://" + text.strip());
            if (server.getHost() == null) {
                throw new URISyntaxException(text, "no address");
            }
            return new InetSocketAddress(server.getHost(), server.getPort() < 0 ? 53 : server.getPort());
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw new Failure(Exit.USAGE, "--dns-server must be an address, or address:port");
        }
    }

    private @Nullable Path encoder() {
        if (encoder == null || encoder.isBlank()) {
            return null;
        }
        Path jar = Path.of(encoder);
        if (!Files.isRegularFile(jar)) {
            throw new Failure(Exit.USAGE, "--encoder must be the worker's jar; there is no file " + jar);
        }
        return jar;
    }

    /** An empty environment variable is none. */
    private static List<String> given(@Nullable List<String> texts) {
        return texts == null
                ? List.of()
                : texts.stream().filter(text -> !text.isBlank()).toList();
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        LeaseSettings leases =
                new LeaseSettings(Duration.ofSeconds(ttl), Duration.ofSeconds(hardCap), Duration.ofSeconds(heartbeat));
        TrackerConfig config = places.config(
                host, port, leases, cluster(), given(trustedProxies), tls(), nameServer(), knownAddresses, encoder());
        boolean firstStart = !Files.exists(places.data.resolve("operator.token"));
        Tracker tracker = Tracker.start(config, InstantSource.system(), TrackerCommand.Version.text());
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            tracker.close();
                            stopped.countDown();
                        },
                        "stop"));
        out.println(
                "tracker listens on " + (certificate == null ? "http" : "https") + "://" + host + ":" + tracker.port());
        if (firstStart) {
            out.println(
                    Files.exists(tracker.operatorTokenFile())
                            ? "the operators' token was made and lies in " + tracker.operatorTokenFile()
                            : "the operators' token was made by another tracker of this ledger and lies there");
        }
        out.flush();
        stopped.await();
        return Exit.OK;
    }
}
