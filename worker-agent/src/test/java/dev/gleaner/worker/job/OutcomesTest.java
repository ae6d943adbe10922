package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.BatchColumn;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.worker.shard.BatchReader;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.shard.PreparedPicture;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutcomesTest {
    private static final Terms TERMS = new Terms("gleaner-worker/1", "fp32");
    private static final Lease LEASE = new Lease(
            7,
            FencingToken.parse("0123456789abcdef-1"),
            "c",
            "https://data.commoncrawl.org/a.warc.wat.gz",
            "a.warc.wat.gz",
            new Slice(1, 4),
            Policy.laion400m(),
            "ab".repeat(32),
            600,
            7200,
            null,
            true,
            null);

    @TempDir
    Path folder;

    private Spool spool() throws Exception {
        return Spool.open(folder.resolve("spool"), LEASE, TERMS, Instant.EPOCH, System::nanoTime);
    }

    private Outcomes outcomes(Spool spool) {
        return new Outcomes(
                spool, () -> new ShardWriter(folder, 4, Map.of()), at -> new BatchWriter(at, Map.of()), folder);
    }

    private static String hex(int i, int digits) {
        return ("%0" + digits + "x").formatted(i);
    }

    private static Outcome.Kept kept(int i) {
        return new Outcome.Kept(new KeptPair(
                i,
                "https://example.org/" + i + ".jpg",
                "text " + i,
                640,
                480,
                null,
                PictureMarks.NONE,
                0.31f,
                "https://example.org/",
                "a.warc.wat.gz",
                i,
                0,
                new ImageHashes(hex(i, 64), hex(i, 32), null, null),
                10_000,
                "JPEG",
                null,
                null,
                Instant.EPOCH,
                200,
                "ab".repeat(32),
                new float[] {1, 0}));
    }

    private static BitSet places(int... places) {
        BitSet set = new BitSet();
        for (int place : places) {
            set.set(place);
        }
        return set;
    }

    @Test
    void whatMustNotLeaveThisMachineIsInNoShardAndTheCountsStillAddUp() throws Exception {
        try (Spool first = spool();
                Outcomes outcomes = outcomes(first)) {
            for (int i = 0; i < 6; i++) {
                outcomes.settle(kept(i));
                outcomes.settle(new Outcome.Dropped(100 + i, 0, 5, PairDrop.TOO_SMALL));
            }
        }
        // The worker is started again, and some pairs come from its spool.
        try (Spool again = spool();
                Outcomes outcomes = outcomes(again)) {
            outcomes.recall();
            for (int i = 6; i < 10; i++) {
                outcomes.settle(kept(i));
            }
            assertEquals(hex(9, 32), outcomes.pictures().get(9).md5());
            List<Shard> shards = outcomes.finish(places(1, 8));
            assertEquals(
                    List.of(4L, 4L),
                    shards.stream().map(shard -> shard.object().rows()).toList());
            assertEquals(8, outcomes.tally().kept());
            assertEquals(16, outcomes.tally().finished());
            assertEquals(
                    Map.of("too_small", 6L, "left_out", 2L), outcomes.tally().dropped());
        }
    }

    @Test
    void picturesForOthersToScoreAreLeftOutTheSameWay() throws Exception {
        try (Spool spool = spool();
                Outcomes outcomes = outcomes(spool)) {
            for (int i = 0; i < 5; i++) {
                outcomes.pack(new PreparedPicture(
                        "https://example.org/" + i + ".jpg",
                        "text",
                        640,
                        480,
                        null,
                        "https://example.org/",
                        "a.warc.wat.gz",
                        i,
                        0,
                        new ImageHashes(hex(i, 64), hex(i, 32), null, null),
                        10_000,
                        "JPEG",
                        null,
                        Instant.EPOCH,
                        200,
                        new byte[BatchColumn.PIXEL_BYTES]));
            }
            List<Shard> batches = outcomes.finish(places(0, 3));
            assertEquals(1, batches.size());
            assertEquals(3, batches.get(0).object().rows());
            List<Long> left = new ArrayList<>();
            BatchReader.read(batches.get(0).file(), picture -> left.add(picture.watOffset()));
            assertEquals(List.of(1L, 2L, 4L), left);
            assertEquals(Map.of("left_out", 2L), outcomes.tally().dropped());
        }
    }

    @Test
    void whenNothingIsLeftOfAShardThereIsNone() throws Exception {
        try (Spool spool = spool();
                Outcomes outcomes = outcomes(spool)) {
            outcomes.settle(kept(0));
            assertEquals(List.of(), outcomes.finish(places(0)));
        }
    }
}
