package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.Reputation;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.trust.Draw;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownAnswersTest {
    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private SqlLedger ledger;
    private KnownAnswers known;

    @BeforeEach
    void open() {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        known = new KnownAnswers(ledger, new Draw(new byte[32]), clock);
        ledger.addCampaign(
                        new CampaignSpec("c", "https://x/", 1, "b".repeat(64), Policy.laion400m()),
                        List.of("a.wat.gz", "b.wat.gz"),
                        "op")
                .toCompletableFuture()
                .join();
        for (String worker : List.of("ada", "bela", "cleo")) {
            Newcomers.enrol(ledger.roster(), worker, "hash " + worker)
                    .toCompletableFuture()
                    .join();
        }
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private static Replication rule(double knownAnswers) {
        Replication usual = Replication.ADAPTIVE;
        return new Replication(
                usual.provenAfter(),
                usual.leastChecked(),
                usual.scoreTolerance(),
                usual.leastShared(),
                usual.mostResults(),
                knownAnswers);
    }

    private void apply(long job, LedgerEvent event) {
        ledger.apply(job, event, "test").toCompletableFuture().join();
    }

    private void hold(long job, String worker, int attempt) {
        apply(job, new LedgerEvent.Grant(worker, "r" + attempt, Duration.ofHours(1), false));
        apply(
                job,
                new LedgerEvent.Submit(
                        worker, new FencingToken(ledger.epoch(), attempt), "{}", "print" + attempt, "0".repeat(32)));
        apply(job, new LedgerEvent.Hold(attempt, "waits"));
    }

    @Test
    void oneJobInTwentyIsATest() {
        long tests = LongStream.rangeClosed(1, 10_000)
                .filter(job -> known.isTest(job, rule(0.05)))
                .count();
        assertEquals(500, tests, 100);
        assertTrue(known.isTest(1, rule(1)));
        assertFalse(known.isTest(1, rule(0)));
    }

    @Test
    void whoIsAtATestMayEndItAndWhatIsDoneIsDone() {
        hold(1, "ada", 1);
        hold(1, "bela", 2);
        apply(1, new LedgerEvent.Grant("cleo", "r3", Duration.ofHours(6), false));
        hold(2, "ada", 1);
        hold(2, "bela", 2);
        apply(2, new LedgerEvent.Quarantine("set aside"));
        clock.advance(Duration.ofMinutes(40));
        assertEquals(List.of(), known.overdue(Share.ALL), "cleo has the one, a person the other");
        apply(1, new LedgerEvent.Release("cleo", new FencingToken(ledger.epoch(), 3), "gone"));
        clock.advance(Duration.ofMinutes(3));
        assertEquals(List.of(new Reputation.Result(1, 1)), known.overdue(Share.ALL), "and now nobody");
    }

    @Test
    void aTestThatNobodyTakesIsOverAfterAWhile() {
        hold(1, "ada", 1);
        hold(2, "ada", 1);
        clock.advance(Duration.ofMinutes(5));
        hold(1, "bela", 2);
        clock.advance(Duration.ofMinutes(29));
        assertEquals(List.of(), known.overdue(Share.ALL), "somebody may take it yet");
        clock.advance(Duration.ofSeconds(90));
        assertEquals(List.of(), known.overdue(Share.ALL), "not looked for at every turn");
        clock.advance(Duration.ofMinutes(2));
        assertEquals(
                List.of(new Reputation.Result(1, 1)), known.overdue(Share.ALL), "of the other job nothing is known");
        clock.advance(Duration.ofMinutes(3));
        assertEquals(
                List.of(), known.overdue(Share.ALL), "results that do not agree are not looked at again and again");
        hold(1, "cleo", 3);
        clock.advance(Duration.ofMinutes(32));
        assertEquals(List.of(), known.overdue(Share.NONE), "another tracker's");
        clock.advance(Duration.ofMinutes(3));
        assertEquals(List.of(new Reputation.Result(1, 1)), known.overdue(Share.ALL), "there is one more");
    }
}
