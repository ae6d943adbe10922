package dev.gleaner.tracker.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Model bundles that workers fetch, each under its id; a file is taken only if its manifest names its size and digest. */
public final class BundleShelf {
    /** Manifest of a bundle; its SHA-256 is the bundle's id. */
    public static final String MANIFEST = "bundle.json";

    private static final long MAX_MANIFEST_BYTES = 1 << 20;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern FILE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private final Path root;

    public BundleShelf(Path root) throws IOException {
        this.root = Files.createDirectories(root);
        Files.createDirectories(root.resolve("coming"));
    }

    /**
     * The file's place on disk.
     *
     * @throws Refusal when there is no such bundle or file
     */
    public Path file(String bundle, String name) {
        Path path = path(bundle, name);
        if (!Files.isRegularFile(path)) {
            throw new Refusal(ProblemCode.UNKNOWN_BUNDLE, "there is no file " + name + " of bundle " + bundle);
        }
        return path;
    }

    /** A new file to receive an upload into. */
    public Path newUpload() throws IOException {
        return Files.createTempFile(root.resolve("coming"), "put-", ".part");
    }

    /** Takes a received file; the manifest must come first. */
    public void take(String bundle, String name, Path received) throws IOException {
        try {
            Path target = path(bundle, name);
            if (name.equals(MANIFEST)) {
                if (Files.size(received) > MAX_MANIFEST_BYTES
                        || !FileObjectStore.sha256(received).equals(bundle)) {
                    throw new Refusal(ProblemCode.UPLOAD_MISMATCH, "the manifest's SHA-256 is not the bundle's id");
                }
            } else {
                JsonNode entry = manifest(bundle).path("files").path(name);
                if (entry.path("bytes").asLong(-1) != Files.size(received)
                        || !entry.path("sha256").asText().equals(FileObjectStore.sha256(received))) {
                    throw new Refusal(
                            ProblemCode.UPLOAD_MISMATCH, "file " + name + " is not as the bundle's manifest says");
                }
            }
            Files.createDirectories(root.resolve(bundle));
            Files.move(received, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(received);
        }
    }

    /** Files of the bundle that are not here yet; the manifest itself when the bundle is unknown. */
    public List<String> missing(String bundle) throws IOException {
        if (!Files.isRegularFile(path(bundle, MANIFEST))) {
            return List.of(MANIFEST);
        }
        List<String> missing = new ArrayList<>();
        for (Iterator<Map.Entry<String, JsonNode>> files =
                        manifest(bundle).path("files").fields();
                files.hasNext(); ) {
            String name = files.next().getKey();
            if (!Files.isRegularFile(path(bundle, name))) {
                missing.add(name);
            }
        }
        return missing;
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
