package dev.gleaner.worker.release;

import dev.gleaner.protocol.release.Version;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * What this program's jar says of itself.
 *
 * @param jar the file that runs
 * @param name what a release calls the file that replaces this one, for a jar may be made for one platform
 * @param key that signs releases, or null when none was built in
 */
public record Build(
        Path jar, Version version, String name, @Nullable PublicKey key) {
    static final String KEY = "Gleaner-Release-Key";
    static final String NAME = "Gleaner-Jar-Name";

    /**
     * The jar that this class was loaded from; empty when it was not loaded from one.
     *
     * @param version as the build wrote it
     * @throws IOException when the jar says of itself what makes no sense
     */
    public static Optional<Build> own(String version) throws IOException {
        CodeSource source = Build.class.getProtectionDomain().getCodeSource();
        Optional<Version> parsed = Version.parse(version);
        if (source == null || source.getLocation() == null || parsed.isEmpty()) {
            return Optional.empty();
        }
        Path jar;
        try {
            jar = Path.of(source.getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IOException("the place of the program's jar is no address", e);
        }
        return Files.isRegularFile(jar) ? Optional.of(read(jar, parsed.get())) : Optional.empty();
    }

    private static Build read(Path jar, Version version) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            Attributes attributes = manifest == null ? new Attributes() : manifest.getMainAttributes();
            String key = attributes.getValue(KEY);
            String name = attributes.getValue(NAME);
            return new Build(
                    jar,
                    version,
                    name == null ? "worker-agent.jar" : name,
                    key == null || key.isBlank() ? null : key(key));
        }
    }

    private static PublicKey key(String text) throws IOException {
        try {
            byte[] encoded = Base64.getDecoder().decode(text.strip());
            return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException("the release key in this jar is no Ed25519 key", e);
        }
    }
}
