package dev.gleaner.worker.clip;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Bundles kept on disk by their id. A bundle is fetched into a folder beside its place, checked, and moved there whole, so
 * that what lies under an id is always complete. One process at a time.
 */
public final class BundleCache {
    /** Bundles that stay on disk. */
    static final int KEPT = 2;

    private final Path folder;
    private final InstantSource clock;

    public BundleCache(Path folder, InstantSource clock) {
        this.folder = folder;
        this.clock = clock;
    }

    /** Gives the bytes of one file of the wanted bundle. */
    @FunctionalInterface
    public interface Origin {
        InputStream open(String file) throws IOException;
    }

    /**
     * The bundle with this id, from disk or from the origin.
     *
     * @throws BundleException when what the origin gives is not that bundle
     */
    public Bundle get(String id, Origin origin) throws BundleException, IOException {
        Path place = folder.resolve(id);
        if (!Files.isDirectory(place)) {
            fetch(id, origin, place);
        }
        Files.setLastModifiedTime(place, FileTime.from(clock.instant()));
        forgetOthers(place);
        Bundle bundle = Bundle.open(place);
        if (!bundle.id().equals(id)) {
            throw new BundleException("the folder " + place + " holds another bundle; delete it");
        }
        return bundle;
    }

    /** Keeps the last few: a campaign's successor often goes back to its model, and a model has gigabytes. */
    private void forgetOthers(Path place) throws IOException {
        List<Path> others;
        try (Stream<Path> all = Files.list(folder)) {
            others = all.filter(path -> !path.equals(place) && Files.isDirectory(path))
                    .sorted(Comparator.comparing(BundleCache::usedAt).reversed())
                    .toList();
        }
        for (Path old : others.subList(Math.min(others.size(), KEPT - 1), others.size())) {
            delete(old);
        }
    }

    private static FileTime usedAt(Path path) {
        try {
            return Files.getLastModifiedTime(path);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private static void delete(Path bundle) throws IOException {
        try (Stream<Path> left = Files.list(bundle)) {
            for (Path file : (Iterable<Path>) left::iterator) {
                Files.delete(file);
            }
        }
        Files.delete(bundle);
    }

    private void fetch(String id, Origin origin, Path place) throws BundleException, IOException {
        Files.createDirectories(folder);
        Path coming = Files.createTempDirectory(folder, "coming-");
        try {
            byte[] manifestBytes;
            try (InputStream in = origin.open(Bundle.MANIFEST)) {
                manifestBytes = in.readNBytes((int) Bundle.MAX_MANIFEST_BYTES);
            }
            if (!Bundle.sha256(manifestBytes).equals(id)) {
                throw new BundleException("the tracker sent a manifest that is not bundle " + id);
            }
            BundleManifest manifest = Bundle.parse(manifestBytes);
            Files.write(coming.resolve(Bundle.MANIFEST), manifestBytes);
            for (Map.Entry<String, BundleManifest.File> file : manifest.files().entrySet()) {
                Path target = coming.resolve(file.getKey());
                try (InputStream in = origin.open(file.getKey());
                        OutputStream out = Files.newOutputStream(target)) {
                    copyAtMost(in, out, file.getValue().bytes(), file.getKey());
                }
                Bundle.check(target, file.getValue());
            }
            Files.move(coming, place, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            if (Files.isDirectory(coming)) {
                delete(coming);
            }
        }
    }

    private static void copyAtMost(InputStream in, OutputStream out, long bytes, String name)
            throws IOException, BundleException {
        byte[] buffer = new byte[1 << 16];
        long left = bytes;
        int got;
        while ((got = in.read(buffer)) >= 0) {
            left -= got;
            if (left < 0) {
                throw new BundleException("the bundle's file " + name + " is longer than its manifest says");
            }
            out.write(buffer, 0, got);
        }
    }
}
