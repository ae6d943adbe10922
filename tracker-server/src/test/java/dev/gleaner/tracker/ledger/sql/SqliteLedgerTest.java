package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteLedgerTest {
    private static final CampaignSpec SPEC =
            new CampaignSpec("c", "https://data.commoncrawl.org/", 2, "b".repeat(64), Policy.laion400m());
    private static final Register.Request ADA =
            new Register.Request("ada", null, "agent/1", new Register.Capabilities(2, 1000, List.of("cpu"), "linux"));
    private static final Manifest MANIFEST = new Manifest(
            "b".repeat(64),
            "fp32",
            10,
            "0".repeat(31) + "7",
            new Counts(1, 0, 1, 0, 5, 3, 0, Map.of("no_text", 2L), Map.of("dns", 3L), 0),
            List.of(),
            1);

    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private SqliteLedger ledger;

    @BeforeEach
    void open() {
        ledger = new SqliteLedger(folder.resolve("ledger.db"), clock);
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private void reopen() {
        ledger.close();
        open();
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private Decision apply(long job, LedgerEvent event) {
        return await(ledger.apply(job, event, "test")).orElseThrow();
    }

    private Decision grant(long job, String worker) {
        return apply(job, new LedgerEvent.Grant(worker, "r1", Duration.ofHours(1)));
    }

    private LedgerEvent.Submit submit(String worker, int attempt) {
        return new LedgerEvent.Submit(
                worker, new FencingToken(ledger.epoch(), attempt), "{}", "print", MANIFEST.candidateDigest());
    }

    private void campaign() {
        await(ledger.addCampaign(SPEC, List.of("a.wat.gz", "b.wat.gz", "c.wat.gz"), "operator"));
        await(ledger.addWorker("ada", "hash", ADA));
    }

    @Test
    void aCampaignIsMadeOnceAndTheSameNameWithOtherContentsIsAConflict() {
        assertEquals(
                new Ledger.CampaignAdded(Ledger.CampaignAdded.Outcome.CREATED, 4),
                await(ledger.addCampaign(SPEC, List.of("a", "b"), "op")));
        assertEquals(
                Ledger.CampaignAdded.Outcome.EXISTED,
                await(ledger.addCampaign(SPEC, List.of("a", "b"), "op")).outcome());
        assertEquals(
                Ledger.CampaignAdded.Outcome.CONFLICT,
                await(ledger.addCampaign(SPEC, List.of("a", "c"), "op")).outcome());
        CampaignStatus status = ledger.campaigns().get(0);
        assertEquals(new CampaignStatus.Jobs(4, 0, 0, 0, 0), status.jobs());
    }

    @Test
    void jobsComeInAPseudoRandomOrderThatIsAlwaysTheSame() {
        List<String> paths = IntStream.range(0, 200).mapToObj(i -> "p" + i).toList();
        await(ledger.addCampaign(SPEC, paths, "op"));
        List<Long> order = ledger.ready(400, clock.instant()).stream()
                .map(Ledger.ReadyJob::job)
                .toList();
        assertEquals(400, Set.copyOf(order).size());
        assertNotEquals(order.stream().sorted().toList(), order);
        long neighbours = IntStream.range(1, 400)
                .filter(i -> Math.abs(order.get(i) - order.get(i - 1)) <= 2)
                .count();
        assertTrue(neighbours < 20, neighbours + " neighbours went out together");
        reopen();
        assertEquals(
                order,
                ledger.ready(400, clock.instant()).stream()
                        .map(Ledger.ReadyJob::job)
                        .toList());
    }

    @Test
    void whatWasAcknowledgedIsThereAfterTheProcessIsGone() throws Exception {
        campaign();
        grant(1, "ada");
        apply(1, submit("ada", 1));
        await(ledger.accept(1, 1, MANIFEST));
        grant(2, "ada");
        String epoch = ledger.epoch();
        // A second connection sees what a fresh process would see after a kill: nothing is only in memory.
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db"));
                Statement s = other.createStatement()) {
            assertTrue(s.executeQuery("SELECT 1 FROM job WHERE id = 1 AND state = 'DONE'")
                    .next());
        }
        reopen();
        assertEquals(epoch, ledger.epoch());
        assertEquals(1, ledger.campaigns().get(0).jobs().done());
        assertEquals(1, ledger.attempts(AttemptStatus.LEASED).size());
        assertEquals("0".repeat(31) + "7", ledger.campaigns().get(0).candidateDigest());
    }

    @Test
    void anAcceptedResultCountsOnceHoweverOftenItIsAccepted() {
        campaign();
        grant(1, "ada");
        apply(1, submit("ada", 1));
        for (int i = 0; i < 3; i++) {
            await(ledger.accept(1, 1, MANIFEST));
        }
        CampaignStatus status = ledger.campaigns().get(0);
        assertEquals(5, status.accepted().images());
        assertEquals(Map.of("dns", 3L), status.accepted().pairDrops());
        assertEquals(1, ledger.workers().get(0).accepted());
    }

    @Test
    void manyWhoWantOneJobGetItOnceAndNoTokenTwice() throws Exception {
        campaign();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<CompletableFuture<Boolean>> wins = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            String worker = "w" + i;
            wins.add(CompletableFuture.supplyAsync(() -> grant(1, worker) instanceof Decision.Applied, threads));
        }
        long won = wins.stream().filter(CompletableFuture::join).count();
        threads.shutdown();
        assertEquals(1, won);
        Set<String> tokens = new HashSet<>();
        for (int round = 1; round <= 5; round++) {
            JobView.AttemptView newest = ledger.view(1).orElseThrow().attempts().get(0);
            assertTrue(tokens.add(ledger.epoch() + newest.number()));
            apply(1, new LedgerEvent.Expire(newest.number(), "late", true));
            reopen();
            assertInstanceOf(Decision.Applied.class, grant(1, "w"));
        }
    }

    @Test
    void aDelayedJobIsNotReadyBeforeItsTime() {
        campaign();
        grant(3, "ada");
        apply(3, new LedgerEvent.Fail("ada", new FencingToken(ledger.epoch(), 1), FailureClass.BUG, "boom"));
        assertEquals(5, ledger.ready(10, clock.instant()).size());
        assertEquals(clock.instant().plusSeconds(10), ledger.nextDelayed().orElseThrow());
        clock.advance(Duration.ofSeconds(10));
        assertEquals(6, ledger.ready(10, clock.instant()).size());
    }

    @Test
    void pausedCampaignsHandOutNothing() {
        campaign();
        assertTrue(await(ledger.pauseCampaign("c", true, "op")));
        assertEquals(List.of(), ledger.ready(10, clock.instant()));
        assertTrue(await(ledger.pauseCampaign("c", false, "op")));
        assertEquals(6, ledger.ready(10, clock.instant()).size());
        assertEquals(false, await(ledger.pauseCampaign("none", true, "op")));
    }

    @Test
    void anUnknownJobIsEmptyAndStatesAreFiltered() {
        campaign();
        assertTrue(await(ledger.apply(99, new LedgerEvent.Requeue("why"), "op")).isEmpty());
        grant(1, "ada");
        apply(2, new LedgerEvent.Quarantine("operator: odd"));
        assertEquals(
                List.of(1L),
                ledger.views("c", "leased", 0, 10).stream().map(JobView::job).toList());
        assertEquals(
                List.of(2L),
                ledger.views(null, "quarantined", 0, 10).stream()
                        .map(JobView::job)
                        .toList());
        assertEquals(
                List.of(3L, 4L),
                ledger.views("c", "open", 0, 2).stream().map(JobView::job).toList());
        assertEquals(List.of(), ledger.views("other", null, 0, 10));
    }

    @Test
    void aFailingChangeLeavesTheOthersOfItsBatch() {
        campaign();
        CompletionStage<Void> twice = ledger.addWorker("ada", "other", ADA);
        CompletionStage<Void> bela = ledger.addWorker("bela", "belas", ADA);
        assertThrows(RuntimeException.class, () -> await(twice));
        await(bela);
        assertEquals("bela", ledger.workerByToken("belas").orElseThrow().worker());
    }

    @Test
    void aLedgerNewerThanTheProgramIsRefusedInWords() throws Exception {
        ledger.close();
        try (Connection c = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db"));
                Statement s = c.createStatement()) {
            s.execute("PRAGMA user_version = 99");
        }
        Ledger.LedgerException e = assertThrows(Ledger.LedgerException.class, this::open);
        assertTrue(e.getMessage().contains("99"), e.getMessage());
        try (Connection c = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db"));
                Statement s = c.createStatement()) {
            s.execute("PRAGMA user_version = 1");
        }
        open();
    }

    @Test
    void theSecretsSurviveARestart() {
        byte[] secret = ledger.secret("links");
        reopen();
        org.junit.jupiter.api.Assertions.assertArrayEquals(secret, ledger.secret("links"));
        assertEquals(32, secret.length);
    }
}
