package dev.gleaner.worker.tracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the campaign's key has signed passes, and nothing else does. */
class CharterGateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant NOW = Instant.parse("2026-11-26T00:00:00Z");
    private static final URI TRACKER = URI.create("https://tracker.example.org:8443/");

    @TempDir
    Path home;

    private final Map<String, byte[]> shelf = new HashMap<>();
    private final KeyPair key = newKey();
    private final KeyPair stranger = newKey();
    private int asked;
    private Lease lease;

    private static KeyPair newKey() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String text(KeyPair pair) {
        return Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
    }

    @BeforeEach
    void sign() throws Exception {
        lease = lease(sign(key, text(key), charter -> charter));
    }

    private static Lease lease(Charter.Ref charter) {
        return new Lease(
                7,
                FencingToken.parse("0123456789abcdef-1"),
                "c",
                "https://data.commoncrawl.org/b.warc.wat.gz",
                "b.warc.wat.gz",
                new Slice(1, 4),
                Policy.laion400m(),
                "ab".repeat(32),
                600,
                7200,
                null,
                null,
                charter);
    }

    private Charter.Ref sign(KeyPair signer, String named, UnaryOperator<ObjectNode> change) throws Exception {
        byte[] paths = "a.warc.wat.gz\nb.warc.wat.gz\n".getBytes(StandardCharsets.UTF_8);
        Charter charter = new Charter(
                Charter.KIND,
                "c",
                "https://data.commoncrawl.org/",
                4,
                Stage.WHOLE,
                "ab".repeat(32),
                Policy.laion400m(),
                "2027-01-01T00:00:00Z",
                named,
                Map.of(Charter.PATHS, new Charter.File(paths.length, Bundle.sha256(paths))));
        byte[] bytes = JSON.writeValueAsBytes(change.apply(JSON.valueToTree(charter)));
        String id = Bundle.sha256(bytes);
        shelf.put(id + "/bundle.json", bytes);
        shelf.put(id + "/wat.paths", paths);
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(signer.getPrivate());
        signature.update(bytes);
        return new Charter.Ref(id, Base64.getEncoder().encodeToString(signature.sign()));
    }

    private InputStream open(String id, String file) throws IOException {
        asked++;
        byte[] bytes = shelf.get(id + "/" + file);
        if (bytes == null) {
            throw new IOException("the tracker is away");
        }
        return new ByteArrayInputStream(bytes);
    }

    private CharterGate gate(String given) {
        return new CharterGate(home, TRACKER, given, this::open, () -> NOW);
    }

    private String refusal(String given, Lease of) {
        return assertThrows(BundleException.class, () -> gate(given).require(of))
                .getMessage();
    }

    @Test
    void theFirstKeyThatIsSeenIsTrustedFromThenOn() throws Exception {
        gate(null).require(lease(null));
        gate(null).require(lease);
        assertEquals(
                text(key),
                Files.readString(home.resolve("campaign-key-tracker.example.org-8443"))
                        .strip());
        assertTrue(refusal(null, lease(null)).contains("nobody has signed it"));
        Lease other = lease(sign(stranger, text(stranger), charter -> charter));
        assertTrue(refusal(null, other).contains("signed by another key"));
        gate(null).require(lease);
        assertEquals(3, asked, "two files of the first and one of the other; what is here is not fetched again");
    }

    @Test
    void aGivenKeyIsTheOnlyOne() throws Exception {
        gate(text(key)).require(lease);
        assertFalse(Files.exists(home.resolve("campaign-key-tracker.example.org-8443")));
        assertTrue(refusal(text(key), lease(null)).contains("nobody has signed it"));
        assertTrue(refusal(text(stranger), lease).contains("signed by another key"));
    }

    @Test
    void aSignatureByAnotherKeyThanTheCharterNamesIsNone() throws Exception {
        assertTrue(refusal(text(key), lease(sign(stranger, text(key), charter -> charter)))
                .contains("the signature is not good"));
        assertTrue(refusal(null, lease(new Charter.Ref(lease.charter().id(), "bm9uZQ==")))
                .contains("the signature is not good"));
        assertFalse(Files.exists(home.resolve("campaign-key-tracker.example.org-8443")), "nothing is learnt of it");
    }

    @Test
    void whatTheLeaseSaysOtherwiseThanTheCharterIsRefused() throws Exception {
        Map<String, UnaryOperator<ObjectNode>> changes = Map.of(
                "another campaign", charter -> charter.put("campaign", "d"),
                "lies elsewhere", charter -> charter.put("base", "https://evil.example.org/"),
                "cut otherwise", charter -> charter.put("slices", 5),
                "something else is to be done", charter -> charter.put("stage", "FETCH"),
                "another model", charter -> charter.put("bundle", "cd".repeat(32)),
                "another policy",
                        charter -> charter.set("policy", ((ObjectNode) charter.path("policy")).put("threshold", 0.1)),
                "good until", charter -> charter.put("until", "2026-11-25T00:00:00Z"),
                "no charter", charter -> charter.put("kind", "worker-release"),
                "not whole", charter -> charter.putNull("policy"),
                "no instant", charter -> charter.put("until", "tomorrow"));
        for (Map.Entry<String, UnaryOperator<ObjectNode>> change : changes.entrySet()) {
            String said = refusal(text(key), lease(sign(key, text(key), change.getValue())));
            assertTrue(said.contains(change.getKey()), change.getKey() + ": " + said);
        }
    }

    @Test
    void aWatThatIsNotListedIsRefusedAndSoIsAnotherListThanWasSigned() throws Exception {
        Charter.Ref ref = sign(key, text(key), charter -> charter.put("base", "https://data.commoncrawl.org/x/"));
        Lease unlisted = new Lease(
                7,
                lease.token(),
                "c",
                "https://data.commoncrawl.org/x/c.warc.wat.gz",
                "c.warc.wat.gz",
                lease.slice(),
                lease.policy(),
                lease.bundle(),
                600,
                7200,
                null,
                null,
                ref);
        assertTrue(refusal(text(key), unlisted).contains("not among those that were signed"));
        Charter.Ref fresh = sign(key, text(key), charter -> charter.put("until", "2027-02-01T00:00:00Z"));
        shelf.put(fresh.id() + "/wat.paths", "c.warc.wat.gz\nb.warc.wat.gz\n".getBytes(StandardCharsets.UTF_8));
        assertTrue(refusal(text(key), lease(fresh)).contains("another list of WATs"));
        shelf.put(fresh.id() + "/wat.paths", new byte[1_000]);
        assertTrue(refusal(text(key), lease(fresh)).contains("another list of WATs"));
    }

    @Test
    void aListThatIsTooLongIsRefusedBeforeItIsFetched() throws Exception {
        for (long bytes : new long[] {-1, (512L << 20) + 1, Long.MAX_VALUE}) {
            Charter.Ref ref = sign(key, text(key), charter -> {
                ((ObjectNode) charter.path("files").path(Charter.PATHS)).put("bytes", bytes);
                return charter;
            });
            asked = 0;
            assertTrue(refusal(text(key), lease(ref)).contains("too long"));
            assertEquals(1, asked);
        }
        Charter.Ref none = sign(key, text(key), charter -> charter.set("files", JSON.createObjectNode()));
        assertTrue(refusal(text(key), lease(none)).contains("not whole"));
    }

    @Test
    void noMoreOfAListIsWrittenThanWasSigned() throws Exception {
        Charter.Ref fresh = sign(key, text(key), charter -> charter.put("until", "2027-03-01T00:00:00Z"));
        long[] read = {0};
        InputStream longer = new InputStream() {
            @Override
            public int read() {
                return ++read[0] > 8 << 20 ? -1 : 'x';
            }

            @Override
            public int read(byte[] into, int offset, int count) {
                read[0] += count;
                return read[0] > 8 << 20 ? -1 : count;
            }
        };
        CharterGate gate = new CharterGate(
                home,
                TRACKER,
                text(key),
                (id, file) -> file.equals(Charter.PATHS) ? longer : open(id, file),
                () -> NOW);
        assertTrue(assertThrows(BundleException.class, () -> gate.require(lease(fresh)))
                .getMessage()
                .contains("another list of WATs"));
        assertTrue(read[0] <= 1 << 17, read[0] + " bytes");
    }

    @Test
    void aSignedCampaignOfMoreThanAMebibyteIsNotRead() throws Exception {
        Charter.Ref large = sign(key, text(key), charter -> charter.put("padding", "x".repeat(1 << 20)));
        assertTrue(refusal(text(key), lease(large)).contains("a charter that is not"));
    }

    @Test
    void onlyTheSignedCampaignsThatWereUsedLastAreKept() throws Exception {
        for (int day = 10; day < 22; day++) {
            String until = "2027-01-" + day + "T00:00:00Z";
            gate(text(key)).require(lease(sign(key, text(key), charter -> charter.put("until", until))));
        }
        try (Stream<Path> folders = Files.list(home.resolve("charters"))) {
            assertEquals(9, folders.count(), "this one and eight others");
        }
    }

    @Test
    void aTrackerThatIsAwayIsNoForger() {
        shelf.clear();
        assertThrows(IOException.class, () -> gate(null).require(lease));
    }

    @Test
    void bytesThatAreNotWhatTheirNameSaysAreRefused() {
        shelf.put(lease.charter().id() + "/bundle.json", "{}".getBytes(StandardCharsets.UTF_8));
        assertTrue(refusal(null, lease).contains("a charter that is not"));
        assertTrue(refusal(null, lease(new Charter.Ref("../../etc", "x"))).contains("no digest"));
    }
}
