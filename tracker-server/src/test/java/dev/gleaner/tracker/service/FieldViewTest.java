package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.tracker.ManualClock;
import dev.gleaner.tracker.Newcomers;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FieldViewTest {
    @TempDir
    Path folder;

    private final ManualClock clock = new ManualClock();
    private SqlLedger ledger;
    private FieldView view;

    @BeforeEach
    void open() {
        ledger = SqlLedger.sqlite(folder.resolve("ledger.db"), clock, LedgerMonitor.NONE);
        view = new FieldView(ledger.statistics(), clock);
    }

    @AfterEach
    void close() {
        ledger.close();
    }

    private void campaign(String name, int wats) {
        CampaignSpec spec = new CampaignSpec(name, "https://x/", 5, "b".repeat(64), Policy.laion400m());
        List<String> paths = IntStream.range(0, wats).mapToObj(n -> "wat-" + n).toList();
        ledger.addCampaign(spec, paths, "operator").toCompletableFuture().join();
    }

    private void apply(long job, LedgerEvent event) {
        ledger.apply(job, event, "operator").toCompletableFuture().join();
    }

    @Test
    void aCellSaysStateAndAge() throws Exception {
        campaign("c", 2);
        Newcomers.enrol(ledger.roster(), "ada", "hash").toCompletableFuture().join();
        apply(2, new LedgerEvent.Grant("ada", "r", Duration.ofHours(1), false));
        apply(3, new LedgerEvent.Quarantine("odd"));
        clock.advance(Duration.ofMinutes(1));
        byte[] cells = view.tile("c", 0, 0);
        assertEquals(10, cells.length);
        assertEquals(FieldView.age(0, 1), cells[0]);
        assertEquals(1, cells[1] >> 5);
        assertEquals(3, cells[2] >> 5);
        assertEquals(FieldView.age(clock.millis() - 60_000, clock.millis()), cells[1] & 31);
        assertEquals(10, view.jobs("c"));
    }

    @Test
    void fromAfarTheCellThatNeedsAttentionStandsOut() {
        campaign("c", 2);
        apply(6, new LedgerEvent.Quarantine("odd"));
        byte[] cells = view.tile("c", 1, 0);
        assertEquals(3, cells.length, "ten jobs, four to a cell");
        assertEquals(0, cells[0] >> 5);
        assertEquals(3, cells[1] >> 5, "one of four is set aside");
        assertEquals(0, cells[2] >> 5);
    }

    @Test
    void aTileLivesForAMomentAndThenShowsWhatIsNew() {
        campaign("c", 1);
        byte[] before = view.tile("c", 0, 0);
        apply(1, new LedgerEvent.Quarantine("odd"));
        assertArrayEquals(before, view.tile("c", 0, 0));
        clock.advance(Duration.ofMinutes(5));
        assertEquals(3, view.tile("c", 0, 0)[0] >> 5);
    }

    @Test
    void jobsOfManyCampaignsKeepTheirPlaces() {
        campaign("a", 2_000);
        campaign("b", 1);
        assertEquals(10_000, view.jobs("a"));
        assertEquals(FieldView.CELLS, view.tile("a", 0, 1).length);
        assertEquals(10_000 - 2 * FieldView.CELLS, view.tile("a", 0, 2).length);
        assertEquals(10_001, view.job("b", 0));
        assertEquals(5_000, view.job("a", 4_999));
        assertThrows(Refusal.class, () -> view.tile("a", 0, 3));
        assertThrows(Refusal.class, () -> view.tile("a", -1, 0));
        assertThrows(Refusal.class, () -> view.tile("a", 60, 0));
        assertThrows(Refusal.class, () -> view.tile("a", 0, Long.MAX_VALUE / 8_192));
        assertThrows(Refusal.class, () -> view.job("a", 10_000));
        assertThrows(Refusal.class, () -> view.jobs("nobody"));
    }

    @Test
    void agesGrowByHalfAgain() {
        long now = 1_000_000_000_000L;
        assertEquals(0, FieldView.age(now, now));
        assertEquals(0, FieldView.age(now + 5_000, now), "clocks may differ");
        assertEquals(31, FieldView.age(0, now));
        int before = 0;
        for (long ago = 1_000; ago < 400L * 86_400_000; ago *= 2) {
            int age = FieldView.age(now - ago, now);
            assertTrue(age >= before && age <= 30, ago + " ms");
            before = age;
        }
        assertEquals(30, before);
    }
}
