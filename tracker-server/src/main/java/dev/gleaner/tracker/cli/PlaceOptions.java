package dev.gleaner.tracker.cli;

import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.TrackerConfig.LedgerPlace;
import dev.gleaner.tracker.TrackerConfig.ObjectsPlace;
import dev.gleaner.tracker.cluster.ClusterSettings;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.storage.s3.S3Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where ledger and objects are. Secrets come from the environment or from files, never from the command line. */
final class PlaceOptions {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "${env:GLEANER_DATA:-gleaner-data}",
            description =
                    "folder of the embedded ledger and objects, of bundles and the operators' token (default: $GLEANER_DATA, else gleaner-data)")
    Path data = Path.of("gleaner-data");

    @Option(
            names = "--ledger",
            paramLabel = "URL",
            defaultValue = "${env:GLEANER_LEDGER}",
            description =
                    "jdbc:postgresql://HOST/DATABASE for a ledger that several trackers share (default: $GLEANER_LEDGER, else a SQLite file in"
                            + " --data); user and password from $GLEANER_LEDGER_USER and $GLEANER_LEDGER_PASSWORD, or the file that"
                            + " $GLEANER_LEDGER_PASSWORD_FILE names")
    @Nullable
    String ledger;

    @Option(
            names = "--objects",
            paramLabel = "URL",
            defaultValue = "${env:GLEANER_OBJECTS}",
            description =
                    "s3://BUCKET[/PREFIX] for objects in an S3 store (default: $GLEANER_OBJECTS, else files in --data); credentials from"
                            + " $AWS_ACCESS_KEY_ID, $AWS_SECRET_ACCESS_KEY and $AWS_SESSION_TOKEN, each also as a file that the name with _FILE"
                            + " at its end names")
    @Nullable
    String objects;

    @Option(
            names = "--s3-endpoint",
            paramLabel = "URL",
            defaultValue = "${env:GLEANER_S3_ENDPOINT:-https://s3.amazonaws.com}",
            description = "the S3 store's address (default: $GLEANER_S3_ENDPOINT, else AWS)")
    URI endpoint = URI.create("https://s3.amazonaws.com");

    @Option(
            names = "--s3-public-endpoint",
            paramLabel = "URL",
            defaultValue = "${env:GLEANER_S3_PUBLIC_ENDPOINT}",
            description =
                    "the same store's address as workers reach it (default: $GLEANER_S3_PUBLIC_ENDPOINT, else --s3-endpoint)")
    @Nullable
    URI publicEndpoint;

    @Option(
            names = "--s3-region",
            paramLabel = "NAME",
            defaultValue = "${env:GLEANER_S3_REGION:-us-east-1}",
            description = "the S3 store's region (default: $GLEANER_S3_REGION, else us-east-1)")
    String region = "us-east-1";

    @Option(
            names = "--s3-virtual-host",
            description = "the bucket is part of the host's name, as AWS prefers; otherwise the first part of the path")
    boolean virtualHost;

    @Option(
            names = "--s3-part-size",
            paramLabel = "MIB",
            defaultValue = "64",
            description =
                    "workers upload larger objects in parts of so many MiB, 5 to 2048 (default: ${DEFAULT-VALUE})")
    long partMebibytes = S3Settings.DEFAULT_PART_BYTES >> 20;

    TrackerConfig config(
            String host,
            int port,
            LeaseSettings leases,
            @Nullable ClusterSettings cluster,
            List<String> trustedProxies,
            TrackerConfig.@Nullable Tls tls,
            @Nullable InetSocketAddress dns,
            long knownAddresses,
            @Nullable Path encoder)
            throws IOException {
        return new TrackerConfig(
                host,
                port,
                data,
                leases,
                ledgerPlace(),
                objectsPlace(),
                cluster,
                trustedProxies,
                tls,
                dns,
                knownAddresses,
                encoder);
    }

    /** For commands that run no tracker. */
    TrackerConfig config() throws IOException {
        return config(
                "127.0.0.1",
                0,
                LeaseSettings.DEFAULT,
                null,
                List.of(),
                null,
                null,
                TrackerConfig.DEFAULT_KNOWN_ADDRESSES,
                null);
    }

    private LedgerPlace ledgerPlace() throws IOException {
        if (ledger == null || ledger.isBlank()) {
            return new LedgerPlace.Embedded();
        }
        if (!ledger.startsWith("jdbc:postgresql:")) {
            throw new Failure(Exit.USAGE, "--ledger must be a jdbc:postgresql: address");
        }
        return new LedgerPlace.Postgres(ledger, secret("GLEANER_LEDGER_USER"), secret("GLEANER_LEDGER_PASSWORD"));
    }

    private ObjectsPlace objectsPlace() throws IOException {
        if (objects == null || objects.isBlank()) {
            return new ObjectsPlace.Embedded();
        }
        if (!objects.startsWith("s3://")) {
            throw new Failure(Exit.USAGE, "--objects must be an s3:// address");
        }
        String path = objects.substring("s3://".length());
        int slash = path.indexOf('/');
        String prefix = slash < 0 ? "" : path.substring(slash + 1);
        return new ObjectsPlace.S3(new S3Settings(
                endpoint,
                publicEndpoint == null ? endpoint : publicEndpoint,
                region,
                slash < 0 ? path : path.substring(0, slash),
                prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/",
                virtualHost,
                required("AWS_ACCESS_KEY_ID"),
                required("AWS_SECRET_ACCESS_KEY"),
                secret("AWS_SESSION_TOKEN"),
                partMebibytes << 20));
    }

    private static String required(String name) throws IOException {
        String value = secret(name);
        if (value == null) {
            throw new Failure(Exit.USAGE, "set " + name + ", or " + name + "_FILE to a file that holds it");
        }
        return value;
    }

    private static @Nullable String secret(String name) throws IOException {
        String file = System.getenv(name + "_FILE");
        if (file != null && !file.isBlank()) {
            return Files.readString(Path.of(file)).trim();
        }
        String value = System.getenv(name);
        return value == null || value.isBlank() ? null : value;
    }
}
