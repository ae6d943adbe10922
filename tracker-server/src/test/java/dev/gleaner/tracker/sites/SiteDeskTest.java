package dev.gleaner.tracker.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.lease.Sites;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SiteDeskTest {
    private static final String SITE = "example.org";
    private static final String SOURCE = "data.commoncrawl.org";

    private Instant now = Instant.parse("2026-11-21T12:00:00Z");
    private SiteRates rates = new SiteRates(20, 100);
    private final SiteDesk desk = new SiteDesk(() -> now, () -> rates, () -> StoppedSites.NONE, Board.ofOne());

    private Sites.Orders beat(String worker, long since, Sites.Tally... tallies) {
        return desk.beat(worker, new Sites.Report(since, List.of(tallies)));
    }

    private static Sites.Tally tally(int asked, int refused, int rest) {
        return new Sites.Tally(SITE, asked, refused, rest, false);
    }

    private void pass(int seconds) {
        now = now.plusSeconds(seconds);
    }

    private long restOf(String site) {
        return desk.spared().stream()
                .filter(v -> v.site().equals(site))
                .mapToLong(SiteDesk.View::restSeconds)
                .findFirst()
                .orElse(0);
    }

    @Test
    void aSiteThatRefusesOneIsLeftAloneByAll() {
        beat("ada", 0, tally(3, 1, 0));
        pass(20);
        Sites.Orders belas = beat("bela", 0);
        assertEquals(List.of(new Sites.Order(SITE, 41, 0)), belas.orders());
        pass(30);
        assertEquals(List.of(), beat("bela", belas.cursor()).orders(), "she knows");
        assertEquals(11, beat("cleo", 0).orders().get(0).restSeconds(), "a newcomer hears of it, too");
        pass(11);
        assertEquals(List.of(), beat("dana", 0).orders());
    }

    @Test
    void aSiteIsLeftAloneForAsLongAsItSaysWithinReason() {
        beat("ada", 0, tally(1, 1, 300));
        assertEquals(301, restOf(SITE));
        beat("ada", 0, new Sites.Tally("short.example", 1, 1, 1, false));
        assertEquals(SiteDesk.LEAST_REST.toSeconds() + 1, restOf("short.example"));
        beat("ada", 0, new Sites.Tally("long.example", 1, 1, 1_000_000, false));
        assertEquals(SiteDesk.LONGEST_REST.toSeconds() + 1, restOf("long.example"));
    }

    @Test
    void aSiteThatRefusesAgainIsLeftAloneTwiceAsLong() {
        for (int expected : new int[] {61, 121, 241, 481, 961, 1801, 1801}) {
            beat("ada", 0, tally(1, 1, 0));
            assertEquals(expected, restOf(SITE));
            beat("bela", 0, tally(1, 1, 0));
            assertEquals(expected, restOf(SITE), "what comes in while it rests says nothing new");
            pass(expected + 5);
        }
        pass(1_000);
        beat("ada", 0, tally(1, 1, 0));
        assertEquals(61, restOf(SITE), "all is forgiven");
    }

    @Test
    void aLiarCannotPutTheWebToRest() {
        for (int i = 0; i < 10_000; i++) {
            beat("liar", 0, new Sites.Tally("s" + i + ".example", 1, 1, 9_999, false));
        }
        assertEquals(SiteDesk.MOST_STRIKES, desk.spared().size());
    }

    @Test
    void aSwarmKeepsToTheRateOfASite() {
        // Each of 60 workers would ask twice a second, and does as it is told.
        Map<String, Integer> interval = new HashMap<>();
        Map<String, Long> cursor = new HashMap<>();
        List<Double> rate = new ArrayList<>();
        for (int beat = 0; beat < 40; beat++) {
            int sum = 0;
            for (int w = 0; w < 60; w++) {
                String worker = "w" + w;
                int asked = interval.getOrDefault(worker, 0) == 0 ? 60 : 30_000 / interval.get(worker);
                sum += asked;
                Sites.Orders orders = beat(worker, cursor.getOrDefault(worker, 0L), tally(asked, 0, 0));
                cursor.put(worker, orders.cursor());
                orders.orders().forEach(order -> interval.put(worker, order.intervalMillis()));
            }
            rate.add(sum / 30.0);
            pass(30);
        }
        assertTrue(rate.get(0) > 100, "they began with " + rate.get(0));
        double settled = rate.stream().skip(10).mapToDouble(r -> r).max().orElseThrow();
        assertTrue(settled <= 21 && settled >= 10, "requests a second: " + rate);
    }

    @Test
    void aPaceLapsesWhenTheRushIsOver() {
        for (int w = 0; w < 50; w++) {
            beat("w" + w, 0, tally(600, 0, 0));
        }
        pass(1);
        assertTrue(beat("new", 0).orders().get(0).intervalMillis() > 1_000);
        pass(200);
        assertEquals(List.of(), beat("new", 0).orders());
    }

    @Test
    void oneRefusedWorkerDoesNotStopTheSourceButSeveralHalveItsRate() {
        for (int minute = 0; minute < 5; minute++) {
            for (int w = 0; w < 40; w++) {
                beat("w" + w, 0, new Sites.Tally(SOURCE, 120, w == 0 ? 1 : 0, 0, true));
                now = now.plusMillis(1_500);
            }
        }
        assertEquals(0, restOf(SOURCE));
        assertEquals(List.of(), desk.spared(), "80 requests a second are fine");
        for (int minute = 0; minute < 3; minute++) {
            for (int w = 0; w < 40; w++) {
                beat("w" + w, 0, new Sites.Tally(SOURCE, 120, w < 10 ? 1 : 0, 0, true));
                now = now.plusMillis(1_500);
            }
        }
        assertEquals(1, desk.spared().size());
        assertTrue(desk.spared().get(0).intervalMillis() > 800, desk.spared().toString());
        assertEquals(0, restOf(SOURCE));
    }

    @Test
    void aLongListComesInParts() {
        for (int i = 0; i < 1_200; i++) {
            beat("w" + i / 150, 0, new Sites.Tally("s" + i + ".example", 1, 1, 1_800, false));
            now = now.plusMillis(10);
        }
        pass(60);
        List<String> heard = new ArrayList<>();
        long cursor = 0;
        for (int i = 0; i < 3; i++) {
            Sites.Orders orders = beat("new", cursor);
            assertTrue(orders.orders().size() <= Sites.MAX_ORDERS);
            cursor = orders.cursor();
            orders.orders().forEach(order -> heard.add(order.site()));
        }
        assertEquals(1_200, heard.stream().distinct().count());
        assertEquals(1_200, heard.size());
    }

    @Test
    void aSiteWithAnOddNameIsPassedOver() {
        for (String site : new String[] {"", "UPPER.example", "a b", "x".repeat(254), "<script>", "a$b.example"}) {
            beat("w", 0, new Sites.Tally(site, 1, 1, 0, false), tally(1, 0, 0));
        }
        assertEquals(List.of(), desk.spared());
    }

    @Test
    void whatIsNoReportIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> beat("w", 0, tally(-1, 0, 0)));
        Sites.Tally[] many = new Sites.Tally[Sites.MAX_TALLIES + 1];
        java.util.Arrays.fill(many, tally(1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> beat("w", 0, many));
    }

    @Test
    void whateverWorkersReportOrdersStayWithinTheirBounds() {
        long seed = 7;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            Sites.Tally tally = new Sites.Tally(
                    "s" + random.nextInt(50) + ".example",
                    random.nextInt() >>> random.nextInt(31) >>> 1,
                    random.nextInt(3),
                    random.nextInt() >>> random.nextInt(31) >>> 1,
                    random.nextBoolean());
            for (Sites.Order order :
                    beat("w" + random.nextInt(20), random.nextInt(3), tally).orders()) {
                assertTrue(
                        order.restSeconds() >= 0
                                && order.restSeconds() <= SiteDesk.LONGEST_REST.toSeconds() + 1
                                && order.intervalMillis() >= 0
                                && order.intervalMillis()
                                        <= Duration.ofMinutes(1).toMillis(),
                        "seed " + seed + ": " + order);
            }
            pass(random.nextInt(20));
        }
    }
}
