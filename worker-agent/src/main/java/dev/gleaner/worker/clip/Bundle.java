package dev.gleaner.worker.clip;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A model bundle on disk whose files have been checked against the SHA-256 in its manifest.
 *
 * <p>Immutable; the files must not change while it is used.
 */
public final class Bundle {
    /** Name of the manifest within the bundle's folder. */
    public static final String MANIFEST = "bundle.json";

    /** No manifest is larger. */
    public static final long MAX_MANIFEST_BYTES = 1 << 20;

    /** No file of a bundle is larger: ViT-H in fp32 has 4 GB. */
    static final long MAX_FILE_BYTES = 8L << 30;

    private static final List<String> OPTIONAL = List.of("license", "safety", "aesthetic", "watermark", "int8", "fp16");
    private static final Pattern FILE_NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private final Path folder;
    private final String id;
    private final BundleManifest manifest;

    private Bundle(Path folder, String id, BundleManifest manifest) {
        this.folder = folder;
        this.id = id;
        this.manifest = manifest;
    }

    /**
     * Opens a folder and checks every file's size and digest.
     *
     * @throws BundleException when something is missing or differs
     */
    public static Bundle open(Path folder) throws BundleException, IOException {
        Path file = folder.resolve(MANIFEST);
        if (!Files.isRegularFile(file)) {
            throw new BundleException("there is no model bundle in " + folder + ": " + MANIFEST + " is missing");
        }
        if (Files.size(file) > MAX_MANIFEST_BYTES) {
            throw new BundleException(file + " is too large for a manifest");
        }
        byte[] bytes = Files.readAllBytes(file);
        BundleManifest manifest = parse(bytes);
        for (Map.Entry<String, BundleManifest.File> entry : manifest.files().entrySet()) {
            check(folder.resolve(entry.getKey()), entry.getValue());
        }
        return new Bundle(folder, sha256(bytes), manifest);
    }

    static BundleManifest parse(byte[] bytes) throws BundleException {
        BundleManifest manifest;
        try {
            JsonNode tree = JSON.readTree(bytes);
            if (tree instanceof ObjectNode object) {
                // Whatever else is missing is an error.
                OPTIONAL.stream().filter(key -> !object.has(key)).forEach(object::putNull);
            }
            manifest = JSON.treeToValue(tree, BundleManifest.class);
        } catch (IOException e) {
            throw new BundleException("the bundle's manifest is not readable: " + e.getMessage(), e);
        }
        if (manifest.format() != BundleManifest.FORMAT) {
            throw new BundleException(
                    "bundle format " + manifest.format() + " is not known to this worker, which reads format "
                            + BundleManifest.FORMAT + "; update the worker");
        }
        for (Map.Entry<String, BundleManifest.File> entry : manifest.files().entrySet()) {
            if (!FILE_NAME.matcher(entry.getKey()).matches()) {
                throw new BundleException("the bundle names a file outside its folder");
            }
            if (entry.getValue().bytes() < 0 || entry.getValue().bytes() > MAX_FILE_BYTES) {
                throw new BundleException("the bundle's file " + entry.getKey() + " is too large");
            }
        }
        requireListed(
                manifest,
                manifest.image().file(),
                manifest.text().file(),
                manifest.text().tokenizer(),
                manifest.golden().file());
        if (manifest.safety() != null) {
            requireListed(manifest, manifest.safety().file());
        }
        for (BundleManifest.Head head : Arrays.asList(manifest.aesthetic(), manifest.watermark())) {
            if (head != null) {
                requireListed(manifest, head.file());
            }
        }
        for (Precision precision : Precision.values()) {
            BundleManifest.Reduced reduced = manifest.reduced(precision);
            if (reduced != null) {
                requireListed(manifest, reduced.image(), reduced.text());
            }
        }
        if (manifest.image().size() != dev.gleaner.worker.image.Preprocessor.SIZE) {
            throw new BundleException(
                    "the bundle wants pictures of " + manifest.image().size() + " pixels; this worker makes "
                            + dev.gleaner.worker.image.Preprocessor.SIZE);
        }
        if (manifest.image().mean().size() != 3 || manifest.image().std().size() != 3) {
            throw new BundleException("the bundle's mean and std must have three values each");
        }
        if (manifest.embedding() < 1
                || manifest.embedding() > 4096
                || manifest.text().context() < 2) {
            throw new BundleException("the bundle's embedding or context length makes no sense");
        }
        return manifest;
    }

    private static void requireListed(BundleManifest manifest, String... names) throws BundleException {
        for (String name : names) {
            if (!manifest.files().containsKey(name)) {
                throw new BundleException("the bundle uses " + name + " without listing it among its files");
            }
        }
    }

    static void check(Path file, BundleManifest.File expected) throws BundleException, IOException {
        if (!Files.isRegularFile(file)) {
            throw new BundleException("the bundle's file " + file.getFileName() + " is missing");
        }
        if (Files.size(file) != expected.bytes()) {
            throw new BundleException("the bundle's file " + file.getFileName() + " has " + Files.size(file)
                    + " bytes instead of " + expected.bytes());
        }
        String actual = sha256(file);
        if (!actual.equals(expected.sha256())) {
            throw new BundleException("the bundle's file " + file.getFileName() + " has SHA-256 " + actual
                    + " instead of " + expected.sha256());
        }
    }

    /** SHA-256 of the manifest, 64 hexadecimal digits: the bundle's id. */
    public String id() {
        return id;
    }

    public String name() {
        return manifest.name();
    }

    /** Name of the exact image encoder's file in the bundle's folder. */
    public String imageFile() {
        return manifest.image().file();
    }

    /** Length of an embedding. */
    public int embedding() {
        return manifest.embedding();
    }

    BundleManifest manifest() {
        return manifest;
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    <T> T read(String name, Class<T> type) throws BundleException {
        try {
            return JSON.readValue(file(name).toFile(), type);
        } catch (IOException e) {
            throw new BundleException("the bundle's file " + name + " is not readable: " + e.getMessage(), e);
        }
    }

    /** SHA-256 of a file, in lower-case hexadecimal. */
    public static String sha256(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    Path folder() {
        return folder;
    }

    /** Bytes of the two encoders' files in a precision; 0 when the bundle has none in it. */
    public long weights(Precision precision) {
        BundleManifest.Reduced small = manifest.reduced(precision);
        if (precision == Precision.FP32 || precision == Precision.AUTO) {
            return bytes(manifest.image().file()) + bytes(manifest.text().file());
        }
        return small == null ? 0 : bytes(small.image()) + bytes(small.text());
    }

    private long bytes(String file) {
        BundleManifest.File entry = manifest.files().get(file);
        return entry == null ? 0 : entry.bytes();
    }
}
