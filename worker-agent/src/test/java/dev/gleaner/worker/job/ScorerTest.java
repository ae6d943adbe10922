package dev.gleaner.worker.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.ClipSession;
import dev.gleaner.worker.clip.Heads;
import dev.gleaner.worker.extract.Candidate;
import dev.gleaner.worker.fixture.DemoModel;
import dev.gleaner.worker.fixture.Leases;
import dev.gleaner.worker.image.ImageFormat;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.PerceptualHash;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.pipeline.Channel;
import dev.gleaner.worker.pipeline.Line;
import dev.gleaner.worker.shard.BatchWriter;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.shard.ShardWriter;
import dev.gleaner.worker.spool.Outcome;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of an image and its text with the demo's model, each value under its own name. */
@Timeout(30)
class ScorerTest {
    private static final LineSettings SETTINGS = new LineSettings(8, 8, 16 << 20, 1, 1, 4, 16);
    private static final Instant AT = Instant.parse("2026-11-20T10:11:12.345Z");
    private static final ImageHashes HASHES = new ImageHashes("1a".repeat(32), "2b".repeat(16), "3c".repeat(20), null);

    @TempDir
    Path folder;

    private static Lease lease(double threshold) {
        Policy policy = Leases.policy(Map.of("threshold", threshold));
        return Leases.lease(Stage.WHOLE, "https://data.commoncrawl.org/" + Leases.WAT_PATH, policy);
    }

    private static byte[] pixels(int seed) {
        byte[] pixels = new byte[Preprocessor.BYTES];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (seed * i >> 6);
        }
        return pixels;
    }

    private static ReadyPair pair(Scorer scorer, int place, String text) throws Exception {
        Candidate candidate = new Candidate(
                "https://images.example.org/" + place + ".png",
                text,
                "https://pages.example.org/" + place,
                "https://creativecommons.org/licenses/by/4.0/",
                "da",
                1_000 + place,
                place);
        ReadyPair.Facts facts = new ReadyPair.Facts(
                new ImageHeader(ImageFormat.PNG, 640, 480), 12_345, HASHES, 203, AT.plusSeconds(place));
        return new ReadyPair(candidate, facts, pixels(place + 1), scorer.tokens(text));
    }

    /** Scores as many pairs as there are texts, and gives what was spooled of them, by their place. */
    private List<Outcome> score(Lease lease, PairTally[] tally, String... texts) throws Exception {
        Terms terms = new Terms("test/1", "fp32");
        List<Outcome> spooled = new ArrayList<>();
        try (Spool spool = Spool.open(folder.resolve("spool"), lease, terms, AT, System::nanoTime);
                Outcomes outcomes = new Outcomes(
                        spool,
                        () -> new ShardWriter(folder, 100, Map.of()),
                        f -> new BatchWriter(f, Map.of()),
                        folder)) {
            Scorer scorer = new Scorer(lease, DemoModel.get(), SETTINGS, outcomes);
            Line line = new Line("test");
            Channel<ReadyPair> ready = line.channel(16);
            line.stage(
                    "give",
                    1,
                    () -> {
                        for (int i = 0; i < texts.length; i++) {
                            ready.put(pair(scorer, i, texts[i]));
                        }
                    },
                    ready);
            line.stage("score", 1, () -> scorer.run(ready));
            line.run();
            spool.replayAll(spooled::add);
            tally[0] = outcomes.tally();
        }
        spooled.sort(Comparator.comparingInt(Outcome::index));
        return spooled;
    }

    @Test
    void eachValueOfARowStandsUnderItsOwnName() throws Exception {
        ClipModel model = DemoModel.get();
        String english = "three yellow stars on a white background the green circle in the bottom left corner";
        Lease lease = lease(-1);
        List<Outcome> spooled = score(lease, new PairTally[1], english);
        KeptPair row = ((Outcome.Kept) spooled.get(0)).pair();
        assertEquals("https://images.example.org/0.png", row.url());
        assertEquals(english, row.text());
        assertEquals(640, row.width());
        assertEquals(480, row.height());
        assertEquals("https://creativecommons.org/licenses/by/4.0/", row.license());
        assertEquals("https://pages.example.org/0", row.pageUrl());
        assertEquals(Leases.WAT_PATH, row.watPath());
        assertEquals(1_000, row.watOffset());
        assertEquals(0, row.index());
        assertEquals(HASHES.withPerceptual(PerceptualHash.of(pixels(1))), row.hashes());
        assertEquals(12_345, row.imageBytes());
        assertEquals("PNG", row.format());
        assertEquals("da", row.language(), "what the page says of itself");
        assertEquals("en", row.textLanguage(), "what the text is in");
        assertEquals(AT, row.fetchedAt());
        assertEquals(203, row.httpStatus());
        assertEquals(Leases.BUNDLE, row.modelId());
        assertEquals(model.bundle().embedding(), row.embedding().length);
        double norm = 0;
        for (float part : row.embedding()) {
            norm += part * part;
        }
        assertEquals(1, norm, 1e-3);
        assertTrue(row.similarity() >= -1 && row.similarity() <= 1, "similarity " + row.similarity());
        assertTrue(List.of("UNLIKELY", "UNSURE", "NSFW")
                .contains(String.valueOf(row.marks().nsfw())));
        float watermark = row.marks().watermark();
        assertTrue(watermark >= 0 && watermark <= 1, "watermark " + watermark);
        assertNotEquals(row.marks().aesthetic(), row.marks().watermark());
    }

    @Test
    void eachPairOfABatchHasTheEmbeddingOfItsOwnImageAndTheTextOfItsOwn() throws Exception {
        List<Outcome> together = score(lease(-1), new PairTally[1], "a red circle", "a blue square", "a green star");
        for (int i = 0; i < together.size(); i++) {
            KeptPair pair = ((Outcome.Kept) together.get(i)).pair();
            try (ClipSession session = DemoModel.get().newSession();
                    Heads.Session heads = DemoModel.get().newHeads()) {
                float[] image = session.images(List.of(pixels(i + 1)))[0];
                float[] text =
                        session.tokens(List.of(DemoModel.get().tokenizer().idsOfAnything(pair.text())))[0];
                assertArrayEquals(image, pair.embedding(), 1e-4f);
                assertEquals(ClipSession.similarity(image, text), pair.similarity(), 1e-4f);
                PictureMarks marks = heads.marks(List.of(new float[][] {image})).get(0);
                assertEquals(marks.aesthetic(), pair.marks().aesthetic(), 1e-3f);
                assertEquals(marks.watermark(), pair.marks().watermark(), 1e-3f);
                assertEquals(marks.nsfw(), pair.marks().nsfw());
            }
            assertEquals("https://images.example.org/" + i + ".png", pair.url());
        }
        assertEquals(3, together.size());
    }

    @Test
    void onlyPairsBelowTheThresholdAreDroppedAndCountedWithTheirBytes() throws Exception {
        PairTally[] tally = new PairTally[1];
        List<Outcome> kept = score(lease(-1), tally, "a red circle");
        assertEquals(1, tally[0].kept());
        float similarity = ((Outcome.Kept) kept.get(0)).pair().similarity();
        assertEquals(
                1,
                score(lease(similarity), tally, "a red circle").stream()
                        .filter(Outcome.Kept.class::isInstance)
                        .count(),
                "one that just reaches it is kept");
        List<Outcome> dropped = score(lease(Math.nextUp((double) similarity)), tally, "a red circle");
        assertEquals(List.of(new Outcome.Dropped(1_000, 0, 12_345, PairDrop.BELOW_THRESHOLD)), dropped);
        assertEquals(0, tally[0].kept());
    }

    @Test
    void aPairsIdComesFromItsPlaceAndIsNeverNegative() throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256")
                .digest((Leases.WAT_PATH + "\n1000\n3").getBytes(StandardCharsets.UTF_8));
        assertEquals(ByteBuffer.wrap(digest).getLong() >>> 1, Scorer.sampleId(Leases.WAT_PATH, 1_000, 3));
        assertNotEquals(Scorer.sampleId(Leases.WAT_PATH, 10, 0), Scorer.sampleId(Leases.WAT_PATH, 1, 0));
        for (int i = 0; i < 100; i++) {
            assertTrue(Scorer.sampleId(Leases.WAT_PATH, i, 0) >= 0);
        }
    }
}
