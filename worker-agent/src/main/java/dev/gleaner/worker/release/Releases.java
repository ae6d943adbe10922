package dev.gleaner.worker.release;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gleaner.protocol.release.Version;
import dev.gleaner.protocol.release.WorkerRelease;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Base64;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Newer releases on disk, a folder each. A jar comes to lie there only after the built-in key was seen to have signed its digest,
 * and only if it is newer than the program that fetched it: an old release with a known hole cannot be sent again. One process at
 * a time.
 */
public final class Releases {
    private static final int MAX_MANIFEST_BYTES = 1 << 20;
    private static final long MAX_JAR_BYTES = 2L << 30;
    private static final int KEPT = 2;
    private static final String JAR = "worker-agent.jar";
    /** Lies beside a jar that did not run here, and says why. */
    private static final String BAD = "bad";

    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Path folder;
    private final Build build;

    public Releases(Path folder, Build build) {
        this.folder = folder;
        this.build = build;
    }

    /** Where releases come from; nothing that it says is believed. */
    public interface Source {
        WorkerRelease release() throws IOException;

        InputStream file(String bundle, String name) throws IOException;
    }

    /** A jar that may be started. */
    public record Jar(Version version, Path file) {}

    /** The program that runs now. */
    public Jar own() {
        return new Jar(build.version(), build.jar());
    }

    /** The newest jar here that runs on this machine as far as is known: this program's own, if none is newer. */
    public Jar newest() throws IOException {
        return onDisk().filter(jar -> jar.version().compareTo(build.version()) > 0 && !isBad(jar.version()))
                .max(Comparator.comparing(Jar::version))
                .orElse(own());
    }

    private Stream<Jar> onDisk() throws IOException {
        if (!Files.isDirectory(folder)) {
            return Stream.empty();
        }
        List<Path> folders;
        try (Stream<Path> all = Files.list(folder)) {
            folders = all.toList();
        }
        return folders.stream()
                .filter(path -> Files.isRegularFile(path.resolve(JAR)))
                .flatMap(path -> Version.parse(String.valueOf(path.getFileName()))
                        .map(version -> new Jar(version, path.resolve(JAR)))
                        .stream());
    }

    /** Marks a jar that does not run here, so that it is not started again. */
    public void reject(Jar jar, String why) throws IOException {
        Files.writeString(Files.createDirectories(place(jar.version())).resolve(BAD), why + "\n");
        Files.deleteIfExists(place(jar.version()).resolve(JAR));
    }

    private boolean isBad(Version version) {
        return Files.exists(place(version).resolve(BAD));
    }

    private Path place(Version version) {
        return folder.resolve(version.toString());
    }

    /** Which newer version is offered, by the word of the source alone; empty when none, or one that did not run here. */
    public Optional<Version> offered(Source source) throws IOException {
        return Version.parse(source.release().version())
                .filter(version -> version.compareTo(build.version()) > 0 && !isBad(version));
    }

    /**
     * Fetches the offered release if it is newer than what is here, and checks it.
     *
     * @return the jar; empty when none newer is offered
     * @throws IOException when what comes is not what the key has signed
     */
    public Optional<Jar> fetch(Source source) throws IOException {
        PublicKey key = build.key();
        WorkerRelease offer = source.release();
        if (key == null || !offer.offered()) {
            return Optional.empty();
        }
        byte[] signed;
        try (InputStream in = source.file(offer.bundle(), "bundle.json")) {
            signed = in.readNBytes(MAX_MANIFEST_BYTES);
        }
        requireSigned(key, signed, offer.signature());
        ReleaseManifest manifest = parse(signed);
        Version version = Version.parse(manifest.version())
                .orElseThrow(() -> new IOException("the release has no version that can be compared"));
        if (version.compareTo(newest().version()) <= 0 || isBad(version)) {
            return Optional.empty();
        }
        ReleaseManifest.File wanted = manifest.files().get(build.name());
        if (wanted == null) {
            throw new IOException(
                    "release " + version + " has no " + build.name() + ", which would replace this program");
        }
        Path place = Files.createDirectories(place(version));
        Path coming = Files.createTempFile(place, "coming-", ".part");
        try {
            try (InputStream in = source.file(offer.bundle(), build.name())) {
                copy(in, coming, wanted);
            }
            Files.move(coming, place.resolve(JAR), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(coming);
        }
        forgetOld();
        return Optional.of(new Jar(version, place.resolve(JAR)));
    }

    private static ReleaseManifest parse(byte[] signed) throws IOException {
        try {
            ReleaseManifest manifest = JSON.readValue(signed, ReleaseManifest.class);
            if (WorkerRelease.KIND.equals(manifest.kind()) && manifest.version() != null && manifest.files() != null) {
                return manifest;
            }
        } catch (JsonProcessingException e) {
            throw new IOException("what the key has signed is no release: " + e.getOriginalMessage(), e);
        }
        throw new IOException("what the key has signed is no release");
    }

    private static void requireSigned(PublicKey key, byte[] bytes, String signature) throws IOException {
        boolean good;
        try {
            Signature check = Signature.getInstance("Ed25519");
            check.initVerify(key);
            check.update(bytes);
            good = check.verify(Base64.getDecoder().decode(signature));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            good = false;
        }
        if (!good) {
            throw new IOException("the release is not signed by the key that this program trusts");
        }
    }

    private static void copy(InputStream in, Path to, ReleaseManifest.File wanted) throws IOException {
        if (wanted.bytes() < 1 || wanted.bytes() > MAX_JAR_BYTES) {
            throw new IOException("a release of " + wanted.bytes() + " bytes is not taken");
        }
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
        long left = wanted.bytes();
        byte[] buffer = new byte[1 << 16];
        try (OutputStream out = Files.newOutputStream(to)) {
            int got;
            while ((got = in.read(buffer)) >= 0) {
                left -= got;
                if (left < 0) {
                    break;
                }
                digest.update(buffer, 0, got);
                out.write(buffer, 0, got);
            }
        }
        if (left != 0 || !HexFormat.of().formatHex(digest.digest()).equals(wanted.sha256())) {
            throw new IOException("the jar is not the one that the release names");
        }
    }

    /** The one before the newest stays, for should the newest not run. */
    private void forgetOld() throws IOException {
        List<Jar> newestFirst =
                onDisk().sorted(Comparator.comparing(Jar::version).reversed()).toList();
        for (Jar old : newestFirst.subList(Math.min(KEPT, newestFirst.size()), newestFirst.size())) {
            Files.delete(old.file());
        }
    }
}
