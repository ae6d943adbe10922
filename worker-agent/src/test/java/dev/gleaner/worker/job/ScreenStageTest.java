package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.pipeline.Channel;
import dev.gleaner.worker.pipeline.Line;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ScreenStageTest {
    /** What a tracker bears with: docs/protocol/protocol.md. */
    private static final int MOST_REQUESTS = 500;

    private static final int CANDIDATES = 3 * ScreenStage.MOST + 5;

    private static Candidate candidate(int i) {
        return new Candidate("https://example.org/" + i, "text", "https://example.org/", null, null, i, 0);
    }

    @Test
    void whatNobodyWantsLeftOutGoesOnInOrderAndTheRestIsCountedUnderItsReason() throws Exception {
        Line line = new Line("test");
        Channel<Candidate> found = line.channel(ScreenStage.MOST);
        Channel<Candidate> wanted = line.channel(100);
        List<Integer> asked = new ArrayList<>();
        Map<PairDrop, Integer> dropped = new TreeMap<>();
        List<Long> passed = new ArrayList<>();
        Screening everySeventh = new Screening() {
            @Override
            public boolean isNeeded() {
                return true;
            }

            @Override
            public Links links(List<Candidate> candidates) {
                asked.add(candidates.size());
                BitSet leftOut = new BitSet();
                BitSet known = new BitSet();
                for (int i = 0; i < candidates.size(); i++) {
                    leftOut.set(i, candidates.get(i).offset() % 7 == 0);
                    known.set(
                            i,
                            candidates.get(i).offset() % 14 == 0
                                    || candidates.get(i).offset() % 7 == 1);
                }
                return new Links(leftOut, known);
            }

            @Override
            public BitSet pictures(List<ImageHashes> pictures) {
                throw new AssertionError("nobody has a picture here");
            }
        };
        ScreenStage stage = new ScreenStage(
                found, wanted, everySeventh, (candidate, reason) -> dropped.merge(reason, 1, Integer::sum));
        line.stage(
                "extract",
                1,
                () -> {
                    for (int i = 0; i < CANDIDATES; i++) {
                        found.put(candidate(i));
                    }
                },
                found);
        line.stage("screen", 1, stage::run, wanted);
        line.stage("fetch", 1, () -> {
            for (Candidate c = wanted.take(); c != null; c = wanted.take()) {
                passed.add(c.offset());
            }
        });
        line.run();
        List<Long> expected = new ArrayList<>();
        int leftOut = 0;
        for (long i = 0; i < CANDIDATES; i++) {
            leftOut += i % 7 == 0 ? 1 : 0;
            if (i % 7 > 1) {
                expected.add(i);
            }
        }
        assertEquals(expected, passed);
        assertEquals(leftOut, dropped.get(PairDrop.LEFT_OUT), "who asked to be left out is told so, known or not");
        assertEquals(CANDIDATES - leftOut - expected.size(), dropped.get(PairDrop.KNOWN));
        assertEquals(CANDIDATES, asked.stream().mapToInt(i -> i).sum());
    }

    @Test
    void linksThatTrickleForHalfADayAreAskedAboutLessOftenThanALeaseMayAsk() {
        int asked = 0;
        long linger = ScreenStage.FIRST_LINGER_MILLIS;
        for (long passed = 0; passed < Duration.ofHours(12).toMillis(); passed += linger) {
            linger = ScreenStage.longer(linger);
            asked++;
        }
        assertTrue(asked < MOST_REQUESTS, asked + " requests");
        assertTrue(ScreenStage.longer(ScreenStage.FIRST_LINGER_MILLIS) < 10_000, "the first links do not wait long");
    }
}
