package dev.gleaner.tracker.ledger.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FailureClass;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Opinion;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.ledger.Reputation;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.Statistics;
import dev.gleaner.tracker.trust.Standing;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every ledger promises. Each database has a test class that says how to open one. */
abstract class LedgerContract {
    private static final CampaignSpec SPEC =
            new CampaignSpec("c", "https://data.commoncrawl.org/", 2, "b".repeat(64), Policy.laion400m());
    private static final Manifest MANIFEST = new Manifest(
            "b".repeat(64),
            "fp32",
            10,
            "0".repeat(31) + "7",
            new Counts(1, 0, 1, 0, 5, 3, 0, Map.of("no_text", 2L), Map.of("dns", 3L), 0),
            List.of(),
            1);

    private static final String MANIFEST_JSON = Sql.json(MANIFEST);

    final ManualClock clock = new ManualClock();
    SqlLedger ledger;

    /** Opens the ledger of this test, the same again when called again. */
    abstract SqlLedger openLedger();

    /** A connection of its own to the same database, as a fresh process would have it. */
    abstract Connection otherConnection() throws SQLException;

    /** Sets the schema's version as if a program of that version had written the ledger. */
    abstract String versionStatement(int version);

    @BeforeEach
    void open() {
        ledger = openLedger();
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private void reopen() {
        ledger.close();
        ledger = openLedger();
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private Decision apply(long job, LedgerEvent event) {
        return await(ledger.apply(job, event, "test")).orElseThrow();
    }

    private Decision grant(long job, String worker) {
        return apply(job, new LedgerEvent.Grant(worker, "r1", Duration.ofHours(1), false));
    }

    private LedgerEvent.Submit submit(String worker, int attempt) {
        return new LedgerEvent.Submit(
                worker, new FencingToken(ledger.epoch(), attempt), "{}", "print", MANIFEST.candidateDigest());
    }

    private void campaign() {
        await(ledger.addCampaign(SPEC, List.of("a.wat.gz", "b.wat.gz", "c.wat.gz"), "operator"));
        await(Newcomers.enrol(ledger.roster(), "ada", "hash"));
    }

    private void accepted(long job) {
        int number = grant(job, "ada") instanceof Decision.Applied applied
                ? applied.attempts().get(0).number()
                : 0;
        apply(
                job,
                new LedgerEvent.Submit(
                        "ada",
                        new FencingToken(ledger.epoch(), number),
                        MANIFEST_JSON,
                        Sql.sha256(MANIFEST_JSON),
                        MANIFEST.candidateDigest()));
        await(ledger.accept(job, number, MANIFEST, Profile.none()));
    }

    private List<Ledger.ReadyJob> ready(Stage stage) {
        return ledger.ready(stage, 100, clock.instant(), Share.ALL);
    }

    @Test
    void aScoringCampaignGetsAJobForEachBatchOnceWhetherItCameBeforeOrAfter() {
        CampaignSpec fetch = new CampaignSpec("f", SPEC.base(), 2, SPEC.bundle(), SPEC.policy(), Stage.FETCH, null);
        CampaignSpec score = new CampaignSpec("s", SPEC.base(), 2, SPEC.bundle(), SPEC.policy(), Stage.SCORE, "f");
        await(Newcomers.enrol(ledger.roster(), "ada", "hash"));
        assertEquals(
                Ledger.CampaignAdded.Outcome.NO_SOURCE,
                await(ledger.addCampaign(score, List.of(), "op")).outcome());
        await(ledger.addCampaign(fetch, List.of("a.wat.gz", "b.wat.gz"), "op"));
        assertEquals(List.of(), ready(Stage.WHOLE));
        List<Ledger.ReadyJob> fetches = ready(Stage.FETCH);
        assertEquals(4, fetches.size());
        accepted(fetches.get(0).job());
        assertEquals(
                new Ledger.CampaignAdded(Ledger.CampaignAdded.Outcome.CREATED, 1),
                await(ledger.addCampaign(score, List.of(), "op")));
        assertEquals(
                Ledger.CampaignAdded.Outcome.EXISTED,
                await(ledger.addCampaign(score, List.of(), "op")).outcome());
        accepted(fetches.get(1).job());
        await(ledger.accept(fetches.get(1).job(), 1, MANIFEST, Profile.none()));
        List<Ledger.ReadyJob> scores = ready(Stage.SCORE);
        assertEquals(2, scores.size());
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    new Ledger.Source(fetches.get(i).job(), 1), scores.get(i).source());
            assertEquals(fetches.get(i).watPath(), scores.get(i).watPath());
            assertEquals(fetches.get(i).slice(), scores.get(i).slice());
        }
        assertEquals(false, ledger.isSpent(fetches.get(0).job()));
        accepted(scores.get(0).job());
        assertEquals(true, ledger.isSpent(fetches.get(0).job()));
        assertEquals(false, ledger.isSpent(fetches.get(1).job()));
        assertEquals(false, ledger.isSpent(fetches.get(2).job()), "nothing of it is there yet");
        reopen();
        CampaignStatus status = ledger.campaigns().get(1);
        assertEquals(Stage.SCORE, status.stage());
        assertEquals("f", status.source());
        assertEquals(new CampaignStatus.Jobs(1, 0, 1, 0, 0), status.jobs());
        assertEquals(List.of(), LedgerCheck.faults(ledger));
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
        List<Long> order = ledger.ready(Stage.WHOLE, 400, clock.instant(), Share.ALL).stream()
                .map(Ledger.ReadyJob::job)
                .toList();
        assertEquals(400, Set.copyOf(order).size());
        List<String> wats = ledger.ready(Stage.WHOLE, 400, clock.instant(), Share.ALL).stream()
                .map(Ledger.ReadyJob::watPath)
                .toList();
        long neighbours = IntStream.range(1, 400)
                .filter(i -> Math.abs(number(wats.get(i)) - number(wats.get(i - 1))) <= 1)
                .count();
        assertTrue(neighbours < 20, neighbours + " neighbours went out together");
        reopen();
        assertEquals(
                order,
                ledger.ready(Stage.WHOLE, 400, clock.instant(), Share.ALL).stream()
                        .map(Ledger.ReadyJob::job)
                        .toList());
    }

    private static int number(String path) {
        return Integer.parseInt(path.substring(1));
    }

    @Test
    void whatWasAcknowledgedIsThereAfterTheProcessIsGone() throws Exception {
        campaign();
        grant(1, "ada");
        apply(1, submit("ada", 1));
        await(ledger.accept(1, 1, MANIFEST, Profile.none()));
        grant(2, "ada");
        String epoch = ledger.epoch();
        // A second connection sees what a fresh process would see after a kill: nothing is only in memory.
        try (Connection other = otherConnection();
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
            await(ledger.accept(1, 1, MANIFEST, Profile.none()));
        }
        CampaignStatus status = ledger.campaigns().get(0);
        assertEquals(5, status.accepted().images());
        assertEquals(Map.of("dns", 3L), status.accepted().pairDrops());
        assertEquals(1, ledger.roster().workers().get(0).accepted());
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
        assertEquals(
                5, ledger.ready(Stage.WHOLE, 10, clock.instant(), Share.ALL).size());
        assertEquals(clock.instant().plusSeconds(10), ledger.nextDelayed().orElseThrow());
        clock.advance(Duration.ofSeconds(10));
        assertEquals(
                6, ledger.ready(Stage.WHOLE, 10, clock.instant(), Share.ALL).size());
    }

    @Test
    void pausedCampaignsHandOutNothing() {
        campaign();
        assertTrue(await(ledger.pauseCampaign("c", true, "op")));
        assertEquals(List.of(), ledger.ready(Stage.WHOLE, 10, clock.instant(), Share.ALL));
        assertTrue(await(ledger.pauseCampaign("c", false, "op")));
        assertEquals(
                6, ledger.ready(Stage.WHOLE, 10, clock.instant(), Share.ALL).size());
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
                ledger.views(new Ledger.JobQuery("c", "leased", null, null), 0, 10).stream()
                        .map(JobView::job)
                        .toList());
        assertEquals(
                List.of(2L),
                ledger.views(new Ledger.JobQuery(null, "quarantined", null, null), 0, 10).stream()
                        .map(JobView::job)
                        .toList());
        assertEquals(
                List.of(3L, 4L),
                ledger.views(new Ledger.JobQuery("c", "open", null, null), 0, 2).stream()
                        .map(JobView::job)
                        .toList());
        assertEquals(List.of(), ledger.views(new Ledger.JobQuery("other", null, null, null), 0, 10));
    }

    @Test
    void aFailingChangeLeavesTheOthersOfItsBatch() {
        campaign();
        CompletionStage<?> twice = Newcomers.enrol(ledger.roster(), "ada", "other");
        CompletionStage<?> bela = Newcomers.enrol(ledger.roster(), "bela", "belas");
        assertThrows(RuntimeException.class, () -> await(twice));
        await(bela);
        assertEquals(
                "bela", ledger.roster().workerByToken("belas").orElseThrow().worker());
    }

    @Test
    void aLedgerNewerThanTheProgramIsRefusedInWords() throws Exception {
        ledger.close();
        try (Connection c = otherConnection();
                Statement s = c.createStatement()) {
            s.execute(versionStatement(99));
        }
        Ledger.LedgerException e = assertThrows(Ledger.LedgerException.class, this::openLedger);
        assertTrue(e.getMessage().contains("99"), e.getMessage());
        try (Connection c = otherConnection();
                Statement s = c.createStatement()) {
            s.execute(versionStatement(Migrations.VERSION));
        }
        ledger = openLedger();
    }

    @Test
    void aTrackerHandsOutItsOwnShareOnly() {
        await(ledger.addCampaign(
                SPEC, IntStream.range(0, 400).mapToObj(i -> "p" + i).toList(), "op"));
        Set<Integer> even = new HashSet<>();
        Set<Integer> odd = new HashSet<>();
        IntStream.range(0, Share.PARTITIONS).forEach(p -> (p % 2 == 0 ? even : odd).add(p));
        List<Long> mine = ready(new Share(even));
        List<Long> theirs = ready(new Share(odd));
        assertEquals(800, mine.size() + theirs.size());
        assertTrue(mine.stream().allMatch(job -> Share.partition(job) % 2 == 0));
        assertEquals(List.of(), ready(Share.NONE));
        Set<Long> all = new HashSet<>(mine);
        all.addAll(theirs);
        assertEquals(Set.copyOf(ready(Share.ALL)), all);
    }

    private List<Long> ready(Share share) {
        return ledger.ready(Stage.WHOLE, 1_000, clock.instant(), share).stream()
                .map(Ledger.ReadyJob::job)
                .toList();
    }

    @Test
    void aLargeCampaignThatACrashInterruptedGoesOnWhereItEnded() throws Exception {
        CampaignSpec spec = new CampaignSpec("big", "https://x/", 2_000, "b".repeat(64), Policy.laion400m());
        List<String> paths = IntStream.range(0, 25).mapToObj(i -> "p" + i).toList();
        CompletionStage<Ledger.CampaignAdded> first = ledger.addCampaign(spec, paths, "op");
        assertEquals(new Ledger.CampaignAdded(Ledger.CampaignAdded.Outcome.CREATED, 50_000), await(first));
        // As a crash in mid-load leaves it.
        try (Connection c = otherConnection();
                Statement s = c.createStatement()) {
            s.execute("UPDATE campaign SET state = 'loading' WHERE name = 'big'");
            s.execute("DELETE FROM job WHERE place >= 40000");
            s.execute("UPDATE tally SET free = 40000");
        }
        assertEquals(List.of(), ledger.ready(Stage.WHOLE, 10, clock.instant(), Share.ALL));
        assertEquals(
                Ledger.CampaignAdded.Outcome.CREATED,
                await(ledger.addCampaign(spec, paths, "op")).outcome());
        assertEquals(50_000, ledger.campaigns().get(0).jobs().open());
        assertEquals(
                Ledger.CampaignAdded.Outcome.EXISTED,
                await(ledger.addCampaign(spec, paths, "op")).outcome());
        assertEquals("", LedgerCheck.faults(ledger).toString().replaceAll("[\\[\\]]", ""));
    }

    /** Two trackers on one database, or one whose memory is wrong, at full speed: the ledger alone keeps order. */
    @Test
    void manyWritersInWildOrderNeverBreakAnInvariant() throws Exception {
        int jobs = 12;
        List<String> paths = IntStream.range(0, jobs / 2).mapToObj(i -> "p" + i).toList();
        await(ledger.addCampaign(SPEC, paths, "op"));
        for (int w = 0; w < 4; w++) {
            await(Newcomers.enrol(ledger.roster(), "w" + w, "hash" + w));
        }
        try (SqlLedger second = openLedger()) {
            ExecutorService threads = Executors.newFixedThreadPool(16);
            Set<String> tokens = java.util.concurrent.ConcurrentHashMap.newKeySet();
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                int seed = t;
                SqlLedger mine = t % 2 == 0 ? ledger : second;
                all.add(CompletableFuture.runAsync(() -> wild(mine, seed, jobs, tokens), threads));
            }
            all.forEach(CompletableFuture::join);
            threads.shutdown();
        }
        assertEquals(List.of(), LedgerCheck.faults(ledger));
    }

    private void wild(SqlLedger mine, int seed, int jobs, Set<String> tokens) {
        java.util.Random random = new java.util.Random(seed);
        for (int i = 0; i < 150; i++) {
            long job = 1 + random.nextInt(jobs);
            String worker = "w" + random.nextInt(4);
            int attempt = 1 + random.nextInt(4);
            FencingToken token = new FencingToken(mine.epoch(), attempt);
            LedgerEvent event =
                    switch (random.nextInt(9)) {
                        case 0, 1, 2 ->
                            new LedgerEvent.Grant(
                                    worker, "r" + seed + "." + i, Duration.ofHours(1), random.nextBoolean());
                        case 3 ->
                            new LedgerEvent.Submit(
                                    worker,
                                    token,
                                    MANIFEST_JSON,
                                    Sql.sha256(MANIFEST_JSON),
                                    MANIFEST.candidateDigest());
                        case 4 -> new LedgerEvent.Release(worker, token, "why");
                        case 5 -> new LedgerEvent.Fail(worker, token, FailureClass.NETWORK, "net");
                        case 6 -> new LedgerEvent.Expire(attempt, "late", true);
                        case 7 -> new LedgerEvent.Requeue("again");
                        default -> new LedgerEvent.Accept(attempt);
                    };
            Decision decision = event instanceof LedgerEvent.Accept
                    ? await(mine.accept(job, attempt, MANIFEST, Profile.none())).orElseThrow()
                    : await(mine.apply(job, event, "test")).orElseThrow();
            if (event instanceof LedgerEvent.Grant && decision instanceof Decision.Applied applied) {
                String granted = job + "/" + applied.attempts().get(0).number();
                assertTrue(tokens.add(granted), granted + " was granted twice");
            }
        }
    }

    @Test
    void aRenewedEpochEndsAllLeasesAtNobodysCostAndGrantsNoTokenTwice() {
        campaign();
        grant(1, "ada");
        String before = ledger.epoch();
        assertEquals(1, ledger.renewEpoch("operator"));
        reopen();
        assertNotEquals(before, ledger.epoch());
        assertEquals(AttemptStatus.EXPIRED, ledger.attempt(1, 1).orElseThrow().status());
        assertEquals(0, ledger.view(1).orElseThrow().points());
        grant(1, "ada");
        assertEquals(
                new FencingToken(ledger.epoch(), 2),
                ledger.attempt(1, 2).orElseThrow().token());
        // The old lease keeps its token: its late result is still known for what it is.
        assertEquals(
                new FencingToken(before, 1), ledger.attempt(1, 1).orElseThrow().token());
        assertInstanceOf(
                Decision.Refused.class,
                apply(1, new LedgerEvent.Release("ada", new FencingToken(before, 2), "not mine")));
    }

    @Test
    void theAuditTrailTellsEveryTransitionNewestFirst() {
        campaign();
        grant(1, "ada");
        apply(1, submit("ada", 1));
        List<Ledger.AuditRow> trail = ledger.audit(Long.MAX_VALUE, 2, false);
        assertEquals(
                List.of("submit", "grant"),
                trail.stream().map(Ledger.AuditRow::action).toList());
        assertEquals("attempt 1 LEASED -> SUBMITTED; ", trail.get(0).detail());
        assertEquals(
                "campaign-create",
                ledger.audit(trail.get(1).id(), 10, false).get(0).action());
    }

    private Roster.WorkerRow ada() {
        return ledger.roster().workerByToken("hash").orElseThrow();
    }

    @Test
    void goodResultsDoubleAWorkersStandingAndFaultsOfItsOwnLowerIt() {
        await(ledger.addCampaign(
                SPEC, IntStream.range(0, 20).mapToObj(i -> "p" + i).toList(), "operator"));
        await(Newcomers.enrol(ledger.roster(), "ada", "hash"));
        assertEquals(List.of(10, 0), List.of(ada().standing(), ada().streak()));
        for (int job = 1; job <= 3; job++) {
            grant(job, "ada");
            apply(job, submit("ada", 1));
            await(ledger.accept(job, 1, MANIFEST, Profile.none()));
        }
        assertEquals(List.of(80, 3), List.of(ada().standing(), ada().streak()));
        grant(4, "ada");
        apply(4, new LedgerEvent.Expire(1, "the tracker was to blame", true));
        assertEquals(List.of(80, 3), List.of(ada().standing(), ada().streak()));
        grant(5, "ada");
        apply(5, submit("ada", 1));
        apply(5, new LedgerEvent.Reject(1, "a wrong sum"));
        assertEquals(List.of(79, 0), List.of(ada().standing(), ada().streak()));
        for (int job = 6; job <= 10; job++) {
            grant(job, "ada");
            apply(job, submit("ada", 1));
            await(ledger.accept(job, 1, MANIFEST, Profile.none()));
        }
        assertEquals(List.of(1_000, 5), List.of(ada().standing(), ada().streak()));
        assertEquals(1_000, ledger.roster().workers().get(0).standing());
    }

    private void handIn(long job, String worker, int attempt) {
        grant(job, worker);
        apply(
                job,
                new LedgerEvent.Submit(
                        worker,
                        new FencingToken(ledger.epoch(), attempt),
                        MANIFEST_JSON + " ".repeat(attempt),
                        Sql.sha256(MANIFEST_JSON + " ".repeat(attempt)),
                        MANIFEST.candidateDigest()));
    }

    private WorkerView worker(String id) {
        return ledger.roster().workers().stream()
                .filter(w -> w.worker().equals(id))
                .findAny()
                .orElseThrow();
    }

    @Test
    void aHeldResultLetsItsJobGoFirstAndComparingChangesWhatIsProven() {
        campaign();
        await(Newcomers.enrol(ledger.roster(), "bela", "hash b"));
        await(Newcomers.enrol(ledger.roster(), "cleo", "hash c"));
        assertTrue(await(ledger.reputation().replicate("c", Replication.ADAPTIVE, "op")));
        assertEquals(Optional.of(Replication.ADAPTIVE), ledger.reputation().replication("c"));
        assertEquals(Replication.ADAPTIVE, ledger.campaigns().get(0).replication());
        long last = ready(Stage.WHOLE).get(5).job();
        handIn(last, "ada", 1);
        apply(last, new LedgerEvent.Hold(1, "waits"));
        assertEquals(last, ready(Stage.WHOLE).get(0).job());
        assertEquals(
                List.of(new Reputation.Result(last, 1)), ledger.reputation().waiting("c"));
        List<Ledger.Tried> tried = ledger.tried(List.of(last)).get(last);
        assertTrue(tried.get(0).waits());
        assertTrue(tried.get(0).party().contains("worker ada"));
        handIn(last, "bela", 2);
        apply(last, new LedgerEvent.Hold(2, "waits"));
        handIn(last, "cleo", 3);
        assertEquals(
                List.of(1, 2, 3),
                ledger.reputation().handedIn(last).stream()
                        .map(h -> h.token().attempt())
                        .toList());
        Opinion opinion = new Opinion(
                true,
                Map.of(1, Standing.Outcome.WRONG, 3, Standing.Outcome.CONFIRMED),
                Map.of(1, "other similarities"));
        await(ledger.accept(last, 2, MANIFEST, Profile.none(), opinion));
        assertEquals(1, worker("bela").proven());
        assertEquals(1, worker("cleo").proven());
        assertEquals(2, worker("ada").suspicion());
        assertEquals(1, ledger.campaigns().get(0).confirming());
        assertEquals(List.of(), LedgerCheck.faults(ledger));
        Reputation.Suspect suspect = ledger.reputation().suspects().get(0);
        assertEquals("ada", suspect.worker());
        await(ledger.reputation().settled(suspect));
        assertEquals(List.of(), ledger.reputation().suspects());
        assertTrue(await(ledger.reputation().replicate("c", null, "op")));
        assertEquals(Optional.empty(), ledger.reputation().replication("c"));
        assertFalse(await(ledger.reputation().replicate("none", null, "op")));
    }

    @Test
    void whatIsTakenBackLeavesNoTraceInTheSumsAndCanBeGivenBack() {
        campaign();
        await(Newcomers.enrol(ledger.roster(), "bela", "hash b"));
        Profile.Builder profile = new Profile.Builder();
        profile.add(0.31f, "en", "JPEG", 640, 480, null);
        accepted(1);
        CampaignStatus before = ledger.campaigns().get(0);
        handIn(2, "bela", 1);
        await(ledger.accept(2, 1, MANIFEST, profile.build(), Opinion.BELIEVED));
        assertEquals(List.of(new Reputation.Result(2, 1)), ledger.reputation().unchecked("bela", 0));
        assertTrue(await(ledger.reputation().convict("bela", "op")));
        assertFalse(await(ledger.reputation().convict("bela", "op")));
        assertEquals(List.of(new Reputation.Result(2, 1)), ledger.reputation().vouchedForByNobody("bela"));
        assertInstanceOf(
                Decision.Applied.class,
                await(ledger.retract(2, 1, MANIFEST, profile.build(), "found out", "tracker"))
                        .orElseThrow());
        CampaignStatus after = ledger.campaigns().get(0);
        assertEquals(before.accepted(), after.accepted());
        assertEquals(before.candidateDigest(), after.candidateDigest());
        assertEquals(before.jobs(), after.jobs());
        assertEquals(
                Profile.none(),
                ledger.statistics().profile("c").orElseThrow(),
                "nothing but what was retracted had one");
        assertEquals(0, worker("bela").kept());
        assertEquals(0, worker("bela").accepted());
        assertEquals(List.of(new Reputation.Result(2, 1)), ledger.reputation().leaving(10));
        await(ledger.reputation().left(new Reputation.Result(2, 1)));
        assertEquals(List.of(), ledger.reputation().leaving(10));
        assertEquals(List.of(), LedgerCheck.faults(ledger));
        assertEquals(List.of(new Reputation.Result(2, 1)), ledger.reputation().retracted("bela"));
        assertTrue(await(ledger.reputation().pardon("bela", "op")));
        await(ledger.reinstate(2, 1, MANIFEST, profile.build(), "op"));
        assertEquals(2, ledger.campaigns().get(0).jobs().done());
        assertEquals(1, worker("bela").accepted());
        assertEquals(0, worker("bela").rejected());
        assertEquals(List.of(), ledger.reputation().retracted("bela"));
        assertEquals(List.of(), LedgerCheck.faults(ledger));
    }

    @Test
    void whatAnHonestWorkerConfirmedStaysWhoeverElseIsConvicted() {
        campaign();
        await(Newcomers.enrol(ledger.roster(), "bela", "hash b"));
        await(Newcomers.enrol(ledger.roster(), "cleo", "hash c"));
        for (int job = 1; job <= 2; job++) {
            handIn(job, "ada", 1);
            apply(job, new LedgerEvent.Hold(1, "waits"));
            handIn(job, job == 1 ? "bela" : "cleo", 2);
            await(ledger.accept(
                    job,
                    1,
                    MANIFEST,
                    Profile.none(),
                    new Opinion(true, Map.of(2, Standing.Outcome.CONFIRMED), Map.of())));
        }
        await(ledger.reputation().convict("ada", "op"));
        assertEquals(List.of(), ledger.reputation().vouchedForByNobody("ada"));
        await(ledger.reputation().convict("bela", "op"));
        assertEquals(
                List.of(new Reputation.Result(1, 1)),
                ledger.reputation().vouchedForByNobody("bela"),
                "the two stood for each other");
    }

    @Test
    void anInvitationLetsInAsManyAsItIsForAlsoWhenAllComeAtOnceToTwoTrackers() throws Exception {
        Roster.Invitation five = new Roster.Invitation("i1", "friends", 5, 0, clock.instant(), null, false);
        await(ledger.roster().invite(five, "code", "op"));
        ExecutorService threads = Executors.newFixedThreadPool(8);
        Enrolment onlyInvited = new Enrolment(Enrolment.Mode.INVITATION, 0);
        try (SqlLedger second = openLedger()) {
            List<CompletableFuture<Enrolment.Answer>> answers = IntStream.range(0, 20)
                    .mapToObj(i -> CompletableFuture.supplyAsync(
                            () -> await((i % 2 == 0 ? ledger : second)
                                    .roster()
                                    .enrol(Newcomers.with("w" + i, "hash" + i, "code"), onlyInvited)),
                            threads))
                    .toList();
            long welcome = answers.stream()
                    .filter(answer -> answer.join() instanceof Enrolment.Answer.Welcome)
                    .count();
            assertEquals(5, welcome);
        }
        threads.shutdown();
        assertEquals(5, ledger.roster().workers().size());
        assertEquals(5, ledger.roster().invitations().get(0).used());
        assertEquals(true, await(ledger.roster().withdrawInvitation("i1", "op")));
        assertTrue(ledger.roster().invitations().get(0).withdrawn());
    }

    @Test
    void aWorkersTokenChangesOnceItIsNobodyElses() {
        await(Newcomers.enrol(ledger.roster(), "ada", "hash"));
        await(Newcomers.enrol(ledger.roster(), "bela", "belas"));
        assertEquals(false, await(ledger.roster().changeToken("ada", "belas")));
        assertEquals(true, await(ledger.roster().changeToken("ada", "next")));
        assertEquals(true, await(ledger.roster().changeToken("ada", "next")), "a call that is made again");
        assertEquals("ada", ledger.roster().workerByToken("next").orElseThrow().worker());
        assertTrue(ledger.roster().workerByToken("hash").isEmpty());
    }

    @Test
    void aKeyIsThereUntilRevokedAndARevokedOneStaysSo() {
        Roster.AccessKey key = new Roster.AccessKey("k1", "Grace", Roster.Role.VIEWER, clock.instant(), null, false);
        await(ledger.roster().addKey(key, "first", "op"));
        assertEquals(key, ledger.roster().keyByToken("first").orElseThrow());
        assertEquals(true, await(ledger.roster().changeKey("k1", "second", "op")));
        assertTrue(ledger.roster().keyByToken("first").isEmpty());
        assertEquals(true, await(ledger.roster().revokeKey("k1", "op")));
        assertEquals(false, await(ledger.roster().revokeKey("k1", "op")));
        assertEquals(false, await(ledger.roster().changeKey("k1", "third", "op")));
        assertTrue(ledger.roster().keyByToken("second").orElseThrow().revoked());
        assertEquals(
                List.of("key-revoke", "key-rotate", "key-create"),
                ledger.audit(Long.MAX_VALUE, 3, false).stream()
                        .map(Ledger.AuditRow::action)
                        .toList());
    }

    @Test
    void whoWaitsForApprovalWorksWhenItCame() {
        Enrolment approval = new Enrolment(Enrolment.Mode.APPROVAL, 0);
        await(ledger.roster().enrol(Newcomers.of("ada", "hash"), approval));
        assertTrue(ada().waiting());
        assertEquals(true, await(ledger.roster().admitWorker("ada", "op")));
        assertEquals(false, await(ledger.roster().admitWorker("ada", "op")));
        assertEquals(false, ada().waiting());
        assertEquals(true, await(ledger.roster().banWorker("ada", true, "op")));
        assertTrue(ada().banned());
    }

    @Test
    void whatOperatorsWantOfAWorkerIsKeptUntilTheySayOtherwise() {
        await(ledger.roster().enrol(Newcomers.of("ada", "hash"), Enrolment.DEFAULT));
        assertEquals(Heartbeat.Directive.NONE, ada().directive());
        assertEquals(
                true, await(ledger.roster().directWorker("ada", Heartbeat.Directive.PAUSE, "the store is full", "op")));
        assertEquals(false, await(ledger.roster().directWorker("nobody", Heartbeat.Directive.PAUSE, null, "op")));
        reopen();
        assertEquals(Heartbeat.Directive.PAUSE, ada().directive());
        assertEquals("the store is full", ada().message());
        assertEquals(
                "worker-pause", ledger.audit(Long.MAX_VALUE, 1, false).get(0).action());
        assertEquals(true, await(ledger.roster().directWorker("ada", Heartbeat.Directive.NONE, null, "op")));
        assertEquals(Heartbeat.Directive.NONE, ledger.roster().workers().get(0).directive());
        org.junit.jupiter.api.Assertions.assertNull(ada().message());
    }

    @Test
    void whatAWorkerSaysOfItselfIsKept() {
        await(ledger.roster().enrol(Newcomers.of("ada", "hash"), Enrolment.DEFAULT));
        await(ledger.roster().directWorker("ada", Heartbeat.Directive.UPDATE, null, "op"));
        assertEquals(true, await(ledger.roster().changeAgent("ada", "gleaner-worker/2")));
        assertEquals(false, await(ledger.roster().changeAgent("ada", "gleaner-worker/2")), "nothing new");
        List<Trouble> troubles = List.of(new Trouble(Trouble.Kind.RESOLVER, 30), new Trouble(Trouble.Kind.LINK, 40));
        assertEquals(true, await(ledger.roster().noteTroubles("ada", troubles)));
        WorkerView ada = ledger.roster().workers().get(0);
        assertEquals("gleaner-worker/2", ada.agent());
        assertEquals(Heartbeat.Directive.NONE, ada.directive());
        assertEquals(troubles, ada.troubles());
        await(ledger.roster().noteTroubles("ada", List.of()));
        assertEquals(List.of(), ledger.roster().workers().get(0).troubles());
        assertEquals(List.of(), ledger.roster().given(), "it gave nothing yet");
    }

    @Test
    void theSecretsSurviveARestart() {
        byte[] secret = ledger.secret("links");
        reopen();
        org.junit.jupiter.api.Assertions.assertArrayEquals(secret, ledger.secret("links"));
        assertEquals(32, secret.length);
    }

    @Test
    void statisticsSayWhatCameInWhenAndFromWhom() {
        campaign();
        await(Newcomers.enrol(ledger.roster(), "bela", "hash2"));
        Statistics statistics = ledger.statistics();
        long today = Math.floorDiv(clock.millis(), 86_400_000L);
        assertEquals(List.of(), statistics.leaders(Statistics.By.PERSON, null, 10));
        assertEquals(List.of(), statistics.progress("c", Instant.EPOCH, Statistics.INTERVAL));
        assertEquals(Optional.empty(), statistics.profile("other"));
        assertEquals(Optional.empty(), statistics.field("other"));

        Profile.Builder profile = new Profile.Builder();
        profile.add(0.31f, "en-GB", "JPEG", 600, 400, null);
        grant(1, "ada");
        assertEquals(new Statistics.Crowd(2, 1, 1), statistics.crowd());
        assertEquals(1, statistics.versions(today).get(0).atWork());
        apply(1, handedIn("ada", 1));
        await(ledger.accept(1, 1, MANIFEST, profile.build()));
        clock.advance(Duration.ofMinutes(11));
        grant(2, "bela");
        apply(2, handedIn("bela", 1));
        await(ledger.accept(2, 1, MANIFEST, profile.build()));
        clock.advance(Duration.ofDays(1));
        grant(3, "ada");
        apply(3, handedIn("ada", 1));
        apply(3, new LedgerEvent.Reject(1, "bad"));

        assertEquals(Map.of("0.30", 2L), statistics.profile("c").orElseThrow().similarity());
        assertEquals(Map.of("en", 2L), statistics.profile("c").orElseThrow().language());
        List<Statistics.Interval> intervals = statistics.progress("c", Instant.EPOCH, Statistics.INTERVAL);
        assertEquals(2, intervals.size());
        assertEquals(MANIFEST.counts().kept(), intervals.get(0).kept());
        assertEquals(0, intervals.get(0).at().toEpochMilli() % 300_000);
        assertEquals(
                2,
                statistics.progress("c", Instant.EPOCH, Duration.ofDays(1)).stream()
                        .mapToLong(Statistics.Interval::jobs)
                        .sum());
        assertEquals(
                Set.of("ada", "bela"),
                statistics.leaders(Statistics.By.PERSON, null, 10).stream()
                        .map(Statistics.Leader::name)
                        .collect(Collectors.toSet()));
        assertEquals(1, statistics.leaders(Statistics.By.PERSON, null, 1).size());
        assertEquals(2, statistics.leaders(Statistics.By.PERSON, today, 10).size());
        assertEquals(
                List.of(), statistics.leaders(Statistics.By.PERSON, today + 1, 10), "a rejected result is no gift");
        statistics.leaders(Statistics.By.TEAM, null, 10).forEach(team -> assertNotNull(team.name()));
        List<Statistics.Machine> machines = statistics.machines("ada");
        assertEquals(1, machines.size());
        assertEquals(1, machines.get(0).rejected());
        assertEquals(0, machines.get(0).live());
        assertEquals(
                List.of(
                        new Statistics.Day(today, 1, 0, 0, MANIFEST.counts().kept()),
                        new Statistics.Day(today + 1, 0, 1, 0, 0)),
                statistics.days("ada", today));
        assertEquals(1, statistics.days("ada", today + 1).size());
        Statistics.Version version = statistics.versions(today).get(0);
        assertEquals(new Statistics.Version(version.agent(), 0, 2, 1, 0), version, "of both workers, who run the same");
        assertEquals(1, statistics.versions(today + 1).get(0).rejected());
        assertEquals("ada", statistics.failing(today + 1, 1, 10).get(0).nickname());
        assertEquals(List.of(), statistics.failing(today, 1, 10), "as many went right");
    }

    private LedgerEvent.Submit handedIn(String worker, int attempt) {
        return new LedgerEvent.Submit(
                worker,
                new FencingToken(ledger.epoch(), attempt),
                MANIFEST_JSON,
                Sql.sha256(MANIFEST_JSON),
                MANIFEST.candidateDigest());
    }

    @Test
    void theFieldTellsOfEveryJobAlsoBetweenAnotherCampaigns() {
        campaign();
        Statistics.Field field = ledger.statistics().field("c").orElseThrow();
        long jobs = field.jobs();
        assertEquals(List.of(), field.starts());
        grant(2, "ada");
        List<String> told = new ArrayList<>();
        ledger.statistics()
                .jobs(
                        field.campaign(),
                        field.before(0),
                        100,
                        (job, status, leased, changedAt, tried) -> told.add(
                                job + " " + status + " " + leased + " " + (changedAt == clock.millis()) + " " + tried));
        assertEquals(jobs, told.size());
        assertEquals("1 OPEN false false 0", told.get(0));
        assertEquals("2 OPEN true true 1", told.get(1));
        assertEquals(1, count("c", "leased", null));
        assertEquals(jobs, count("c", null, "wat"));
        assertEquals(jobs / 3, count(null, null, "b.wat"));
        assertEquals(0, count("c", null, "_.wat"), "what is searched for is no pattern");
        assertEquals(2, ledger.count(new Ledger.JobQuery(null, null, null, null), 2));
        apply(1, new LedgerEvent.Quarantine("an odd file"));
        assertEquals(
                1,
                ledger.views(new Ledger.JobQuery(null, "quarantined", null, "odd"), 0, 10)
                        .size());
        assertEquals(
                List.of("quarantine", "campaign-create"),
                ledger.audit(Long.MAX_VALUE, 10, true).stream()
                        .map(Ledger.AuditRow::action)
                        .filter(action -> !action.startsWith("worker"))
                        .toList());
    }

    @Test
    void jobsOfTheCampaignWithTheHigherPriorityGoOutFirst() {
        campaign();
        CampaignSpec other = new CampaignSpec("later", SPEC.base(), SPEC.slices(), SPEC.bundle(), SPEC.policy());
        await(ledger.addCampaign(other, List.of("z.wat.gz"), "operator"));
        assertEquals("c", ready(Stage.WHOLE).get(0).campaign());
        assertTrue(await(ledger.prioritiseCampaign("later", 1, "operator")));
        assertFalse(await(ledger.prioritiseCampaign("none", 1, "operator")));
        assertEquals("later", ready(Stage.WHOLE).get(0).campaign());
        assertEquals(
                List.of(0, 1),
                ledger.campaigns().stream().map(c -> c.priority()).toList());
    }

    @Test
    void whatWasKeptOfADomainIsThatOfAllNamesBelowIt() {
        Statistics statistics = ledger.statistics();
        assertEquals(new Statistics.KeptFrom(0, null), statistics.keptFrom("example.org"));
        await(statistics.keptFrom(
                Map.of("example.org", 1L, "img.example.org", 2L, "myexample.org", 40L, "org", 80L), 1_000));
        await(statistics.keptFrom(Map.of("a.img.example.org", 4L, "example.org.evil.net", 160L, "", 320L), 2_000));
        await(statistics.keptFrom(Map.of("img.example.org", 8L), 3_000));
        assertEquals(new Statistics.KeptFrom(15, Instant.ofEpochMilli(3_000)), statistics.keptFrom("example.org"));
        assertEquals(14, statistics.keptFrom("img.example.org").pictures());
        assertEquals(40, statistics.keptFrom("myexample.org").pictures());
        assertEquals(0, statistics.keptFrom("xample.org").pictures());
    }

    @Test
    void aJobKeepsThePolicyUnderWhichItWasFirstLeased() {
        campaign();
        Ledger.ReadyJob first = ready(Stage.WHOLE).get(0);
        grant(first.job(), "w", first.policyVersion());
        Policy other = withThreshold(0.5);
        assertEquals(Optional.of(2), await(ledger.changePolicy("c", 1, other, null, "why not", "operator")));
        assertEquals(Optional.empty(), await(ledger.changePolicy("c", 1, other, null, "again", "operator")));
        assertEquals(Optional.empty(), await(ledger.changePolicy("none", 1, other, null, "no such", "operator")));
        assertEquals(
                List.of(2, 1),
                ledger.policies("c").stream().map(p -> p.version()).toList());
        assertEquals(0.3, ledger.job(first.job()).orElseThrow().policy().threshold());
        Ledger.ReadyJob next = ready(Stage.WHOLE).get(0);
        assertEquals(2, next.policyVersion());
        assertEquals(0.5, next.policy().threshold());
        // A tracker that has not heard yet grants under the old one: that binds, too.
        grant(next.job(), "w", 1);
        assertEquals(0.3, ledger.job(next.job()).orElseThrow().policy().threshold());
    }

    @Test
    void whatCountsIsChainedAndWhoeverChangesItLaterIsFound() throws Exception {
        campaign();
        List<Long> jobs =
                ready(Stage.WHOLE).stream().limit(2).map(Ledger.ReadyJob::job).toList();
        jobs.forEach(this::accepted);
        ResultChain chain = ledger.chain();
        assertEquals(List.of(), chain.links("c", 0, 10), "links come later");
        assertEquals(List.of(), LedgerCheck.faults(ledger));
        assertEquals(2, await(chain.extend()));
        await(ledger.retract(jobs.get(0), 1, MANIFEST, Profile.none(), "wrong", "op"));
        await(ledger.reinstate(jobs.get(0), 1, MANIFEST, Profile.none(), "op"));
        assertEquals(2, await(chain.extend()));
        assertEquals(0, await(chain.extend()));
        List<ResultChain.Link> links = chain.links("c", 0, 10);
        assertEquals(
                List.of(
                        ResultChain.Kind.ACCEPT,
                        ResultChain.Kind.ACCEPT,
                        ResultChain.Kind.RETRACT,
                        ResultChain.Kind.REINSTATE),
                links.stream().map(ResultChain.Link::kind).toList());
        String before = ResultChain.Link.root("c");
        for (ResultChain.Link link : links) {
            assertTrue(link.follows(before), link.toString());
            assertFalse(link.follows("0".repeat(64)));
            before = link.hash();
        }
        assertEquals(links.subList(2, 4), chain.links("c", 2, 10));
        assertEquals(Optional.of(links.get(3)), chain.head("c"));
        assertEquals(List.of(), LedgerCheck.faults(ledger));
        for (String rewritten : List.of(
                "UPDATE chain SET at = at + 1 WHERE seq = 2",
                "DELETE FROM chain WHERE seq = 4",
                "DELETE FROM chain",
                "UPDATE attempt SET manifest = manifest || ' '")) {
            try (Connection other = otherConnection()) {
                other.createStatement().executeUpdate(rewritten);
            }
            assertNotEquals(List.of(), LedgerCheck.faults(ledger), rewritten);
        }
    }

    private static ReleaseBook.Wish wish(String value, ReleaseBook.WishState state) {
        return new ReleaseBook.Wish("image", value, state, null, null, Instant.EPOCH, "test");
    }

    private List<String> wishes(ReleaseBook.WishState state) {
        return ledger.releaseBook().optOuts(state).stream()
                .map(ReleaseBook.Wish::value)
                .toList();
    }

    @Test
    void aListOfWishesIsHonouredWhateverWasDecidedBeforeAndEveryChangeIsTold() {
        ReleaseBook book = ledger.releaseBook();
        await(book.optOut(wish("a", ReleaseBook.WishState.ASKED), "public"));
        await(book.optOut(wish("b", ReleaseBook.WishState.DENIED), "op"));
        await(book.optOut(wish("c", ReleaseBook.WishState.HONOURED), "op"));
        String before = book.optOutsStamp();
        assertEquals(3, await(book.honour("image", List.of("a", "b", "c", "d"), "bad", Instant.EPOCH, "op")));
        assertEquals(List.of("a", "b", "c", "d"), wishes(ReleaseBook.WishState.HONOURED));
        String after = book.optOutsStamp();
        assertNotEquals(before, after);
        assertEquals(0, await(book.honour("image", List.of("a", "d"), null, Instant.EPOCH, "op")));
        assertEquals(after, book.optOutsStamp());
        assertTrue(await(book.forget("image", "b", "op")));
        assertNotEquals(after, book.optOutsStamp());
        await(book.optOut(wish("e", ReleaseBook.WishState.ASKED), "public"));
        await(book.optOut(wish("f", ReleaseBook.WishState.DENIED), "op"));
        assertEquals(
                List.of("e", "f", "d"),
                book.latestOptOuts(3).stream().map(ReleaseBook.Wish::value).toList(),
                "what waits for a person comes first, then the newest");
        assertEquals(5, book.optOutCount());
        assertEquals(
                1,
                ledger.audit(Long.MAX_VALUE, 50, false).stream()
                        .filter(line -> line.action().equals("opt-out-list"))
                        .count());
    }

    private void grant(long job, String worker, int policy) {
        await(ledger.apply(job, new LedgerEvent.Grant(worker, "r" + job, Duration.ofHours(1), false, policy), worker));
    }

    private static Policy withThreshold(double threshold) {
        Policy p = SPEC.policy();
        return new Policy(
                p.linkPaths(),
                p.minTextCodePoints(),
                p.maxTextCodePoints(),
                p.maxUrlLength(),
                p.skippedExtensions(),
                p.blockedHosts(),
                p.blockedUrls(),
                p.minImageBytes(),
                p.maxImageBytes(),
                p.maxPixels(),
                p.formats(),
                p.respectedRobotsTags(),
                p.requestTimeoutSeconds(),
                p.maxRedirects(),
                threshold,
                p.rowsPerShard(),
                p.optOuts(),
                p.tolerateBadCertificates(),
                p.skipKnown());
    }

    private long count(String campaign, String state, String wat) {
        return ledger.count(new Ledger.JobQuery(campaign, state, wat, null), 1_000);
    }
}
