package dev.gleaner.tracker.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.Places;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.service.Tokens;
import dev.gleaner.tracker.storage.ObjectKeys;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as an operator types them, on a real ledger. */
class LedgerCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int JOBS = 6;

    @TempDir
    Path folder;

    private Path data;
    private String said = "";

    private int run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        int code = TrackerCommand.execute(print, print, args);
        said = out.toString(StandardCharsets.UTF_8);
        return code;
    }

    private SqlLedger open() {
        return SqlLedger.sqlite(Places.ledgerFile(data), InstantSource.system(), LedgerMonitor.NONE);
    }

    @BeforeEach
    void make() throws Exception {
        data = Files.createDirectories(folder.resolve("data"));
        try (SqlLedger ledger = open()) {
            List<String> paths = IntStream.range(0, JOBS).mapToObj(i -> "p" + i).toList();
            ledger.addCampaign(new CampaignSpec("c", "https://x/", 1, "b".repeat(64), Policy.laion400m()), paths, "op")
                    .toCompletableFuture()
                    .join();
            Newcomers.enrol(ledger.roster(), "ada", Tokens.hash("secret"))
                    .toCompletableFuture()
                    .join();
        }
    }

    /** Does a job to its end, with one object in the store. */
    private void finish(long job) throws Exception {
        try (SqlLedger ledger = open()) {
            ledger.apply(job, new LedgerEvent.Grant("ada", "r" + job, Duration.ofHours(1), false), "ada")
                    .toCompletableFuture()
                    .join();
            int attempt = ledger.view(job).orElseThrow().attempts().get(0).number();
            FencingToken token = new FencingToken(ledger.epoch(), attempt);
            String body = "shard of job " + job;
            String sha = Tokens.hash(body);
            Path place = data.resolve("objects").resolve(ObjectKeys.accepted("c", job, token, sha));
            Files.createDirectories(place.getParent());
            Files.writeString(place, body);
            Manifest manifest = new Manifest(
                    "b".repeat(64),
                    "fp32",
                    1,
                    "0".repeat(31) + job,
                    new Counts(1, 0, 1, 0, 1, 1, 1, Map.of(), Map.of(), 1),
                    List.of(new ShardObject("shard-0.parquet", body.length(), sha, 1)),
                    1);
            ledger.apply(
                            job,
                            new LedgerEvent.Submit(
                                    "ada",
                                    token,
                                    JSON.writeValueAsString(manifest),
                                    Tokens.hash(JSON.writeValueAsString(manifest)),
                                    manifest.candidateDigest()),
                            "ada")
                    .toCompletableFuture()
                    .join();
            ledger.accept(job, attempt, manifest, Profile.none())
                    .toCompletableFuture()
                    .join();
        }
    }

    private CampaignStatus status() {
        try (SqlLedger ledger = open()) {
            return ledger.campaigns().get(0);
        }
    }

    @Test
    void aRestoredBackupConvergesToTheSameDatasetWhenTheLostWorkIsDoneAgain() throws Exception {
        Files.createDirectories(data.resolve("objects/coming"));
        finish(1);
        finish(2);
        Path copy = folder.resolve("backup.db");
        assertEquals(Exit.OK, run("ledger", "backup", "--data", data.toString(), "--to", copy.toString()), said);
        assertEquals(
                Exit.CANT_CREATE, run("ledger", "backup", "--data", data.toString(), "--to", copy.toString()), said);
        for (long job = 3; job <= JOBS; job++) {
            finish(job);
        }
        CampaignStatus whole = status();
        String epoch;
        try (SqlLedger ledger = open()) {
            epoch = ledger.epoch();
        }
        assertEquals(
                Exit.CANT_CREATE, run("ledger", "restore", "--data", data.toString(), "--from", copy.toString()), said);
        assertEquals(
                Exit.OK,
                run("ledger", "restore", "--replace", "--data", data.toString(), "--from", copy.toString()),
                said);
        assertEquals(2, status().jobs().done());
        assertEquals(Exit.OK, run("ledger", "verify", "--digests", "--data", data.toString()), said);
        for (long job = 3; job <= JOBS; job++) {
            finish(job);
        }
        CampaignStatus again = status();
        assertEquals(whole.accepted(), again.accepted());
        assertEquals(whole.candidateDigest(), again.candidateDigest());
        assertEquals(whole.bytesStored(), again.bytesStored());
        try (SqlLedger ledger = open()) {
            assertNotEquals(epoch, ledger.epoch());
        }
        assertTrue(Files.exists(data.resolve("ledger.db.before-restore-1")));
        assertEquals(Exit.OK, run("ledger", "verify", "--digests", "--data", data.toString()), said);
    }

    @Test
    void verifyFindsWhatIsMissingShortenedOrChanged() throws Exception {
        Files.createDirectories(data.resolve("objects/coming"));
        for (long job = 1; job <= 4; job++) {
            finish(job);
        }
        assertEquals(Exit.OK, run("ledger", "verify", "--data", data.toString()), said);
        assertTrue(said.contains("checked: 6 jobs, 4 accepted objects; faults: 0"), said);
        List<Path> objects;
        try (var walk = Files.walk(data.resolve("objects/accepted"))) {
            objects = walk.filter(Files::isRegularFile).sorted().toList();
        }
        Files.delete(objects.get(0));
        Files.writeString(objects.get(1), "short");
        Files.writeString(objects.get(2), "Shard of job 3");
        assertEquals(Exit.DATA, run("ledger", "verify", "--data", data.toString()), said);
        assertTrue(said.contains("is missing") && said.contains("has 5 bytes instead of 14"), said);
        assertTrue(said.contains("faults: 2"), said);
        assertEquals(Exit.DATA, run("ledger", "verify", "--digests", "--data", data.toString()), said);
        assertTrue(said.contains("has other bytes than its digest says"), said);
    }

    @Test
    void exportIsOneObjectALineAndHasNoSecret() throws Exception {
        finish(1);
        assertEquals(Exit.OK, run("ledger", "export", "--data", data.toString()), said);
        List<String> lines = said.lines().toList();
        for (String line : lines) {
            assertTrue(JSON.readTree(line).has("type"), line);
        }
        assertEquals(
                JOBS,
                lines.stream().filter(l -> l.startsWith("{\"type\":\"job\"")).count());
        assertTrue(lines.stream().anyMatch(l -> l.contains("\"action\":\"accept\"")));
        assertTrue(!said.contains(Tokens.hash("secret")) && !said.contains("secret."), said);
    }

    @Test
    void whatCannotBeDoneIsSaidInOneLine() throws Exception {
        assertEquals(
                Exit.NO_INPUT,
                run("ledger", "verify", "--data", folder.resolve("none").toString()),
                said);
        assertEquals(Exit.NO_INPUT, run("ledger", "restore", "--data", data.toString(), "--from", "none"), said);
        assertEquals(Exit.USAGE, run("ledger", "verify", "--data", data.toString(), "--ledger", "mysql://x"), said);
        assertEquals(1, said.lines().count(), said);
        try (AutoCloseable held = Places.lock(data)) {
            assertEquals(Exit.CANT_CREATE, run("ledger", "renew-epoch", "--data", data.toString()), said);
            assertTrue(said.contains("in use by a running tracker"), said);
        }
        assertEquals(Exit.OK, run("ledger", "renew-epoch", "--data", data.toString()), said);
    }
}
