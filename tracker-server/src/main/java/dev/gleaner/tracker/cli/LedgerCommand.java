package dev.gleaner.tracker.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.OperatorToken;
import dev.gleaner.tracker.Places;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.sql.LedgerCheck;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.service.Access;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ledger backup|restore|verify|export|renew-epoch|operator-token}: work on a ledger without a tracker. */
@Command(
        name = "ledger",
        description = "The ledger itself: back up, restore, verify, export.",
        mixinStandardHelpOptions = true,
        subcommands = picocli.CommandLine.HelpCommand.class)
final class LedgerCommand {
    private static final ObjectMapper LINES = JsonMapper.builder().build();
    private static final int PAGE = 1_000;
    private static final Ledger.JobQuery EVERY_JOB = new Ledger.JobQuery(null, null, null, null);
    private static final String ACTOR = "ledger-command";

    private final PrintStream out;

    LedgerCommand(PrintStream out) {
        this.out = out;
    }

    private static SqlLedger open(TrackerConfig config) throws IOException {
        if (config.ledger() instanceof TrackerConfig.LedgerPlace.Embedded
                && !Files.exists(Places.ledgerFile(config.data()))) {
            throw new Failure(
                    Exit.NO_INPUT, "there is no ledger in " + config.data() + "; name its folder with --data");
        }
        return Places.ledger(config, InstantSource.system(), LedgerMonitor.NONE);
    }

    private static AutoCloseable lock(TrackerConfig config) throws IOException {
        return config.ledger() instanceof TrackerConfig.LedgerPlace.Embedded ? Places.lock(config.data()) : () -> {};
    }

    @Command(
            name = "backup",
            description = "Writes a consistent copy of the embedded ledger; the tracker may run meanwhile.",
            mixinStandardHelpOptions = true)
    int backup(
            @Mixin PlaceOptions places,
            @Option(names = "--to", paramLabel = "FILE", required = true, description = "must not exist yet") Path to)
            throws IOException {
        if (Files.exists(to)) {
            throw new Failure(Exit.CANT_CREATE, to + " exists; a backup never overwrites anything");
        }
        try (SqlLedger ledger = open(places.config())) {
            ledger.backup(to);
        }
        out.println("the ledger was copied to " + to + " (" + Files.size(to) + " bytes); keep the objects, too");
        return Exit.OK;
    }

    @Command(
            name = "restore",
            description =
                    "Puts a backup in the place of the embedded ledger, with a new epoch: leases granted since the backup are over, and no fencing token is granted twice.",
            mixinStandardHelpOptions = true)
    int restore(
            @Mixin PlaceOptions places,
            @Option(names = "--from", paramLabel = "FILE", required = true, description = "a backup") Path from,
            @Option(names = "--replace", description = "move the ledger that is there aside") boolean replace)
            throws Exception {
        if (!Files.isRegularFile(from)) {
            throw new Failure(Exit.NO_INPUT, "there is no backup " + from);
        }
        TrackerConfig config = places.config();
        Path file = Places.ledgerFile(config.data());
        try (AutoCloseable held = Places.lock(config.data())) {
            if (Files.exists(file)) {
                if (!replace) {
                    throw new Failure(Exit.CANT_CREATE, file + " exists; say --replace to have it moved aside");
                }
                aside(file);
            }
            Files.copy(from, file);
            try (SqlLedger ledger = open(config)) {
                int ended = ledger.renewEpoch(ACTOR);
                List<String> faults = LedgerCheck.faults(ledger);
                faults.forEach(fault -> out.println("fault: " + fault));
                out.println(
                        "the backup is in place with a new epoch; " + ended + " leases were ended at nobody's cost");
                return faults.isEmpty() ? Exit.OK : Exit.DATA;
            }
        }
    }

    private static void aside(Path file) throws IOException {
        for (int n = 1; ; n++) {
            Path target = file.resolveSibling(file.getFileName() + ".before-restore-" + n);
            if (!Files.exists(target)) {
                // The write-ahead log holds what the file does not have yet: they belong together.
                for (String part : new String[] {"", "-wal", "-shm"}) {
                    Path from = file.resolveSibling(file.getFileName() + part);
                    if (Files.exists(from)) {
                        Files.move(from, file.resolveSibling(target.getFileName() + part));
                    }
                }
                return;
            }
        }
    }

    @Command(
            name = "verify",
            description =
                    "Checks every invariant of the ledger, and that the objects of all accepted results are in the store with their size.",
            mixinStandardHelpOptions = true)
    int verify(
            @Mixin PlaceOptions places,
            @Option(names = "--digests", description = "read every accepted object and check its SHA-256, too")
                    boolean digests,
            @Option(names = "--ledger-only", description = "do not look at the objects") boolean ledgerOnly)
            throws IOException {
        TrackerConfig config = places.config();
        try (SqlLedger ledger = open(config)) {
            List<String> faults = new ArrayList<>(LedgerCheck.faults(ledger));
            long objects = ledgerOnly
                    ? 0
                    : checkObjects(ledger, Places.objects(config, ledger, InstantSource.system()), digests, faults);
            faults.forEach(fault -> out.println("fault: " + fault));
            long jobs = ledger.campaigns().stream()
                    .map(CampaignStatus::jobs)
                    .mapToLong(j -> j.open() + j.leased() + j.done() + j.quarantined() + j.cancelled())
                    .sum();
            out.println("checked: " + jobs + " jobs, " + objects + " accepted objects"
                    + (digests ? " with their digests" : "") + "; faults: " + faults.size());
            return faults.isEmpty() ? Exit.OK : Exit.DATA;
        }
    }

    private static long checkObjects(SqlLedger ledger, ObjectStore store, boolean digests, List<String> faults) {
        long[] looked = {0};
        List<Bad> bad = new ArrayList<>();
        ledger.eachCanonical(result -> {
            try {
                Manifest manifest = LINES.readValue(result.manifest(), Manifest.class);
                for (ShardObject object : manifest.objects()) {
                    String key = ObjectKeys.accepted(result.campaign(), result.job(), result.token(), object.sha256());
                    String fault = fault(store, key, object, digests);
                    if (!fault.isEmpty()) {
                        bad.add(new Bad(result.job(), "object " + key + " " + fault));
                    }
                    looked[0]++;
                }
            } catch (IOException e) {
                throw new UncheckedIOException("the objects cannot be checked: " + e.getMessage(), e);
            }
        });
        for (Bad object : bad) {
            // Batches that have been scored may have been collected.
            if (!ledger.isSpent(object.job)) {
                faults.add("job " + object.job + ": " + object.fault);
            }
        }
        return looked[0];
    }

    private record Bad(long job, String fault) {}

    private static String fault(ObjectStore store, String key, ShardObject object, boolean digests) throws IOException {
        Optional<Long> size = store.size(key);
        if (size.isEmpty()) {
            return "is missing";
        }
        if (size.get() != object.bytes()) {
            return "has " + size.get() + " bytes instead of " + object.bytes();
        }
        if (digests) {
            try (ObjectStore.LocalCopy copy = store.open(key, object.bytes())) {
                return Digests.sha256(copy.path()).equals(object.sha256())
                        ? ""
                        : "has other bytes than its digest says";
            }
        }
        return "";
    }

    @Command(
            name = "export",
            description =
                    "Writes the ledger as JSON lines: campaigns, workers, jobs with their attempts, audit trail. No secrets.",
            mixinStandardHelpOptions = true)
    int export(
            @Mixin PlaceOptions places,
            @Option(names = "--to", paramLabel = "FILE", description = "default: standard output") @Nullable Path to)
            throws IOException {
        try (SqlLedger ledger = open(places.config());
                PrintStream file = to == null ? out : new PrintStream(to.toFile(), StandardCharsets.UTF_8)) {
            for (CampaignStatus campaign : ledger.campaigns()) {
                line(file, "campaign", campaign);
            }
            for (WorkerView worker : ledger.roster().workers()) {
                line(file, "worker", worker);
            }
            long after = 0;
            for (List<JobView> page = ledger.views(EVERY_JOB, after, PAGE);
                    !page.isEmpty();
                    page = ledger.views(EVERY_JOB, after, PAGE)) {
                for (JobView job : page) {
                    line(file, "job", job);
                    after = job.job();
                }
            }
            long before = Long.MAX_VALUE;
            for (List<Ledger.AuditRow> page = ledger.audit(before, PAGE, false);
                    !page.isEmpty();
                    page = ledger.audit(before, PAGE, false)) {
                for (Ledger.AuditRow row : page) {
                    line(file, "audit", auditLine(row));
                    before = row.id();
                }
            }
            if (file.checkError()) {
                throw new IOException("the export could not be written");
            }
        }
        return Exit.OK;
    }

    private static Map<String, Object> auditLine(Ledger.AuditRow row) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("id", row.id());
        line.put("at", row.at().toString());
        line.put("actor", row.actor());
        line.put("action", row.action());
        line.put("subject", row.subject());
        line.put("detail", row.detail());
        return line;
    }

    private static void line(PrintStream file, String type, Object value) throws IOException {
        file.print("{\"type\":\"" + type + "\",\"" + type + "\":" + LINES.writeValueAsString(value) + "}\n");
    }

    @Command(
            name = "renew-epoch",
            description =
                    "Gives the ledger a new epoch and ends all leases at nobody's cost. Needed after a PostgreSQL standby was promoted or a dump restored, with all trackers stopped.",
            mixinStandardHelpOptions = true)
    int renewEpoch(@Mixin PlaceOptions places) throws Exception {
        TrackerConfig config = places.config();
        try (AutoCloseable held = lock(config);
                SqlLedger ledger = open(config)) {
            int ended = ledger.renewEpoch(ACTOR);
            out.println("the ledger has a new epoch; " + ended + " leases were ended at nobody's cost");
            return Exit.OK;
        }
    }

    @Command(
            name = "operator-token",
            description =
                    "Makes a new operators' token and writes it to --data; the old one is over when the trackers start again.",
            mixinStandardHelpOptions = true)
    int operatorToken(@Mixin PlaceOptions places) throws Exception {
        TrackerConfig config = places.config();
        try (AutoCloseable held = lock(config);
                SqlLedger ledger = open(config)) {
            String token = Tokens.make();
            ledger.replace(Access.FIRST_TOKEN, Tokens.hash(token), ACTOR)
                    .toCompletableFuture()
                    .join();
            Path file = OperatorToken.file(config.data());
            OperatorToken.write(file, token);
            out.println("the new operators' token lies in " + file + "; start the trackers again");
            return Exit.OK;
        }
    }
}
