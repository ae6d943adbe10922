package dev.gleaner.tracker.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Model bundles that workers fetch, each under its id; a file is taken only if its manifest names its size and digest. Kept in
 * the object store, where every tracker finds them, and in a folder, from where they are served.
 */
public final class BundleShelf {
    /** Manifest of a bundle; its SHA-256 is the bundle's id. */
    public static final String MANIFEST = "bundle.json";

    private static final long MAX_MANIFEST_BYTES = 1 << 20;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern FILE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final String PREFIX = "bundles/";

    private final Path root;
    private final ObjectStore store;

    public BundleShelf(Path root, ObjectStore store) throws IOException {
        this.root = Files.createDirectories(root);
        this.store = store;
        Files.createDirectories(root.resolve("coming"));
    }

    /**
     * The file's place on disk.
     *
     * @throws Refusal when there is no such bundle or file
     */
    public Path file(String bundle, String name) throws IOException {
        Path path = path(bundle, name);
        if (!Files.isRegularFile(path) && !fetch(bundle, name)) {
            throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "there is no file " + name + " of bundle " + bundle);
        }
        return path;
    }

    /** Brings a file from the object store, where another tracker has put it; checked like an upload. */
    private boolean fetch(String bundle, String name) throws IOException {
        String key = key(bundle, name);
        Optional<Long> size = store.size(key);
        if (size.isEmpty()) {
            return false;
        }
        Path coming = newUpload();
        try (ObjectStore.LocalCopy copy = store.open(key, size.get())) {
            Files.copy(copy.path(), coming, StandardCopyOption.REPLACE_EXISTING);
            place(bundle, name, coming);
        } finally {
            Files.deleteIfExists(coming);
        }
        return true;
    }

    private static String key(String bundle, String name) {
        return PREFIX + bundle + "/" + name;
    }

    /** A new file to receive an upload into. */
    public Path newUpload() throws IOException {
        return Files.createTempFile(root.resolve("coming"), "put-", ".part");
    }

    /** Takes a received file; the manifest must come first. */
    public void take(String bundle, String name, Path received) throws IOException {
        try {
            place(bundle, name, received);
            store.put(key(bundle, name), path(bundle, name));
        } finally {
            Files.deleteIfExists(received);
        }
    }

    private void place(String bundle, String name, Path received) throws IOException {
        Path target = path(bundle, name);
        if (name.equals(MANIFEST)) {
            if (Files.size(received) > MAX_MANIFEST_BYTES
                    || !Digests.sha256(received).equals(bundle)) {
                throw new Refusal(ProblemCode.UPLOAD_MISMATCH, "the manifest's SHA-256 is not the bundle's id");
            }
        } else {
            JsonNode entry = manifest(bundle).path("files").path(name);
            if (entry.path("bytes").asLong(-1) != Files.size(received)
                    || !entry.path("sha256").asText().equals(Digests.sha256(received))) {
                throw new Refusal(
                        ProblemCode.UPLOAD_MISMATCH, "file " + name + " is not as the bundle's manifest says");
            }
        }
        Files.createDirectories(root.resolve(bundle));
        Files.move(received, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Ids of the bundles that this tracker has, with what their manifests call themselves, by name. */
    public List<Named> all() throws IOException {
        try (Stream<Path> folders = Files.list(root)) {
            List<Named> all = new ArrayList<>();
            for (Path folder : folders.toList()) {
                String id = folder.getFileName().toString();
                if (ID.matcher(id).matches()
                        && Files.isRegularFile(folder.resolve(MANIFEST))
                        && missing(id).isEmpty()
                        // Charters and releases of the worker lie here, too.
                        && !manifest(id).has("kind")) {
                    all.add(new Named(id, manifest(id).path("name").asText("")));
                }
            }
            all.sort(Comparator.comparing(Named::name).thenComparing(Named::id));
            return all;
        }
    }

    /** A bundle, and what its manifest calls itself. */
    public record Named(String id, String name) {}

    /**
     * Folder in which the whole bundle lies.
     *
     * @throws Refusal when it is not here, or not all of it
     */
    public Path folder(String bundle) throws IOException {
        if (!missing(bundle).isEmpty()) {
            throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "bundle " + bundle + " is not here, or not all of it");
        }
        return root.resolve(bundle);
    }

    /** Files of the bundle that are not here yet; the manifest itself when the bundle is unknown. */
    public List<String> missing(String bundle) throws IOException {
        if (!isHere(bundle, MANIFEST)) {
            return List.of(MANIFEST);
        }
        List<String> missing = new ArrayList<>();
        for (Map.Entry<String, JsonNode> file : manifest(bundle).path("files").properties()) {
            String name = file.getKey();
            if (!isHere(bundle, name)) {
                missing.add(name);
            }
        }
        return missing;
    }

    private boolean isHere(String bundle, String name) throws IOException {
        return Files.isRegularFile(path(bundle, name)) || fetch(bundle, name);
    }

    private JsonNode manifest(String bundle) throws IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(file(bundle, MANIFEST)));
    }

    private Path path(String bundle, String name) {
        if (!ID.matcher(bundle).matches() || !FILE.matcher(name).matches()) {
            throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "a bundle's id is 64 hexadecimal digits");
        }
        return root.resolve(bundle).resolve(name);
    }
}
