package dev.gleaner.tracker.explore;

import dev.gleaner.tracker.release.PairRow;
import dev.gleaner.tracker.release.PartFile;
import dev.gleaner.tracker.release.ReleaseManifest;
import dev.gleaner.tracker.release.ReleaseRows;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an index for each of the newest releases on this tracker's disk: built in the background, seen when it is whole. Safe for any
 * thread; {@link #work} blocks.
 */
public final class Explorer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Explorer.class);
    private static final String UNFINISHED = ".building";

    private final ObjectStore store;
    private final Path folder;
    private final long mostRows;
    private final Map<String, PairIndex> open = new HashMap<>();
    private boolean closed;

    /**
     * @param folder for the indexes
     * @param mostRows releases with more pairs are not indexed
     */
    public Explorer(ObjectStore store, Path folder, long mostRows) {
        this.store = store;
        this.folder = folder;
        this.mostRows = mostRows;
    }

    /** Searches. */
    public interface Search<T> {
        T in(PairIndex index) throws IOException;
    }

    /** Builds what is missing of these releases, and deletes what is there of others. */
    public void work(List<ReleaseManifest> wanted) throws IOException {
        Files.createDirectories(folder);
        List<String> names = wanted.stream()
                .filter(release -> release.rows() <= mostRows)
                .map(ReleaseManifest::name)
                .toList();
        try (Stream<Path> there = Files.list(folder)) {
            for (Path index : there.toList()) {
                String name = String.valueOf(index.getFileName());
                if (!names.contains(name)) {
                    forget(name);
                    delete(index);
                }
            }
        }
        for (ReleaseManifest release : wanted) {
            if (names.contains(release.name()) && !Files.exists(folder.resolve(release.name()))) {
                build(release);
            }
        }
    }

    private void build(ReleaseManifest release) throws IOException {
        Path building = folder.resolve(release.name() + UNFINISHED);
        delete(building);
        long rows = 0;
        try (PairIndex.Builder builder = new PairIndex.Builder(building)) {
            for (PartFile file : release.files()) {
                if (file.name().endsWith(".parquet")) {
                    rows += add(builder, release, file);
                }
            }
        }
        Files.move(building, folder.resolve(release.name()), StandardCopyOption.ATOMIC_MOVE);
        log.info("Release can be searched: name={} rows={}", release.name(), rows);
    }

    private long add(PairIndex.Builder builder, ReleaseManifest release, PartFile table) throws IOException {
        String npy = table.name().replace(".parquet", ".npy");
        PartFile embeddings = release.files().stream()
                .filter(f -> f.name().equals(npy))
                .findAny()
                .orElseThrow(() -> new IOException("release " + release.name() + " lacks " + npy));
        String prefix = ReleaseManifest.folder(release.name());
        long rows = 0;
        try (ObjectStore.LocalCopy parquet = store.open(prefix + table.name(), table.bytes());
                ObjectStore.LocalCopy numbers = store.open(prefix + npy, embeddings.bytes());
                ReleaseRows reading = new ReleaseRows(parquet.path(), numbers.path())) {
            for (PairRow row = reading.next(); row != null; row = reading.next()) {
                builder.add(row);
                rows++;
            }
        }
        return rows;
    }

    /** Searches a release; empty when it is not indexed here. */
    public <T> Optional<T> search(String release, Search<T> search) throws IOException {
        Optional<PairIndex> index = index(release);
        return index.isEmpty() ? Optional.empty() : Optional.of(search.in(index.get()));
    }

    private synchronized Optional<PairIndex> index(String release) throws IOException {
        PairIndex known = open.get(release);
        if (known != null || closed) {
            return Optional.ofNullable(known);
        }
        boolean plain = release.matches("[a-z0-9][a-z0-9._-]{0,150}") && !release.endsWith(UNFINISHED);
        Path there = folder.resolve(plain ? release : "none");
        if (!plain || !Files.isDirectory(there)) {
            return Optional.empty();
        }
        PairIndex opened = new PairIndex(there);
        open.put(release, opened);
        return Optional.of(opened);
    }

    private synchronized void forget(String release) throws IOException {
        PairIndex index = open.remove(release);
        if (index != null) {
            index.close();
        }
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> walk = Files.walk(tree)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        for (PairIndex index : open.values()) {
            index.close();
        }
        open.clear();
    }
}
