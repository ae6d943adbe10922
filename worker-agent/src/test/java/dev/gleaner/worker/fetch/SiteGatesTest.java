package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

/** In a time that the test moves. */
class SiteGatesTest {
    private record Planned(long at, Runnable work) {}

    private final PriorityQueue<Planned> planned = new PriorityQueue<>(Comparator.comparingLong(Planned::at));
    private long now = 1_000_000;
    private final List<String> went = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private boolean wanted = true;
    private final SiteGates gates = new SiteGates(
            new Courtesy(2, Duration.ofMillis(100)),
            (nanos, work) -> planned.add(new Planned(now + nanos, work)),
            () -> now);

    private void enter(String site, String name) {
        gates.enter(site, new SiteGates.Visitor() {
            @Override
            public boolean wanted() {
                return wanted;
            }

            @Override
            public void go() {
                went.add(name);
            }

            @Override
            public void refused() {
                refused.add(name);
            }
        });
    }

    private void pass(Duration time) {
        long until = now + time.toNanos();
        while (!planned.isEmpty() && planned.peek().at() <= until) {
            Planned next = planned.remove();
            now = next.at();
            next.work().run();
        }
        now = until;
    }

    @Test
    void aSiteIsARegisteredDomain() {
        assertEquals("example.co.uk", SiteGates.siteOf("img1.cdn.example.co.uk"));
        assertEquals("example.com", SiteGates.siteOf("example.com."));
        assertEquals("someone.github.io", SiteGates.siteOf("someone.github.io"));
        assertEquals("192.0.2.7", SiteGates.siteOf("192.0.2.7"));
        assertEquals("[2001:db8::1]", SiteGates.siteOf("[2001:db8::1]"));
        assertEquals("localhost", SiteGates.siteOf("localhost"));
    }

    @Test
    void oneGoesInAnIntervalAndSoManyAtATime() {
        for (int i = 0; i < 4; i++) {
            enter("a", "a" + i);
        }
        enter("b", "b0");
        assertEquals(List.of("a0", "b0"), went);
        pass(Duration.ofMillis(99));
        assertEquals(2, went.size());
        pass(Duration.ofMillis(1));
        assertEquals(List.of("a0", "b0", "a1"), went);
        pass(Duration.ofSeconds(5));
        assertEquals(3, went.size(), "two are there already");
        gates.leave("a");
        assertEquals("a2", went.get(3));
        gates.leave("a");
        pass(Duration.ofMillis(100));
        assertEquals("a3", went.get(4));
    }

    @Test
    void aShortRestIsWaitedForAndALongOneIsNot() {
        gates.rest("a", Duration.ofSeconds(20));
        enter("a", "a0");
        assertEquals(List.of(), went);
        pass(Duration.ofSeconds(20));
        assertEquals(List.of("a0"), went);
        enter("a", "a1");
        gates.rest("a", Duration.ofDays(9));
        enter("a", "a2");
        assertEquals(List.of("a1", "a2"), refused);
        pass(Duration.ofMinutes(31));
        enter("a", "a3");
        assertEquals(List.of("a0", "a3"), went, "no site rests for more than half an hour");
    }

    @Test
    void whatNobodyWantsCostsNobodyTheTurn() {
        for (int i = 0; i < 50; i++) {
            enter("a", "old" + i);
        }
        wanted = false;
        pass(Duration.ofMillis(100));
        assertEquals(List.of("old0"), went);
        assertEquals(49, refused.size());
        wanted = true;
        enter("a", "new");
        assertTrue(went.contains("new"));
    }

    @Test
    void sitesThatNobodyVisitsAreForgotten() {
        for (int i = 0; i < 1_000; i++) {
            enter("site" + i, "x");
            gates.leave("site" + i);
        }
        pass(Duration.ofSeconds(1));
        assertEquals(0, gates.size());
    }

    @Test
    void whatOthersWishIsHeededWithinBoundsAndForgottenInTime() {
        gates.spare("a", Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ofMinutes(1));
        for (int i = 0; i < 3; i++) {
            enter("a", "a" + i);
        }
        enter("b", "b0");
        assertEquals(List.of("b0"), went);
        pass(Duration.ofSeconds(10));
        assertEquals(List.of("b0", "a0"), went);
        gates.leave("a");
        pass(Duration.ofMillis(4_900));
        assertEquals(2, went.size());
        pass(Duration.ofMillis(100));
        assertEquals("a1", went.get(2));
        gates.leave("a");
        pass(Duration.ofMinutes(1));
        assertEquals("a2", went.get(3));
        gates.leave("a");
        pass(Duration.ofSeconds(5));
        enter("a", "a3");
        pass(Duration.ofMillis(100));
        enter("a", "a4");
        assertEquals(6, went.size(), "its own interval holds again");
        gates.spare("a", Duration.ofDays(9), Duration.ofNanos(1), Duration.ofMinutes(1));
        pass(Duration.ofMinutes(31));
        gates.leave("a");
        enter("a", "a5");
        pass(Duration.ofMillis(100));
        assertEquals("a5", went.get(6));
    }
}
