package dev.gleaner.worker.spool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.protocol.result.PairDrop;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.worker.shard.KeptPair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final Terms TERMS = new Terms("gleaner-worker/1", "fp32");

    @TempDir
    Path folder;

    private static Lease lease(int attempt) {
        return new Lease(
                7,
                FencingToken.parse("0123456789abcdef-" + attempt),
                "c",
                "https://data.commoncrawl.org/a.warc.wat.gz",
                "a.warc.wat.gz",
                new Slice(1, 4),
                Policy.laion400m(),
                "ab".repeat(32),
                600,
                7200,
                null,
                null,
                null);
    }

    private static Outcome.Kept kept(int index, RandomGenerator random) {
        float[] embedding = new float[512];
        for (int i = 0; i < embedding.length; i++) {
            embedding[i] = (float) random.nextGaussian();
        }
        return new Outcome.Kept(new KeptPair(
                random.nextLong() >>> 1,
                "https://example.org/" + index + ".jpg",
                "ein Bild \u00fcber \ud83d\ude00 " + "x".repeat(random.nextInt(2_000)),
                640,
                480,
                index % 2 == 0 ? null : "https://creativecommons.org/licenses/by/4.0/",
                PictureMarks.NONE,
                0.31f,
                "https://example.org/",
                "a.warc.wat.gz",
                10_000L + index,
                index,
                new ImageHashes("cd".repeat(32), "ef".repeat(16), null, null),
                12_345,
                "JPEG",
                "de",
                null,
                NOW.plusMillis(index),
                200,
                "ab".repeat(32),
                embedding));
    }

    private static Outcome random(int index, RandomGenerator random) {
        return random.nextInt(3) == 0
                ? kept(index, random)
                : new Outcome.Dropped(
                        10_000L + index,
                        index,
                        random.nextInt(1_000),
                        PairDrop.values()[random.nextInt(PairDrop.values().length)]);
    }

    private Spool open(Path file, Terms terms) throws IOException {
        return Spool.open(file, lease(1), terms, NOW, () -> 0);
    }

    private static List<Outcome> replay(Spool spool) throws IOException {
        List<Outcome> read = new ArrayList<>();
        spool.replay(read::add);
        return read;
    }

    private static void assertSame(List<Outcome> expected, List<Outcome> read) {
        assertEquals(expected.size(), read.size());
        for (int i = 0; i < read.size(); i++) {
            if (expected.get(i) instanceof Outcome.Kept kept && read.get(i) instanceof Outcome.Kept again) {
                assertArrayEquals(kept.pair().embedding(), again.pair().embedding());
                // A record with an array is equal to itself only.
                assertEquals(
                        kept.pair().toString().replaceAll("embedding=.*", ""),
                        again.pair().toString().replaceAll("embedding=.*", ""));
            } else {
                assertEquals(expected.get(i), read.get(i));
            }
        }
    }

    @Test
    void whatWasAddedIsThereInOrderAfterTheProcessDied() throws IOException {
        Path file = folder.resolve("spool");
        Random random = new Random(1);
        List<Outcome> added = new ArrayList<>();
        // Never closed, as after a kill.
        Spool first = open(file, TERMS);
        for (int i = 0; i < 100; i++) {
            added.add(random(i, random));
            first.append(added.get(i));
        }
        try (Spool second = Spool.open(file, lease(1), TERMS, NOW.plusSeconds(99), () -> 0)) {
            assertSame(added, replay(second));
            assertEquals(NOW, second.startedAt(), "the attempt began when it began");
            Outcome more = random(100, random);
            second.append(more);
            assertSame(added, replay(second));
            added.add(more);
        }
        try (Spool third = open(file, TERMS)) {
            assertSame(added, replay(third));
        }
        first.close();
    }

    @Test
    void aSpoolCutOrSpoiltAnywhereGivesBackWhatCameBeforeAndCanBeGoneOnWith() throws IOException {
        long seed = 20261121;
        Random random = new Random(seed);
        Path whole = folder.resolve("whole");
        List<Outcome> added = new ArrayList<>();
        List<Long> ends = new ArrayList<>();
        try (Spool spool = open(whole, TERMS)) {
            ends.add(Files.size(whole));
            for (int i = 0; i < 20; i++) {
                added.add(random(i, random));
                spool.append(added.get(i));
                ends.add(Files.size(whole));
            }
        }
        byte[] bytes = Files.readAllBytes(whole);
        Path file = folder.resolve("hurt");
        for (int trial = 0; trial < 200; trial++) {
            int at = random.nextInt(bytes.length);
            byte[] hurt = bytes.clone();
            if (random.nextBoolean()) {
                hurt = java.util.Arrays.copyOf(bytes, at);
            } else {
                hurt[at] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, hurt);
            int good = 0;
            while (good < ends.size() && ends.get(good) <= at) {
                good++;
            }
            String where = "seed " + seed + " trial " + trial + " at " + at;
            Optional<Spool.Remains> remains = Spool.remains(file);
            assertEquals(good > 0, remains.isPresent(), where);
            try (Spool spool = open(file, TERMS)) {
                assertSame(added.subList(0, Math.max(0, good - 1)), replay(spool));
                spool.append(added.get(0));
            }
            try (Spool spool = open(file, TERMS)) {
                assertEquals(Math.max(0, good - 1) + 1, replay(spool).size(), where);
            }
        }
    }

    @Test
    void anotherLeaseOrOtherTermsBeginAnew() throws IOException {
        Path file = folder.resolve("spool");
        for (boolean otherLease : new boolean[] {true, false}) {
            Files.deleteIfExists(file);
            try (Spool spool = open(file, TERMS)) {
                spool.append(new Outcome.Dropped(1, 0, 0, PairDrop.DNS));
            }
            try (Spool spool = Spool.open(
                    file,
                    lease(otherLease ? 2 : 1),
                    otherLease ? TERMS : new Terms("gleaner-worker/1", "int8"),
                    NOW.plusSeconds(5),
                    () -> 0)) {
                assertEquals(List.of(), replay(spool));
                assertEquals(NOW.plusSeconds(5), spool.startedAt());
            }
        }
    }

    @Test
    void aFileThatIsNoSpoolIsNone() throws IOException {
        Path file = folder.resolve("spool");
        assertTrue(Spool.remains(file).isEmpty());
        for (byte[] content :
                List.of(new byte[0], new byte[1_000], "nonsense".repeat(99).getBytes("UTF-8"))) {
            Files.write(file, content);
            assertTrue(Spool.remains(file).isEmpty());
            try (Spool spool = open(file, TERMS)) {
                assertEquals(List.of(), replay(spool));
            }
            assertEquals(lease(1), Spool.remains(file).orElseThrow().lease());
        }
    }

    @Test
    void deathsCountOnlyInARowWithoutProgressOrAnOrderlyEnd() throws IOException {
        Path file = folder.resolve("spool");
        List<Spool> killed = new ArrayList<>();
        for (int run = 1; run <= 3; run++) {
            killed.add(open(file, TERMS));
            assertEquals(run, Spool.remains(file).orElseThrow().deaths());
        }
        killed.add(open(file, TERMS));
        killed.get(3).append(new Outcome.Dropped(1, 0, 0, PairDrop.DNS));
        assertEquals(1, Spool.remains(file).orElseThrow().deaths());
        killed.add(open(file, TERMS));
        assertEquals(2, Spool.remains(file).orElseThrow().deaths());
        open(file, TERMS).close();
        assertEquals(0, Spool.remains(file).orElseThrow().deaths(), "the network was gone: no fault of the job's");
        killed.add(open(file, TERMS));
        assertEquals(1, Spool.remains(file).orElseThrow().deaths());
        for (Spool spool : killed) {
            spool.close();
        }
    }
}
