package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.worker.fetch.dns.NameStats;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DiagnosisTest {
    private static final NameStats WELL = new NameStats(900, 2, 1_000, 30);

    @Test
    void ofAHealthyMachineThereIsNothingToSay() {
        assertEquals(
                List.of(), Diagnosis.of(WELL, 1_000, Map.of("connect", 150L, "timeout", 200L, "http_status", 300L)));
    }

    @Test
    void tooLittleTellsNothing() {
        assertEquals(List.of(), Diagnosis.of(new NameStats(10, 9, 40, 38), 50, Map.of("connect", 50L)));
    }

    @Test
    void eachTroubleHasItsWordsAndItsRemedy() {
        List<String> lossy = words(new NameStats(900, 90, 1_000, 300), Map.of());
        assertEquals(1, lossy.size());
        assertTrue(lossy.get(0).startsWith("your resolver drops 30 % of lookups")
                && lossy.get(0).contains("--dns"));
        List<String> refused = words(WELL, Map.of("connect", 300L, "tls", 100L));
        assertTrue(refused.get(0).startsWith("40 % of connections fail"), refused.toString());
        List<String> late = words(WELL, Map.of("timeout", 400L));
        assertTrue(late.get(0).contains("saturated"), late.toString());
    }

    private static List<String> words(NameStats names, Map<String, Long> dropped) {
        return Diagnosis.of(names, 1_000, dropped).stream()
                .map(Diagnosis::words)
                .toList();
    }
}
