package dev.gleaner.tracker.release;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.ReleaseBook;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds releases, one at a time. What is half made lies under {@code building/} and is seen by nobody; a release is there when the
 * ledger says so, which is the last step. Whoever dies in the middle is followed by another, who starts over.
 */
public final class Releases {
    private static final Logger log = LoggerFactory.getLogger(Releases.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration SILENCE = Duration.ofSeconds(60);
    private static final int MOST_TRIES = 3;

    private final Ledger ledger;
    private final ReleaseBook book;
    private final ResultChain chain;
    private final ObjectStore store;
    private final Assembly assembly;
    private final Supplier<List<String>> stoppedSites;
    private final Path scratch;
    private final String builder;
    private final InstantSource clock;

    /**
     * @param stoppedSites domains whose owners let nobody come, which are left out, too
     * @param scratch folder for small files on their way
     * @param builder names this process among all that may build at the same time
     */
    public Releases(
            Ledger ledger,
            ReleaseBook book,
            ResultChain chain,
            ObjectStore store,
            Assembly assembly,
            Supplier<List<String>> stoppedSites,
            Path scratch,
            String builder,
            InstantSource clock) {
        this.ledger = ledger;
        this.book = book;
        this.chain = chain;
        this.store = store;
        this.assembly = assembly;
        this.stoppedSites = stoppedSites;
        this.scratch = scratch;
        this.builder = builder;
        this.clock = clock;
    }

    /** Somebody else builds the release by now. */
    private static final class TakenOver extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Builds what there is to build and nobody builds. Blocks as long as that takes. */
    public void work() {
        for (ReleaseBook.Version version : book.releases()) {
            if (version.state() == ReleaseBook.State.BUILDING
                    && join(book.claim(version.id(), builder, clock.instant().minus(SILENCE)))) {
                try {
                    build(version);
                } finally {
                    assembly.rest();
                }
            }
        }
    }

    private void build(ReleaseBook.Version version) {
        log.info(
                "Release is being built: name={} preset={}",
                version.name(),
                version.preset().length());
        try {
            for (int tries = 1; ; tries++) {
                ReleaseManifest manifest = assemble(version);
                if (manifest != null) {
                    boolean published = join(book.publish(version.id(), builder, json(manifest)));
                    log.info(
                            "Release is there: name={} rows={} published={}",
                            version.name(),
                            manifest.rows(),
                            published);
                    return;
                }
                if (tries == MOST_TRIES) {
                    throw new IOException("results were taken back while the release was being made, again and again");
                }
                log.warn("Results were taken back meanwhile; the release is made anew: name={}", version.name());
            }
        } catch (TakenOver e) {
            log.warn("Another tracker builds the release by now: name={}", version.name());
        } catch (CancellationException | Ledger.LedgerException e) {
            // The tracker stops, or the ledger is unwell: the release stays to be built.
            log.warn("Release is left for later: name={} cause={}", version.name(), e.toString());
        } catch (IOException | RuntimeException e) {
            log.error("Release failed: name={}", version.name(), e);
            String reason = String.valueOf(e.getMessage());
            join(book.fail(version.id(), builder, reason.substring(0, Math.min(500, reason.length()))));
            clear("building/" + version.id() + "/");
        }
    }

    /** @return null when a result that went in was taken back meanwhile */
    private @org.jspecify.annotations.Nullable ReleaseManifest assemble(ReleaseBook.Version version)
            throws IOException {
        Preset preset = Preset.parse(version.preset());
        CampaignStatus campaign = ledger.campaigns().stream()
                .filter(c -> c.name().equals(version.campaign()))
                .findAny()
                .orElseThrow(() -> new IOException("there is no campaign " + version.campaign()));
        List<ShardRef> shards = shards(version.campaign());
        Order order = new Order(
                Long.toString(version.id()),
                version.campaign(),
                shards,
                preset,
                OptOuts.of(book, stoppedSites.get()),
                version.rowsPerFile());
        clear(order.folder());
        Survey survey = assembly.survey(order, progress -> beat(version, progress));
        Cut cut = Cut.of(survey, preset, version.rowsPerFile());
        Assembly.Assembled assembled = assembly.assemble(order, cut, progress -> beat(version, progress));
        List<PartFile> files = new ArrayList<>(assembled.files());
        Set<String> now = shards(version.campaign()).stream().map(ShardRef::key).collect(Collectors.toSet());
        if (!now.containsAll(shards.stream().map(ShardRef::key).toList())) {
            return null;
        }
        Map<String, Long> leftOut = new HashMap<>(survey.out());
        long below = survey.rows()
                - leftOut.values().stream().mapToLong(Long::longValue).sum()
                - taken(survey, cut);
        if (below > 0) {
            leftOut.put("below_top_share", below);
        }
        if (assembled.nearDuplicates() > 0) {
            leftOut.put("near_duplicate", assembled.nearDuplicates());
        }
        long rows = files.stream()
                .filter(file -> file.name().endsWith(".parquet"))
                .mapToLong(PartFile::rows)
                .sum();
        long duplicates = files.stream().mapToLong(PartFile::duplicates).sum();
        ReleaseManifest.ChainHead head = head(version.campaign());
        ReleaseManifest described = new ReleaseManifest(
                ReleaseManifest.FORMAT,
                version.name(),
                version.campaign(),
                campaign.bundle(),
                preset,
                inputs(shards),
                shards.size(),
                survey.rows(),
                leftOut,
                duplicates,
                rows,
                files,
                head);
        for (Map.Entry<String, String> text : Card.files(described, survey, cut).entrySet()) {
            files.add(put(order.folder(), text.getKey(), text.getValue()));
        }
        ReleaseManifest manifest = new ReleaseManifest(
                described.format(),
                described.name(),
                described.campaign(),
                described.bundle(),
                preset,
                described.inputs(),
                described.shards(),
                described.read(),
                leftOut,
                duplicates,
                rows,
                files,
                head);
        for (PartFile file : files) {
            beat(version, new Assembly.Progress("publish", files.indexOf(file), files.size()));
            move(order.folder() + file.name(), ReleaseManifest.folder(version.name()) + file.name(), file);
        }
        put(ReleaseManifest.folder(version.name()), ReleaseManifest.FILE, pretty(manifest));
        return manifest;
    }

    private ReleaseManifest.@Nullable ChainHead head(String campaign) {
        while (join(chain.extend()) > 0) {
            log.debug("links are still being added to the chain of results");
        }
        return chain.head(campaign)
                .map(link -> new ReleaseManifest.ChainHead(link.seq(), link.hash()))
                .orElse(null);
    }

    private static long taken(Survey survey, Cut cut) {
        long taken = 0;
        for (int part = 0; part < cut.fromBin().size(); part++) {
            taken += survey.taken(part, cut.fromBin().get(part));
        }
        return taken;
    }

    /** The accepted shards of a campaign, in the order of its jobs. */
    private List<ShardRef> shards(String campaign) {
        List<ShardRef> shards = new ArrayList<>();
        ledger.eachCanonical(result -> {
            if (!result.campaign().equals(campaign)) {
                return;
            }
            Manifest manifest = parse(result.manifest());
            for (ShardObject object : manifest.objects()) {
                shards.add(new ShardRef(
                        ObjectKeys.accepted(campaign, result.job(), result.token(), object.sha256()),
                        object.bytes(),
                        object.sha256(),
                        object.rows(),
                        result.job(),
                        result.token().toString(),
                        result.worker()));
            }
        });
        return shards;
    }

    private static String inputs(List<ShardRef> shards) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            shards.forEach(shard -> sha256.update((shard.sha256() + "\n").getBytes(StandardCharsets.US_ASCII)));
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private void beat(ReleaseBook.Version version, Assembly.Progress progress) {
        if (!join(book.beat(version.id(), builder, json(progress)))) {
            throw new TakenOver();
        }
    }

    private PartFile put(String folder, String name, String text) throws IOException {
        Files.createDirectories(scratch);
        Path file = scratch.resolve(name);
        try {
            Files.writeString(file, text);
            store.put(folder + name, file);
            return new PartFile(name, Files.size(file), Digests.sha256(file), 0, 0);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Reads what was stored before it is shown to anybody. */
    private void move(String from, String to, PartFile file) throws IOException {
        ObjectStore.Known known;
        try (ObjectStore.LocalCopy copy = store.open(from, file.bytes())) {
            if (!Digests.sha256(copy.path()).equals(file.sha256())) {
                throw new IOException("the store gives other bytes for " + from + " than were written");
            }
            known = new ObjectStore.Known(from, copy.version(), file.bytes(), file.sha256());
        }
        store.promote(known, to);
    }

    private void clear(String prefix) {
        try {
            List<String> keys = new ArrayList<>();
            store.each(prefix, object -> keys.add(object.key()));
            for (String key : keys) {
                store.delete(key);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the object storage cannot be used", e);
        }
    }

    private static Manifest parse(String json) {
        try {
            return JSON.readValue(json, Manifest.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the ledger keeps manifests that were read before", e);
        }
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records can always be written", e);
        }
    }

    private static String pretty(Object value) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records can always be written", e);
        }
    }

    private static <T> T join(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }
}
