package dev.gleaner.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.protocol.shard.ImageHashes;
import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.protocol.shard.ShardMetadata;
import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.cluster.ClusterSettings;
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
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Releases of accepted pairs: by the tracker's jar, read by DuckDB; and by Hazelcast Jet alone, against sums made another way. */
@Tag("jdk")
class ReleaseIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Programs.Ended operator(SmallCampaign campaign, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(words));
        command.addAll(List.of(
                "--tracker",
                "http://127.0.0.1:" + campaign.trackerPort(),
                "--token-file",
                folder.resolve("data/operator.token").toString()));
        return campaign.programs.operate(command.toArray(String[]::new));
    }

    private static long number(String sql) throws Exception {
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                ResultSet result = duck.createStatement().executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** A campaign for pairs made by hand; nobody gets jobs of the one that is there from the start. */
    private void handCampaign(SmallCampaign campaign, List<String> paths) throws Exception {
        campaign.create("hand", paths, 1);
        assertEquals(0, operator(campaign, "campaign", "pause", "c").code());
    }

    @Test
    void aReleaseLeavesOutWhatPeopleAskedForAndWhatStandsTwiceAndChecksItself() throws Exception {
        try (SmallCampaign campaign = new SmallCampaign(folder)) {
            handCampaign(campaign, List.of("a.wat.gz", "b.wat.gz", "c.wat.gz", "d.wat.gz"));
            String root = "http://127.0.0.1:" + campaign.trackerPort() + "/";
            new HandMade(root)
                    .handIn(folder, "ada", "https://example.org/x.jpg", List.of("one two", "three", "four"), null);
            new HandMade(root).handIn(folder, "bela", "https://example.org/x.jpg", List.of("four", "five"), null);
            new HandMade(root).handIn(folder, "eve", "https://img.example.net/y.jpg", List.of("six"), null);
            assertEquals(
                    0,
                    operator(campaign, "opt-out", "add", "domain", "Example.net")
                            .code());
            assertEquals(
                    65,
                    operator(campaign, "opt-out", "add", "domain", "nonsense").code());

            Programs.Ended made = operator(campaign, "release", "create", "--campaign", "hand", "--preset", "raw");
            assertEquals(0, made.code(), made.said());
            assertTrue(made.said().contains("release hand-raw-v1 is there: 4 pairs"), made.said());
            Path release = folder.resolve("release");
            Programs.Ended fetched = campaign.programs.operate(
                    "release",
                    "fetch",
                    "hand-raw-v1",
                    release.toString(),
                    "--tracker",
                    "http://127.0.0.1:" + campaign.trackerPort(),
                    "--token-file",
                    folder.resolve("researchers-have-none").toString());
            assertEquals(0, fetched.code(), fetched.said());
            assertTrue(fetched.said().contains("4 pairs looked at, 0 faults"), fetched.said());
            JsonNode manifest = JSON.readTree(release.resolve("manifest.json").toFile());
            assertEquals(1, manifest.path("duplicates").asLong());
            assertEquals(1, manifest.path("leftOut").path("opted_out").asLong());
            assertTrue(manifest.path("chain").path("seq").asLong() > 0, manifest.toString());
            String files = "'" + release + "/*.parquet'";
            assertEquals(4, number("SELECT count(*) FROM " + files));
            assertEquals(4, number("SELECT count(DISTINCT URL || TEXT) FROM " + files));
            assertEquals(0, number("SELECT count(*) FROM " + files + " WHERE URL LIKE '%example.net%'"));
            assertEquals(
                    4,
                    number("SELECT count(*) FROM " + files
                            + " WHERE preset = 'raw@1' AND worker <> '' AND job > 0 AND wat_path LIKE '%.wat.gz'"));

            JsonNode[] found = {null};
            Programs.awaitThat(() -> {
                found[0] = JSON.readTree(campaign.get(
                                campaign.trackerPort(), "/v1/releases/hand-raw-v1/search?by=words&q=two%20or%20more")
                        .body());
                return found[0].path("hits").size() > 0;
            });
            assertEquals("one two", found[0].path("hits").path(0).path("text").asText());
            assertEquals(4, found[0].path("pairs").asInt());
            assertEquals(
                    0,
                    operator(campaign, "opt-out", "add", "url", "https://example.org/x.jpg")
                            .code());
            JsonNode hidden = JSON.readTree(
                    campaign.get(campaign.trackerPort(), "/v1/releases/hand-raw-v1/search?by=domain&q=Example.org")
                            .body());
            assertEquals(0, hidden.path("hits").size(), "who asked to be left out is not shown any more");
            assertEquals(4, hidden.path("hidden").asInt());

            assertTrue(operator(campaign, "release", "removals", "hand-raw-v1")
                    .said()
                    .contains("removals-1.csv of release hand-raw-v1: 4 pairs"));
            operator(campaign, "opt-out", "forget", "url", "https://example.org/x.jpg");
            assertEquals(
                    0,
                    operator(campaign, "opt-out", "add", "url", "https://example.org/none.jpg")
                            .code());
            assertTrue(operator(campaign, "release", "removals", "hand-raw-v1")
                    .said()
                    .contains("removals-2.csv of release hand-raw-v1: 0 pairs"));
            Programs.Ended again = operator(campaign, "release", "fetch", "hand-raw-v1", release.toString());
            assertTrue(again.said().contains("removals-2.csv"), again.said());
            Path removals = folder.resolve("data/objects/releases/hand-raw-v1/removals-1.csv");
            assertEquals(
                    4,
                    number(
                            "SELECT count(*) FROM read_parquet(" + files
                                    + ", filename = true, file_row_number = true) pair JOIN read_csv('" + removals
                                    + "') removed ON pair.filename LIKE '%/' || removed.file AND pair.file_row_number = removed.row AND pair.SAMPLE_ID = removed.SAMPLE_ID"));

            Path table = release.resolve("all-00000.parquet");
            byte[] bytes = Files.readAllBytes(table);
            bytes[bytes.length / 2] ^= 1;
            Files.write(table, bytes);
            Programs.Ended broken = campaign.programs.operate("release", "verify", release.toString());
            assertEquals(65, broken.code());
            assertTrue(
                    broken.said().contains("all-00000.parquet has other bytes than the manifest says"), broken.said());
        }
    }

    @Test
    void aTrackerThatIsKilledWhileItMakesAReleaseLeavesNoHalfOneAndMakesItWhenItIsBack() throws Exception {
        try (SmallCampaign campaign = new SmallCampaign(folder)) {
            handCampaign(campaign, List.of("a.wat.gz"));
            new HandMade("http://127.0.0.1:" + campaign.trackerPort() + "/")
                    .handIn(folder, "ada", "https://example.org/x.jpg", List.of("one", "two"), null);
            // The command would have to end before a member of Hazelcast starts, so the call is made from here.
            Process tracker = campaign.tracker();
            HandMade.call(
                    "http://127.0.0.1:" + campaign.trackerPort() + "/v1/operator/releases",
                    Files.readString(folder.resolve("data/operator.token")).strip(),
                    Map.of("campaign", "hand", "preset", "raw", "rowsPerFile", 100));
            tracker.destroyForcibly().waitFor();
            assertFalse(Files.exists(folder.resolve("data/objects/releases/hand-raw-v1/manifest.json")));
            campaign.restartTracker();
            Programs.awaitThat(() -> JSON.readTree(campaign.get(campaign.trackerPort(), "/v1/releases/hand-raw-v1")
                            .body())
                    .path("state")
                    .asText()
                    .equals("published"));
            Programs.Ended fetched = operator(
                    campaign,
                    "release",
                    "fetch",
                    "hand-raw-v1",
                    folder.resolve("release").toString());
            assertEquals(0, fetched.code(), fetched.said());
            assertTrue(fetched.said().contains("2 pairs looked at, 0 faults"), fetched.said());
        }
    }

    /** Random pairs with duplicates, in shards. */
    private List<ShardRef> shards(FileObjectStore store, Random random, int shards, int rows, Set<String> all)
            throws Exception {
        List<ShardRef> refs = new ArrayList<>();
        for (int s = 0; s < shards; s++) {
            ShardWriter writer = new ShardWriter(
                    Files.createTempDirectory(folder, "shard"), rows, Map.of(ShardMetadata.CAMPAIGN, "c"));
            for (int i = 0; i < rows; i++) {
                int which = random.nextInt(shards * rows);
                String url = "https://s" + which % 7 + ".example.org/" + which + ".jpg";
                String text = "text " + which % 3;
                all.add(url + " " + text);
                writer.add(pair(random.nextLong() >>> 1, url, text, hash(which), random.nextFloat(), i));
            }
            Shard shard = writer.finish().get(0);
            ShardObject object = shard.object();
            String key = "accepted/c/0123456789abcdef/" + (s + 1) + "/1/" + object.sha256() + ".parquet";
            store.put(key, shard.file());
            refs.add(new ShardRef(
                    key, object.bytes(), object.sha256(), object.rows(), s + 1, "0123456789abcdef-1", "w"));
        }
        return refs;
    }

    /** Three pictures each look alike, the hash of one in two bits otherwise; every eleventh has none. */
    private static @Nullable Long hash(int which) {
        long family = new Random(which / 3).nextLong();
        return which % 11 == 0 ? null : (Long) (which % 3 == 2 ? family ^ 0x8000_0000_0000_0100L : family);
    }

    private static KeptPair pair(long id, String url, String text, @Nullable Long hash, float similarity, int offset) {
        return new KeptPair(
                id,
                url,
                text,
                640,
                480,
                null,
                PictureMarks.NONE,
                similarity,
                "https://example.org/",
                "a.wat.gz",
                offset,
                0,
                new ImageHashes("a".repeat(64), "b".repeat(32), null, hash),
                9_000,
                "JPEG",
                "en",
                null,
                Instant.EPOCH,
                200,
                "m",
                new float[] {1, 0, 0, 0});
    }

    @Test
    void theSamePairsGiveTheSameBytesWhateverTheirOrderAndNoneIsLostOrDoubled() throws Exception {
        long seed = Long.getLong("gleaner.seed", 11);
        FileObjectStore store = new FileObjectStore(folder.resolve("objects"), new byte[32], InstantSource.system());
        Set<String> all = new HashSet<>();
        int shardCount = 9;
        int rows = 700;
        List<ShardRef> shards = shards(store, new Random(seed), shardCount, rows, all);
        Assembly jet = new JetAssembly(() -> null, store, folder.resolve("scratch"));
        try {
            List<PartFile> first = assemble(jet, "1", shards, "raw");
            List<ShardRef> shuffled = new ArrayList<>(shards);
            Collections.shuffle(shuffled, new Random(seed + 1));
            assertEquals(first, assemble(jet, "2", shuffled, "raw"), "replay with -Dgleaner.seed=" + seed);
            String files = "'" + folder.resolve("objects/building/1") + "/*.parquet'";
            assertEquals(all.size(), number("SELECT count(*) FROM " + files));
            assertEquals(all.size(), number("SELECT count(DISTINCT URL || ' ' || TEXT) FROM " + files));
            List<PartFile> tables = tables(first);
            assertEquals(13, tables.size());
            double even = (double) all.size() / tables.size();
            tables.forEach(t -> assertEquals(even, t.rows(), 0.25 * even, "even files: " + t));
            long best = tables(assemble(jet, "3", shards, "clip-top-30")).stream()
                    .mapToLong(f -> f.rows() + f.duplicates())
                    .sum();
            assertEquals(Math.ceil(0.3 * shardCount * rows), best, 2, "three of ten, and those of equal similarity");
        } finally {
            jet.rest();
        }
    }

    @Test
    void ofPicturesThatLookAlikeTheBestPairStaysWhateverTheOrder() throws Exception {
        long seed = Long.getLong("gleaner.seed", 13);
        FileObjectStore store = new FileObjectStore(folder.resolve("objects"), new byte[32], InstantSource.system());
        List<ShardRef> shards = shards(store, new Random(seed), 4, 4_000, new HashSet<>());
        String raw = Preset.builtIn("raw").json();
        Assembly jet = new JetAssembly(() -> null, store, folder.resolve("scratch"));
        try {
            Preset distinct = Preset.parse(raw.replace("\"nearDuplicates\" : null", "\"nearDuplicates\" : 2"));
            Assembly.Assembled made = assembled(jet, "1", shards, distinct);
            List<ShardRef> shuffled = new ArrayList<>(shards);
            Collections.shuffle(shuffled, new Random(seed + 1));
            assertEquals(made, assembled(jet, "2", shuffled, distinct), "replay with -Dgleaner.seed=" + seed);
            String files = "'" + folder.resolve("objects/building/1") + "/*.parquet'";
            long rows = number("SELECT count(*) FROM " + files);
            assertEquals(
                    0,
                    number("SELECT count(*) FROM " + files + " a JOIN " + files + " b ON a.SAMPLE_ID < b.SAMPLE_ID AND"
                            + " bit_count(xor(a.image_phash, b.image_phash)) <= 2"));
            assertTrue(number("SELECT count(*) FROM " + files + " WHERE image_phash IS NULL") > 100);
            long duplicates =
                    made.files().stream().mapToLong(PartFile::duplicates).sum();
            assertEquals(16_000, rows + duplicates + made.nearDuplicates());
            Assembly.Assembled all = assembled(jet, "3", shards, Preset.builtIn("raw"));
            assertEquals(0, all.nearDuplicates());
            String every = "'" + folder.resolve("objects/building/3") + "/*.parquet'";
            assertEquals(
                    0,
                    number("SELECT count(*) FROM (SELECT image_phash, max(similarity) best FROM " + every
                            + " WHERE image_phash IS NOT NULL GROUP BY image_phash) o JOIN " + files
                            + " l ON l.image_phash = o.image_phash AND l.similarity < o.best"),
                    "the best stays");
        } finally {
            jet.rest();
        }
    }

    /** What goes from member to member must be written and read by the other. */
    @Test
    void twoTrackersOfAClusterShareTheWorkAndMakeTheSameBytes() throws Exception {
        FileObjectStore store = new FileObjectStore(folder.resolve("objects"), new byte[32], InstantSource.system());
        Set<String> all = new HashSet<>();
        List<ShardRef> shards = shards(store, new Random(5), 8, 400, all);
        Assembly alone = new JetAssembly(() -> null, store, folder.resolve("scratch"));
        List<PartFile> expected = assemble(alone, "1", shards, "raw");
        alone.rest();
        int first = Programs.freePort();
        int second = Programs.freePort();
        List<String> members = List.of("127.0.0.1:" + first, "127.0.0.1:" + second);
        try (Cluster a = Cluster.join(
                        new ClusterSettings("release-it", "127.0.0.1", first, Programs.freePort(), members, null));
                Cluster b = Cluster.join(
                        new ClusterSettings("release-it", "127.0.0.1", second, Programs.freePort(), members, null))) {
            JetAssembly.prepare(a.member(), store, folder.resolve("scratch-a"));
            JetAssembly.prepare(b.member(), store, folder.resolve("scratch-b"));
            Programs.awaitThat(() -> a.member().getCluster().getMembers().size() == 2);
            Assembly both = new JetAssembly(a::member, store, folder.resolve("unused"));
            assertEquals(expected, assemble(both, "2", shards, "raw"));
        }
    }

    private static List<PartFile> tables(List<PartFile> files) {
        return files.stream().filter(f -> f.name().endsWith(".parquet")).toList();
    }

    private static List<PartFile> assemble(Assembly jet, String id, List<ShardRef> shards, String name) {
        return assembled(jet, id, shards, Preset.builtIn(name)).files();
    }

    private static Assembly.Assembled assembled(Assembly jet, String id, List<ShardRef> shards, Preset preset) {
        Order order = new Order(id, "c", shards, preset, new OptOuts(List.of()), 500);
        Survey survey = jet.survey(order, progress -> {});
        return jet.assemble(order, Cut.of(survey, preset, order.rowsPerFile()), progress -> {});
    }
}
