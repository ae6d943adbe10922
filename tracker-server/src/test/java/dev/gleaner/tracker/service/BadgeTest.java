package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.ledger.Statistics;
import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class BadgeTest {
    @Test
    void aHostileNameStaysText() throws Exception {
        for (String name : List.of("<script>alert(1)</script>", "\"&'<", "a\u0000\uffff\ud800b", "x".repeat(5_000))) {
            String svg = Badge.svg(name, "1 pairs");
            var parsed = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(svg)));
            assertEquals(0, parsed.getElementsByTagName("script").getLength());
            assertTrue(svg.length() < 2_000);
        }
        assertFalse(Badge.svg("<script>", "").contains("<script>"));
    }

    @Test
    void countsAreAsPeopleSayThem() {
        assertEquals("950", Badge.count(950));
        assertEquals("12.3k", Badge.count(12_345));
        assertEquals("4.1M", Badge.count(4_100_000));
        assertEquals("123G", Badge.count(123_000_000_000L));
    }

    @Test
    void todayBreaksNoStreakBeforeItIsOver() {
        assertEquals(0, PublicCalls.streak(List.of(), 10));
        assertEquals(2, PublicCalls.streak(List.of(day(8, 1), day(9, 1)), 10));
        assertEquals(3, PublicCalls.streak(List.of(day(8, 1), day(9, 1), day(10, 1)), 10));
        assertEquals(1, PublicCalls.streak(List.of(day(8, 1), day(10, 1)), 10));
        assertEquals(1, PublicCalls.streak(List.of(day(9, 1), day(10, 0)), 10), "only what was accepted counts");
        assertEquals(0, PublicCalls.streak(List.of(day(7, 1), day(8, 1)), 10));
    }

    private static Statistics.Day day(long day, long accepted) {
        return new Statistics.Day(day, accepted, 0, 0, 0);
    }
}
