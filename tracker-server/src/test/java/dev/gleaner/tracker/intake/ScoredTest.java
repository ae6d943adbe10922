package dev.gleaner.tracker.intake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.Counts;
import dev.gleaner.protocol.result.Manifest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A scoring job's manifest may differ from its fetch job's in nothing but what scoring does. */
class ScoredTest {
    private static final Manifest FETCHED = manifest(100, "7", counts(10, 8, 5, Map.of("dns", 3L)));

    private static Counts counts(long images, long candidates, long kept, Map<String, Long> drops) {
        return new Counts(1, 0, 2, 0, images, candidates, kept, Map.of("no_text", images - candidates), drops, 900);
    }

    private static Manifest manifest(long watBytes, String digest, Counts counts) {
        return new Manifest("b".repeat(64), "fp32", watBytes, "0".repeat(31) + digest, counts, List.of(), 1);
    }

    private static String fault(Manifest scored) {
        return Scored.fault(FETCHED, scored);
    }

    @Test
    void aScoringJobMayOnlyDropMorePictures() {
        assertEquals("", fault(manifest(100, "7", counts(10, 8, 5, Map.of("dns", 3L)))));
        assertEquals("", fault(manifest(100, "7", counts(10, 8, 1, Map.of("dns", 3L, "below_threshold", 4L)))));
    }

    @Test
    void whatTheFetchJobFoundOutStands() {
        assertTrue(fault(manifest(101, "7", FETCHED.counts())).contains("counts of links"));
        assertTrue(fault(manifest(100, "8", FETCHED.counts())).contains("counts of links"));
        assertTrue(fault(manifest(100, "7", counts(11, 8, 5, Map.of("dns", 3L))))
                .contains("counts of links"));
        assertTrue(fault(manifest(100, "7", counts(10, 8, 6, Map.of("dns", 2L))))
                .contains("as dns"));
    }

    @Test
    void noMorePairsAreKeptThanPicturesWereFetched() {
        assertEquals(
                "more pairs were kept than pictures were fetched",
                fault(manifest(100, "7", counts(10, 8, 6, Map.of("dns", 3L)))));
    }

    /** Each count of the links in its turn, as no honest scoring job would change it. */
    @Test
    void everyCountOfTheLinksStands() {
        Counts fetched = new Counts(9, 1, 8, 2, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 4L);
        List<Counts> others = List.of(
                new Counts(8, 1, 8, 2, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 4L),
                new Counts(9, 0, 8, 2, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 4L),
                new Counts(9, 1, 7, 2, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 4L),
                new Counts(9, 1, 8, 1, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 4L),
                new Counts(9, 1, 8, 2, 11, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 4L),
                new Counts(9, 1, 8, 2, 10, 9, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 4L),
                new Counts(9, 1, 8, 2, 10, 8, 5, Map.of("short_text", 2L), Map.of("dns", 3L), 900, 4L),
                new Counts(9, 1, 8, 2, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 901, 4L),
                new Counts(9, 1, 8, 2, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900, 3L),
                new Counts(9, 1, 8, 2, 10, 8, 5, Map.of("no_text", 2L), Map.of("dns", 3L), 900));
        assertEquals("", Scored.fault(manifest(100, "7", fetched), manifest(100, "7", fetched)));
        for (Counts other : others) {
            assertEquals(
                    "the counts of links are not those of the fetch job",
                    Scored.fault(manifest(100, "7", fetched), manifest(100, "7", other)),
                    other.toString());
        }
    }
}
