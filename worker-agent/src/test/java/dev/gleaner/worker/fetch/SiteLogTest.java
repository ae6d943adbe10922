package dev.gleaner.worker.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.lease.Sites;
import java.util.List;
import org.junit.jupiter.api.Test;

class SiteLogTest {
    private final SiteLog log = new SiteLog();

    @Test
    void sitesThatRefusedAreToldOfFirstAndThenTheMostVisited() {
        for (int i = 0; i < 5; i++) {
            log.asked("often.example");
        }
        log.asked("once.example");
        assertFalse(log.hasRefusals());
        log.asked("refuses.example");
        log.refused("refuses.example", 0);
        log.refused("refuses.example", 30);
        assertTrue(log.hasRefusals());
        assertEquals(
                List.of(
                        new Sites.Tally("refuses.example", 1, 2, 30, false),
                        new Sites.Tally("often.example", 5, 0, 0, false)),
                log.take(2));
        assertEquals(List.of(), log.take(9), "the rest is not worth telling");
    }

    @Test
    void whatWasNotHeardIsToldAgainWithWhatCameMeanwhile() {
        log.asked("a.example");
        List<Sites.Tally> unheard = log.take(9);
        log.asked("a.example");
        unheard.forEach(log::add);
        assertEquals(List.of(new Sites.Tally("a.example", 2, 0, 0, false)), log.take(9));
    }

    @Test
    void hostsWithOddNamesAreNotToldOf() {
        for (String name : List.of("a$b.example", "", "A.example", "x".repeat(254), "a b")) {
            log.refused(name, 1);
        }
        log.asked("[2001:db8::1]");
        log.asked("192.0.2.1");
        log.asked("xn--bcher-kva.example");
        assertEquals(3, log.take(9).size());
    }

    @Test
    void manySitesDoNotFillTheMemory() {
        for (int i = 0; i < 50_000; i++) {
            log.asked("s" + i + ".example");
        }
        log.refused("last.example", 0);
        assertEquals("last.example", log.take(1).get(0).site());
        assertEquals(List.of(), log.take(100_000));
    }
}
