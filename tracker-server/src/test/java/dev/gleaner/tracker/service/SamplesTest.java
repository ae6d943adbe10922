package dev.gleaner.tracker.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.tracker.intake.SeenPair;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Samples show what comes in, a few of each result, and nothing that may be unsafe. */
class SamplesTest {
    private final Samples samples = new Samples();

    private static SeenPair pair(long id, @Nullable String nsfw) {
        return new SeenPair(
                id,
                new ImageHashes("a".repeat(64), "b".repeat(32), null, null),
                0,
                "https://x/" + id,
                "text",
                0.4f,
                640,
                480,
                "JPEG",
                null,
                nsfw,
                null);
    }

    @Test
    void whatMayBeUnsafeIsNeverAmongThem() {
        Samples.Draw draw = samples.draw();
        draw.offer(pair(1, "NSFW"));
        draw.offer(pair(2, "UNSURE"));
        draw.offer(pair(3, "UNLIKELY"));
        draw.offer(pair(4, null));
        assertEquals(
                List.of(3L, 4L), draw.drawn().stream().map(SeenPair::sampleId).toList());
    }

    @Test
    void ofEachResultAndEachCampaignTheyAreFewAndTheNewestComeFirst() {
        for (int result = 0; result < 20; result++) {
            Samples.Draw draw = samples.draw();
            long from = result * 100L;
            LongStream.range(from, from + 100).forEach(id -> draw.offer(pair(id, null)));
            assertEquals(4, draw.drawn().stream().distinct().count());
            samples.keep("c", draw.drawn());
        }
        List<SeenPair> kept = samples.of("c");
        assertEquals(60, kept.size());
        assertTrue(kept.get(0).sampleId() >= 1_900 && kept.get(59).sampleId() >= 500, kept.toString());
        assertEquals(List.of(), samples.of("d"));
    }
}
