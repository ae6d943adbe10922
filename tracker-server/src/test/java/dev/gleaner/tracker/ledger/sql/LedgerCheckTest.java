package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Opinion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each rule of the check finds the violation that is planted for it, in a ledger that is sound but for that, and nothing else. The
 * ledger has a job in every state and an attempt in every state that some rule looks at.
 */
class LedgerCheckTest {
    private static final ManualClock CLOCK = new ManualClock();
    private static final int WATS = 25;

    // The jobs of campaign f, by what became of them.
    private static final long ACCEPTED = 1;
    private static final long CONFIRMED = 2;
    private static final long HELD = 3;
    private static final long LEASED = 4;
    private static final long QUARANTINED = 5;
    private static final long UNTOUCHED = 6;
    private static final long SUBMITTED = 8;
    private static final long UNCHAINED = 9;
    private static final long BELIEVED = 10;

    /** Of campaign w: batches cannot be retracted. */
    private static final long RETRACTED = WATS + 1;

    private static final String SUMS = "campaign f: its accepted manifests do not add up to its tally";
    private static final String JOBS = "campaign f: its jobs are ";

    @TempDir
    static Path folder;

    private static String epoch = "";

    /**
     * A violation.
     *
     * @param sql makes it of a sound ledger
     * @param faults the beginnings of what must be found, all of it and in this order
     */
    private record Planted(List<String> sql, List<String> faults) {
        static Planted finds(String fault, String... sql) {
            return new Planted(List.of(sql), List.of(fault));
        }

        Planted and(String fault) {
            return new Planted(
                    sql, Stream.concat(faults.stream(), Stream.of(fault)).toList());
        }

        @Override
        public String toString() {
            return faults + " after " + sql.get(0);
        }
    }

    @BeforeAll
    static void make() {
        try (SqlLedger ledger = open(folder.resolve("made.db"))) {
            epoch = ledger.epoch();
            String bundle = "b".repeat(64);
            List<String> paths = IntStream.range(0, WATS).mapToObj(i -> "p" + i).toList();
            Policy policy = Policy.laion400m();
            await(ledger.addCampaign(
                    new CampaignSpec("f", "https://x/", 1, bundle, policy, Stage.FETCH, null), paths, "op"));
            await(ledger.addCampaign(new CampaignSpec("w", "https://x/", 1, bundle, policy), List.of("p"), "op"));
            await(ledger.addCampaign(
                    new CampaignSpec("s", "https://x/", 1, bundle, policy, Stage.SCORE, "f"), List.of(), "op"));
            for (String worker : List.of("ada", "bela", "cleo")) {
                await(Newcomers.enrol(ledger.roster(), worker, worker));
            }
            finish(ledger, ACCEPTED, "ada", 1, null);
            grant(ledger, CONFIRMED, "ada");
            apply(ledger, CONFIRMED, new LedgerEvent.Expire(1, "late", true));
            finish(ledger, CONFIRMED, "bela", 2, null);
            submit(ledger, CONFIRMED, "ada", 1);
            hand(ledger, HELD, "ada");
            apply(ledger, HELD, new LedgerEvent.Hold(1, "waits"));
            grant(ledger, LEASED, "ada");
            apply(ledger, QUARANTINED, new LedgerEvent.Quarantine("set aside"));
            finish(ledger, RETRACTED, "ada", 1, null);
            await(ledger.retract(RETRACTED, 1, manifest(RETRACTED), Profile.none(), "wrong", "t"));
            hand(ledger, SUBMITTED, "ada");
            while (await(ledger.chain().extend()) > 0) {
                assertTrue(ledger.chain().head("f").isPresent());
            }
            finish(ledger, UNCHAINED, "bela", 1, null);
            finish(ledger, BELIEVED, "bela", 1, Opinion.BELIEVED);
            ledger.backup(sound());
        }
    }

    private static Path sound() {
        return folder.resolve("sound.db");
    }

    private static SqlLedger open(Path file) {
        return SqlLedger.sqlite(file, CLOCK, LedgerMonitor.NONE);
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static void apply(SqlLedger ledger, long job, LedgerEvent event) {
        assertTrue(await(ledger.apply(job, event, "t")).isPresent());
    }

    private static void grant(SqlLedger ledger, long job, String worker) {
        apply(ledger, job, new LedgerEvent.Grant(worker, "r" + job, Duration.ofHours(1), false));
    }

    private static Manifest manifest(long job) {
        return new Manifest(
                "b".repeat(64),
                "fp32",
                10,
                "0".repeat(30) + String.format("%02x", job),
                new Counts(1, 0, 1, 0, 5, 3, 1, Map.of("no_text", 2L), Map.of("dns", 2L), 7),
                List.of(new ShardObject("s", 11, String.format("%064x", job), 1)),
                1);
    }

    private static void submit(SqlLedger ledger, long job, String worker, int attempt) {
        String json = Sql.json(manifest(job));
        apply(
                ledger,
                job,
                new LedgerEvent.Submit(
                        worker,
                        new FencingToken(epoch, attempt),
                        json,
                        Sql.sha256(json),
                        manifest(job).candidateDigest()));
    }

    private static void hand(SqlLedger ledger, long job, String worker) {
        grant(ledger, job, worker);
        submit(ledger, job, worker, 1);
    }

    private static void finish(SqlLedger ledger, long job, String worker, int attempt, Opinion opinion) {
        grant(ledger, job, worker);
        submit(ledger, job, worker, attempt);
        await(ledger.accept(job, attempt, manifest(job), Profile.none(), opinion));
    }

    private static List<String> faultsAfter(List<String> sql) throws Exception {
        Path copy =
                Files.copy(sound(), Files.createTempDirectory(folder, "planted").resolve("ledger.db"));
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + copy);
                Statement statement = connection.createStatement()) {
            for (String line : sql) {
                assertTrue(statement.executeUpdate(line) > 0, "changes nothing: " + line);
            }
        } catch (SQLException e) {
            throw new AssertionError(String.join("; ", sql), e);
        }
        try (SqlLedger ledger = open(copy)) {
            return LedgerCheck.faults(ledger);
        }
    }

    private static String attempt(long job, int number, String worker, String state) {
        String json = Sql.json(manifest(job));
        return "INSERT INTO attempt (job, number, worker, state, request, granted_at, hard_cap, manifest, fingerprint, epoch)"
                + " VALUES (" + job + ", " + number + ", '" + worker + "', '" + state + "', 'r', 0, 1, '" + json
                + "', '"
                + Sql.sha256(json) + "', '" + epoch + "')";
    }

    private static String note(long job) {
        return "INSERT INTO unchained (notes) VALUES ('1 ACCEPT " + job + " " + epoch + " 1 "
                + Sql.sha256(Sql.json(manifest(job))) + " 0')";
    }

    private static String job(long job, String change) {
        return "UPDATE job SET " + change + " WHERE id = " + job;
    }

    private static String ofAttempt(long job, String change) {
        return "UPDATE attempt SET " + change + " WHERE number = 1 AND job = " + job;
    }

    private static String tally(String change) {
        return "UPDATE tally SET " + change + " WHERE campaign = 1";
    }

    static Stream<Planted> attempts() {
        String numbered = "attempts of a job are not numbered from 1 without a gap: job ";
        String noManifest = "an attempt that was handed in has no manifest: job ";
        String doubt = "an attempt is in doubt that cannot be: job ";
        return Stream.of(
                Planted.finds(
                        "a job's count of attempts is not the number of its attempts: job [6]",
                        job(UNTOUCHED, "attempts = 1")),
                Planted.finds(numbered + "[4]", ofAttempt(LEASED, "number = 2")),
                Planted.finds(
                        numbered + "[4]",
                        attempt(LEASED, 3, "bela", "EXPIRED"),
                        job(LEASED, "attempts = attempts + 1")),
                Planted.finds(
                        numbered + "[4]",
                        ofAttempt(LEASED, "number = 0"),
                        attempt(LEASED, 2, "bela", "EXPIRED"),
                        job(LEASED, "attempts = 2")),
                Planted.finds("a job's count of live attempts is wrong: job [4]", job(LEASED, "live = 2")),
                Planted.finds(
                        "a job has more than two live attempts: job [4]",
                        attempt(LEASED, 2, "bela", "SUBMITTED"),
                        attempt(LEASED, 3, "cleo", "LEASED"),
                        job(LEASED, "attempts = 3, live = 3")),
                Planted.finds(
                        "a worker works on a job twice: job [4]",
                        attempt(LEASED, 2, "ada", "SUBMITTED"),
                        job(LEASED, "attempts = 2, live = 2")),
                Planted.finds(
                        "an accepted attempt belongs to a job that is not done: job [6]",
                        attempt(UNTOUCHED, 1, "ada", "ACCEPTED"),
                        job(UNTOUCHED, "attempts = 1"),
                        note(UNTOUCHED)),
                Planted.finds(
                        "a job has more than one accepted attempt: job [9]",
                        attempt(UNCHAINED, 2, "ada", "ACCEPTED"),
                        job(UNCHAINED, "attempts = 2")),
                Planted.finds(noManifest + "[9]", ofAttempt(UNCHAINED, "manifest = NULL"))
                        .and("campaign f: the result of job 9 that counts has no manifest"),
                Planted.finds(noManifest + "[2]", ofAttempt(CONFIRMED, "manifest = NULL")),
                Planted.finds(noManifest + "[3]", ofAttempt(HELD, "manifest = NULL")),
                Planted.finds(noManifest + "[26]", ofAttempt(RETRACTED, "manifest = NULL")),
                Planted.finds(noManifest + "[8]", ofAttempt(SUBMITTED, "manifest = NULL")),
                Planted.finds(doubt + "[8]", ofAttempt(SUBMITTED, "doubt = 1")),
                Planted.finds(doubt + "[8]", ofAttempt(SUBMITTED, "doubt = 2")),
                Planted.finds(doubt + "[8]", ofAttempt(SUBMITTED, "doubt = 3")),
                Planted.finds("an attempt's worker is unknown: job [4]", ofAttempt(LEASED, "worker = 'dora'")));
    }

    static Stream<Planted> jobs() {
        String waits = "a job waits for another volunteer without a result that does, or the other way round: job ";
        return Stream.of(
                Planted.finds(
                        "a job that is not open has a live attempt: job [4]",
                        job(LEASED, "state = 'CANCELLED'"),
                        tally("leased = leased - 1, cancelled = cancelled + 1")),
                Planted.finds(
                        "a job is in no known state: job [6]",
                        job(UNTOUCHED, "state = 'LOST'"),
                        tally("free = free - 1")),
                Planted.finds(
                        "a done job has no accepted canonical attempt: job [1]",
                        ofAttempt(ACCEPTED, "state = 'RETRACTED'")),
                Planted.finds("a job that is not done has a canonical attempt: job [3]", job(HELD, "canonical = 1")),
                Planted.finds("a quarantined job has no reason: job [5]", job(QUARANTINED, "reason = NULL")),
                Planted.finds(waits + "[3]", job(HELD, "waiting = 0")),
                Planted.finds(waits + "[6]", job(UNTOUCHED, "waiting = 1")),
                Planted.finds(waits + "[3]", ofAttempt(HELD, "doubt = 0")),
                Planted.finds(
                        waits + "[3]",
                        job(HELD, "state = 'QUARANTINED', reason = 'x'"),
                        tally("free = free - 1, quarantined = quarantined + 1")),
                Planted.finds(
                        "a job changed without a line in the audit trail: job [6]", job(UNTOUCHED, "version = 1")),
                Planted.finds(
                        "a job changed without a line in the audit trail: job [4]",
                        "DELETE FROM audit WHERE subject = 'job 4'"));
    }

    static Stream<Planted> campaigns() {
        String slices = "a campaign does not have a job for each slice of each WAT: campaign [1]";
        String lacks = "a campaign that scores lacks a job for an accepted batch: campaign [3]";
        String notAccepted = "a scoring job works on what was not accepted: job [";
        String scoring =
                "INSERT INTO job (campaign, wat, slice, place, source_job, source_attempt) VALUES (3, 0, 0, 99, ";
        String oneMore = "UPDATE tally SET free = free + 1 WHERE campaign = 3";
        return Stream.of(
                Planted.finds(
                        "a campaign's count of results that confirm others is wrong: campaign [1]",
                        tally("confirming = confirming + 1")),
                Planted.finds(slices, "UPDATE campaign SET wats = wats + 1 WHERE name = 'f'"),
                Planted.finds(slices, "UPDATE campaign SET slices = 2 WHERE name = 'f'"),
                Planted.finds(
                        lacks,
                        "DELETE FROM job WHERE source_job = 1",
                        "UPDATE tally SET free = free - 1 WHERE campaign = 3"),
                Planted.finds(lacks, "UPDATE job SET source_attempt = 1 WHERE source_job = 2")
                        .and(notAccepted),
                Planted.finds(notAccepted, scoring + UNTOUCHED + ", 1)", oneMore),
                Planted.finds(notAccepted, scoring + UNTOUCHED + ", 0)", oneMore),
                Planted.finds(notAccepted, scoring + "999, 1)", oneMore));
    }

    static Stream<Planted> sums() {
        return Stream.of(
                Planted.finds(JOBS, tally("free = free + 1")),
                Planted.finds(JOBS, tally("leased = leased + 1")),
                Planted.finds(JOBS, tally("done = done + 1")),
                Planted.finds(JOBS, tally("quarantined = quarantined + 1")),
                Planted.finds(JOBS, tally("cancelled = cancelled + 1")),
                Planted.finds(SUMS, tally("bytes = bytes + 1")),
                Planted.finds(SUMS, tally("digest = '" + "f".repeat(32) + "'")),
                Planted.finds(SUMS, tally("counts = replace(counts, '\"members\":4', '\"members\":5')")),
                Planted.finds(
                        "campaign f: the manifest of job 9 is not the one that was handed in",
                        ofAttempt(UNCHAINED, "manifest = replace(manifest, 'fp32', 'fp16')")));
    }

    static Stream<Planted> chains() {
        String other = "a result in its campaign's chain has another manifest: job ";
        String unchained = "an accepted result is not in its campaign's chain: job ";
        String broken = "campaign f: link 1 of its chain does not follow the one before";
        return Stream.of(
                Planted.finds(other + "[1]", ofAttempt(ACCEPTED, "epoch = 'x'")),
                Planted.finds(other + "[1]", ofAttempt(ACCEPTED, "fingerprint = 'x'"))
                        .and("campaign f: the manifest of job 1 is not the one that was handed in"),
                Planted.finds(other + "[26, 26]", ofAttempt(RETRACTED, "fingerprint = NULL")),
                Planted.finds(unchained + "[9, 10]", "DELETE FROM unchained"),
                Planted.finds(broken, "UPDATE chain SET at = at + 1 WHERE seq = 1 AND campaign = 1"),
                Planted.finds(unchained + "[1]", "DELETE FROM chain WHERE seq = 1 AND campaign = 1")
                        .and(broken),
                // A link that says that it was taken back is no link of a result that counts.
                Planted.finds(unchained + "[1]", "UPDATE chain SET kind = 'RETRACT' WHERE job = 1")
                        .and(broken));
    }

    @ParameterizedTest
    @MethodSource({"attempts", "jobs", "campaigns", "sums", "chains"})
    void whatMustNeverBeIsFound(Planted planted) throws Exception {
        List<String> found = faultsAfter(planted.sql);
        assertEquals(planted.faults.size(), found.size(), found.toString());
        for (int i = 0; i < found.size(); i++) {
            assertTrue(found.get(i).startsWith(planted.faults.get(i)), found.toString());
        }
    }

    @Test
    void aSoundLedgerHasNoFaults() throws Exception {
        assertEquals(List.of(), faultsAfter(List.of()));
        assertEquals(
                List.of(),
                faultsAfter(List.of("UPDATE campaign SET wats = wats + 1, state = 'loading' WHERE name = 'f'")),
                "a campaign that still loads lacks jobs");
    }

    @Test
    void ofManyJobsSomeAreNamed() throws Exception {
        String found = String.join("\n", faultsAfter(List.of("UPDATE job SET version = version + 100")));
        assertTrue(found.endsWith("and more"), found);
        assertEquals(20, found.substring(found.indexOf('[')).split(",").length, found);
    }

    @Test
    void aLedgerThatCannotBeReadIsNotCalledSound() {
        assertThrows(
                Ledger.LedgerException.class,
                () -> faultsAfter(List.of("INSERT INTO unchained (notes) VALUES ('garbage')")));
    }
}
