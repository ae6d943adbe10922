package dev.gleaner.worker.release;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.release.Version;
import dev.gleaner.protocol.release.WorkerRelease;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleasesTest {
    private static final String JAR = "worker-agent-linux-x86_64.jar";

    @TempDir
    Path folder;

    private KeyPair ours;
    private Releases releases;

    @BeforeEach
    void begin() throws Exception {
        ours = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        releases = releases("1.0.0");
    }

    private Releases releases(String version) {
        return new Releases(
                folder.resolve("releases"),
                new Build(folder.resolve("own.jar"), version(version), JAR, ours.getPublic()));
    }

    private static Version version(String text) {
        return Version.parse(text).orElseThrow();
    }

    private static byte[] jar(String version) {
        return ("the jar of " + version).getBytes(StandardCharsets.UTF_8);
    }

    /** What a tracker says and serves; each may be spoilt. */
    private static final class Shelf implements Releases.Source {
        private final Map<String, byte[]> files = new HashMap<>();
        private WorkerRelease offer = WorkerRelease.NONE;

        @Override
        public WorkerRelease release() {
            return offer;
        }

        @Override
        public InputStream file(String bundle, String name) throws IOException {
            byte[] bytes = files.get(name);
            if (bytes == null) {
                throw new IOException("404");
            }
            return new ByteArrayInputStream(bytes);
        }
    }

    private Shelf offering(String version, String name, KeyPair signer) throws Exception {
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(jar(version)));
        return offering(
                version,
                "{\"kind\":\"worker-release\",\"version\":\"" + version + "\",\"files\":{\"" + name + "\":{\"bytes\":"
                        + jar(version).length + ",\"sha256\":\"" + digest + "\"}}}",
                name,
                signer);
    }

    private static Shelf offering(String version, String manifest, String name, KeyPair signer) throws Exception {
        Shelf shelf = new Shelf();
        byte[] signed = manifest.getBytes(StandardCharsets.UTF_8);
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(signer.getPrivate());
        signature.update(signed);
        shelf.files.put("bundle.json", signed);
        shelf.files.put(name, jar(version));
        shelf.offer =
                new WorkerRelease(version, "a".repeat(64), Base64.getEncoder().encodeToString(signature.sign()));
        return shelf;
    }

    private void assertRefused(Shelf shelf, String why) throws IOException {
        IOException refused = assertThrows(IOException.class, () -> releases.fetch(shelf));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
        assertEquals(releases.own(), releases.newest());
        if (Files.isDirectory(folder.resolve("releases"))) {
            try (Stream<Path> left = Files.walk(folder.resolve("releases"))) {
                assertEquals(List.of(), left.filter(Files::isRegularFile).toList());
            }
        }
    }

    @Test
    void aSignedNewerReleaseIsTaken() throws Exception {
        assertEquals(releases.own(), releases.newest());
        Shelf shelf = offering("1.1.0", JAR, ours);
        assertEquals(version("1.1.0"), releases.offered(shelf).orElseThrow());
        Releases.Jar taken = releases.fetch(shelf).orElseThrow();
        assertArrayEquals(jar("1.1.0"), Files.readAllBytes(taken.file()));
        assertEquals(taken, releases.newest());
        assertTrue(releases.fetch(shelf).isEmpty(), "it is here already");
    }

    @Test
    void whatTheKeyHasNotSignedIsRefused() throws Exception {
        KeyPair theirs = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        assertRefused(offering("1.1.0", JAR, theirs), "not signed");

        Shelf changed = offering("1.1.0", JAR, ours);
        byte[] manifest = changed.files.get("bundle.json");
        manifest[manifest.length - 5] ^= 1;
        assertRefused(changed, "not signed");

        Shelf otherJar = offering("1.1.0", JAR, ours);
        otherJar.files.put(JAR, jar("1.1.1"));
        assertRefused(otherJar, "not the one");

        Shelf longer = offering("1.1.0", JAR, ours);
        longer.files.put(JAR, new byte[1 << 20]);
        assertRefused(longer, "not the one");

        assertRefused(
                offering("1.1.0", "{\"kind\":\"model\",\"version\":\"1.1.0\",\"files\":{}}", JAR, ours), "no release");
        assertRefused(offering("1.1.0", "[]", JAR, ours), "no release");
        assertRefused(offering("1.1.0", "worker-agent.jar", ours), "has no " + JAR);
    }

    @Test
    void anOlderReleaseIsNotTakenThoughTheKeySignedItOnce() throws Exception {
        assertTrue(releases.fetch(offering("0.9.9", JAR, ours)).isEmpty());
        assertTrue(releases.fetch(offering("1.0.0", JAR, ours)).isEmpty());
        Shelf renamed = offering("0.9.9", JAR, ours);
        renamed.offer = new WorkerRelease("9.0.0", renamed.offer.bundle(), renamed.offer.signature());
        assertTrue(releases.fetch(renamed).isEmpty(), "the version that counts is the signed one");
        assertEquals(releases.own(), releases.newest());
    }

    @Test
    void aReleaseThatDidNotRunHereIsNotTakenAgain() throws Exception {
        assertTrue(releases.fetch(offering("1.1.0", JAR, ours)).isPresent());
        Shelf shelf = offering("1.2.0", JAR, ours);
        releases.reject(releases.fetch(shelf).orElseThrow(), "exit code 1");
        assertEquals(version("1.1.0"), releases.newest().version());
        assertTrue(releases.fetch(shelf).isEmpty());
        assertTrue(releases.offered(shelf).isEmpty());
        assertTrue(releases.fetch(offering("1.2.1", JAR, ours)).isPresent());
    }

    @Test
    void theNewestTwoStayOnDisk() throws Exception {
        Path first = releases.fetch(offering("1.1.0", JAR, ours)).orElseThrow().file();
        Path second = releases.fetch(offering("1.2.0", JAR, ours)).orElseThrow().file();
        Path third = releases.fetch(offering("1.3.0", JAR, ours)).orElseThrow().file();
        assertFalse(Files.exists(first));
        assertTrue(Files.exists(second));
        assertTrue(Files.exists(third));
        assertEquals(releases("2.0.0").own(), releases("2.0.0").newest(), "somebody started a newer one by hand");
    }

    @Test
    void withoutAKeyNothingIsFetchedButTheOfferIsTold() throws Exception {
        Releases keyless = new Releases(
                folder.resolve("releases"), new Build(folder.resolve("own.jar"), version("1.0.0"), JAR, null));
        Shelf shelf = offering("1.1.0", JAR, ours);
        assertTrue(keyless.fetch(shelf).isEmpty());
        assertEquals(version("1.1.0"), keyless.offered(shelf).orElseThrow());
        assertTrue(keyless.offered(new Shelf()).isEmpty());
    }
}
