package dev.gleaner.worker.tracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Sites;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.worker.fetch.FetchLimits;
import dev.gleaner.worker.fetch.Fetched;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.Slots;
import dev.gleaner.worker.wat.HttpWatSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a tracker says of web sites is heeded within the worker's own bounds. */
@Timeout(10)
class SwarmMannersTest {
    private static final String HOST = "data.commoncrawl.org";

    private final Fetcher fetcher = Volunteers.fetcher();
    private final List<Long> waited = new ArrayList<>();
    private long now = 1;
    private final SourceManners sources = new SourceManners(fetcher.sites(), () -> now, nanos -> {
        waited.add(TimeUnit.NANOSECONDS.toSeconds(nanos));
        now += nanos;
    });
    private final SwarmManners manners = new SwarmManners(fetcher, sources);
    private final HttpWatSource.Turn turn = sources.turn(HOST);

    @AfterEach
    void stop() {
        fetcher.close();
    }

    private void ask() throws InterruptedException {
        turn.await();
        turn.answered(206, -1);
    }

    private static Sites.Orders orders(Sites.Order... orders) {
        return new Sites.Orders(1, List.of(orders));
    }

    private PairDrop reason(String address) throws Exception {
        Fetched fetched = fetcher.fetch(address, FetchLimits.of(Policy.laion400m()), new Slots(1, 1 << 20))
                .toCompletableFuture()
                .get(8, TimeUnit.SECONDS);
        return ((Fetched.Dropped) fetched).reason();
    }

    @Test
    void noTrackerSlowsAWorkerMoreThanToARequestAMinuteNorForLongerThanItsWordHolds() throws Exception {
        ask();
        manners.heed(orders(new Sites.Order(HOST, 0, Integer.MAX_VALUE)));
        ask();
        ask();
        now += Duration.ofMinutes(4).toNanos();
        ask();
        ask();
        assertEquals(List.of(0L, 0L, 60L, 0L, 0L), waited);
        manners.heed(orders(new Sites.Order(HOST, Integer.MAX_VALUE, 0)));
        ask();
        assertEquals(600, waited.get(5));
    }

    @Test
    void numbersThatMakeNoSenseAreNone() throws Exception {
        ask();
        manners.heed(orders(new Sites.Order(HOST, -5, -1_000)));
        ask();
        ask();
        assertEquals(List.of(0L, 0L, 0L), waited);
        manners.heed(new Sites.Orders(-7, List.of()));
        assertEquals(0, manners.report().since());
    }

    @Test
    void noMoreOrdersAreHeededThanAnAnswerMayHave() throws Exception {
        ask();
        List<Sites.Order> many =
                new ArrayList<>(Collections.nCopies(Sites.MAX_ORDERS, new Sites.Order("other.example", 0, 0)));
        many.add(new Sites.Order(HOST, 100, 0));
        manners.heed(new Sites.Orders(1, many));
        ask();
        assertEquals(List.of(0L, 0L), waited);
    }

    @Test
    void stoppedSitesAreNotVisitedUntilAnotherListComes() throws Exception {
        manners.heed(new Sites.Orders(1, List.of(), new Sites.Stops(3, List.of("example.org"))));
        assertEquals(PairDrop.OPTED_OUT, reason("http://img.example.org/a.png"));
        assertEquals(3, manners.report().stops());
        manners.heed(orders());
        assertEquals(PairDrop.OPTED_OUT, reason("http://img.example.org/a.png"), "no list changes nothing");
        List<String> tooMany = Collections.nCopies(Sites.MAX_STOPS + 1, "example.net");
        manners.heed(new Sites.Orders(1, List.of(), new Sites.Stops(4, tooMany)));
        assertEquals(PairDrop.OPTED_OUT, reason("http://img.example.org/a.png"), "nor does one that is too long");
        assertEquals(3, manners.report().stops());
    }

    @Test
    void whatSitesAnsweredIsToldOnceUnlessItWasNotHeard() {
        Sites.Tally refusal = new Sites.Tally("example.org", 1, 1, 60, false);
        fetcher.sites().add(refusal);
        assertTrue(manners.isUrgent());
        Sites.Report report = manners.report();
        assertEquals(List.of(refusal), report.tallies());
        assertFalse(manners.isUrgent());
        manners.unheard(report);
        assertTrue(manners.isUrgent());
        assertEquals(List.of(refusal), manners.report().tallies());
    }
}
