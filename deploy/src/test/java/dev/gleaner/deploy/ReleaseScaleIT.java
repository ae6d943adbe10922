package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.tracker.release.Assembly;
import dev.gleaner.tracker.release.Cut;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.Order;
import dev.gleaner.tracker.release.PartFile;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.ShardRef;
import dev.gleaner.tracker.release.Survey;
import dev.gleaner.tracker.release.jet.JetAssembly;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import dev.gleaner.worker.shard.KeptPair;
import dev.gleaner.worker.shard.Shard;
import dev.gleaner.worker.shard.ShardWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** How long a release of many synthetic pairs takes: {@code -Dgleaner.release.rows=N}. Says figures; nothing fails for being slow. */
@EnabledIfSystemProperty(
        named = "gleaner.release.rows",
        matches = "[1-9][0-9]*",
        disabledReason = "a measurement: give it -Dgleaner.release.rows=N")
class ReleaseScaleIT {
    private static final int ROWS_PER_SHARD = 10_000;
    private static final int NUMBERS = 64;

    @TempDir
    Path folder;

    private ShardRef shard(FileObjectStore store, int number, Random random, long all) throws Exception {
        ShardWriter writer = new ShardWriter(
                Files.createDirectories(folder.resolve("work")), ROWS_PER_SHARD, Map.of(ShardMetadata.CAMPAIGN, "c"));
        for (int i = 0; i < ROWS_PER_SHARD; i++) {
            long which = (long) (random.nextDouble() * all);
            float[] embedding = new float[NUMBERS];
            for (int n = 0; n < NUMBERS; n++) {
                embedding[n] = (float) random.nextGaussian() / 8;
            }
            writer.add(new KeptPair(
                    random.nextLong() >>> 1,
                    "https://site-" + which % 50_021 + ".example.org/pictures/" + which + ".jpg",
                    "a picture of something that has the number " + which,
                    640,
                    480,
                    null,
                    new PictureMarks("UNLIKELY", null, null),
                    0.3f + 0.2f * random.nextFloat(),
                    "https://site-" + which % 50_021 + ".example.org/page-" + which % 997,
                    "crawl-data/CC-MAIN-2026-01/segments/x/wat/" + number + ".warc.wat.gz",
                    i * 1_000L,
                    0,
                    new ImageHashes(
                            Long.toHexString(which | 1L << 62).repeat(4),
                            Long.toHexString(which | 1L << 62).repeat(2),
                            Long.toHexString(which | 1L << 62).repeat(3).substring(0, 40),
                            new SplittableRandom(which / 2).nextLong()),
                    90_000,
                    "JPEG",
                    "en",
                    "en",
                    Instant.ofEpochMilli(1_700_000_000_000L + i),
                    200,
                    "m".repeat(64),
                    embedding));
        }
        Shard shard = writer.finish().get(0);
        ShardObject object = shard.object();
        String key = "accepted/c/0123456789abcdef/" + (number + 1) + "/1/" + object.sha256() + ".parquet";
        store.put(key, shard.file());
        return new ShardRef(key, object.bytes(), object.sha256(), object.rows(), number + 1, "0123456789abcdef-1", "w");
    }

    @Test
    void aReleaseOfManyPairs() throws Exception {
        long rows = Long.getLong("gleaner.release.rows");
        FileObjectStore store = new FileObjectStore(folder.resolve("objects"), new byte[32], InstantSource.system());
        Random random = new Random(1);
        List<ShardRef> shards = new ArrayList<>();
        Instant began = Instant.now();
        for (int s = 0; s < rows / ROWS_PER_SHARD; s++) {
            shards.add(shard(store, s, random, 4 * rows));
        }
        System.out.println("release: " + rows + " pairs made in " + since(began));
        String near = String.valueOf(Integer.getInteger("gleaner.release.near"));
        Preset preset = Preset.parse(Preset.builtIn("laion-400m")
                .json()
                .replace("\"nearDuplicates\" : null", "\"nearDuplicates\" : " + near));
        Order order = new Order("1", "c", shards, preset, new OptOuts(List.of()), 100_000);
        Assembly jet = new JetAssembly(() -> null, store, folder.resolve("scratch"));
        AtomicLong heap = new AtomicLong();
        try {
            Instant surveyed = Instant.now();
            Survey survey = jet.survey(order, progress -> {});
            System.out.println("release: survey " + rate(rows, surveyed));
            Instant assembled = Instant.now();
            Assembly.Assembled made = jet.assemble(
                    order,
                    Cut.of(survey, preset, order.rowsPerFile()),
                    progress -> heap.accumulateAndGet(
                            Runtime.getRuntime().totalMemory()
                                    - Runtime.getRuntime().freeMemory(),
                            Math::max));
            System.out.println("release: assembly " + rate(rows, assembled) + ", heap at most " + (heap.get() >> 20)
                    + " MiB as seen twice a second");
            List<PartFile> files = made.files();
            long kept = files.stream()
                    .filter(f -> f.name().endsWith(".parquet"))
                    .mapToLong(PartFile::rows)
                    .sum();
            long doubled = files.stream().mapToLong(PartFile::duplicates).sum();
            assertEquals(survey.rows(), kept + doubled + made.nearDuplicates());
            System.out.println("release: kept " + kept + ", duplicates " + doubled + ", near " + made.nearDuplicates()
                    + ", files " + files.size()
                    + ", bytes " + files.stream().mapToLong(PartFile::bytes).sum());
        } finally {
            jet.rest();
        }
    }

    private static String since(Instant began) {
        return Duration.between(began, Instant.now()).toSeconds() + " s";
    }

    private static String rate(long rows, Instant began) {
        double seconds = Duration.between(began, Instant.now()).toMillis() / 1000.0;
        return String.format(Locale.ROOT, "%.0f s, %.0f rows/s", seconds, rows / seconds);
    }
}
