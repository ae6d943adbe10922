package dev.gleaner.tracker;

import dev.gleaner.tracker.cluster.ClusterSettings;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.storage.s3.S3Settings;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a tracker runs.
 *
 * @param host address to listen on
 * @param port 0 for any free one
 * @param data folder of what this tracker keeps itself: the embedded ledger and objects, bundles, the operators' token
 * @param trustedProxies addresses or subnets whose word on where a call comes from is believed
 * @param tls null for plain HTTP, as behind a proxy
 * @param dns name server that is asked for the TXT records of site owners; null for this machine's own
 * @param knownAddresses so many addresses of accepted jobs are remembered, by all trackers together
 * @param encoder the worker's jar, which embeds what searches by meaning look for; null: there are no such searches
 * @param cluster null for a tracker on its own, which opens no port for others
 */
public record TrackerConfig(
        String host,
        int port,
        Path data,
        LeaseSettings leases,
        LedgerPlace ledger,
        ObjectsPlace objects,
        @Nullable ClusterSettings cluster,
        List<String> trustedProxies,
        @Nullable Tls tls,
        @Nullable InetSocketAddress dns,
        long knownAddresses,
        @Nullable Path encoder) {
    /** Some 19 MB. */
    public static final long DEFAULT_KNOWN_ADDRESSES = 10_000_000;

    public TrackerConfig {
        trustedProxies = List.copyOf(trustedProxies);
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("the port must be 0 to 65535");
        }
        if (knownAddresses < 1_000 || knownAddresses > 100_000_000_000L) {
            throw new IllegalArgumentException("known addresses must be 1000 to 100000000000");
        }
        if (cluster != null && !(ledger instanceof LedgerPlace.Postgres && objects instanceof ObjectsPlace.S3)) {
            throw new IllegalArgumentException(
                    "several trackers need what they can share: a PostgreSQL ledger (--ledger) and an S3 store (--objects)");
        }
    }

    /** A tracker that asks this machine's own name servers and remembers the usual number of addresses. */
    public TrackerConfig(
            String host,
            int port,
            Path data,
            LeaseSettings leases,
            LedgerPlace ledger,
            ObjectsPlace objects,
            @Nullable ClusterSettings cluster,
            List<String> trustedProxies,
            @Nullable Tls tls) {
        this(
                host,
                port,
                data,
                leases,
                ledger,
                objects,
                cluster,
                trustedProxies,
                tls,
                null,
                DEFAULT_KNOWN_ADDRESSES,
                null);
    }

    /** A tracker with everything in its own folder. */
    public static TrackerConfig embedded(String host, int port, Path data, LeaseSettings leases) {
        return new TrackerConfig(
                host,
                port,
                data,
                leases,
                new LedgerPlace.Embedded(),
                new ObjectsPlace.Embedded(),
                null,
                List.of(),
                null);
    }

    /** A certificate chain and its key, both PEM. Read at start. */
    public record Tls(Path certificate, Path key) {}

    /** Where the ledger is. */
    public sealed interface LedgerPlace {
        /** A SQLite file in the data folder. */
        record Embedded() implements LedgerPlace {}

        /** A PostgreSQL database. Its text form names no secret. */
        record Postgres(
                String url, @Nullable String user, @Nullable String password) implements LedgerPlace {
            @Override
            public String toString() {
                return url.replaceAll("[?].*", "");
            }
        }
    }

    /** Where objects are. */
    public sealed interface ObjectsPlace {
        /** Files in the data folder. */
        record Embedded() implements ObjectsPlace {}

        record S3(S3Settings settings) implements ObjectsPlace {}
    }
}
