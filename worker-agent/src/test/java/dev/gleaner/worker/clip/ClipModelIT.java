package dev.gleaner.worker.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.Preprocessor;
import java.io.IOException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo bundle through DJL and ONNX Runtime. */
class ClipModelIT {
    private static final Path BUNDLE = Path.of("../deploy/model/demo-bundle");

    /** What wanted to connect: plain sockets and URL connections both ask the proxy selector first. */
    private static final List<URI> WANTED = new CopyOnWriteArrayList<>();

    @TempDir
    static Path home;

    @TempDir
    Path folder;

    @BeforeAll
    static void watchTheNetwork() {
        ProxySelector.setDefault(new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                WANTED.add(uri);
                return List.of(Proxy.NO_PROXY);
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException e) {}
        });
        DjlSetup.before(home);
    }

    private Path copy() throws IOException {
        try (Stream<Path> files = Files.list(BUNDLE)) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        return folder;
    }

    @Test
    void loadingAndScoringOpensNoConnection() throws Exception {
        try (ClipModel model = ClipModel.load(Bundle.open(BUNDLE), 1);
                ClipSession session = model.newSession()) {
            assertEquals(64, session.texts(List.of("a red circle"))[0].length);
        }
        assertEquals(List.of(), WANTED);
        assertThrows(
                IOException.class,
                () -> URI.create("http://127.0.0.1:1/").toURL().openStream());
        assertEquals(1, WANTED.size(), "the watch itself must see a connection");
        WANTED.clear();
    }

    @Test
    void goldenPairsScoreAsTheManifestSaysInAnyBatch() throws Exception {
        Bundle bundle = Bundle.open(BUNDLE);
        List<BundleManifest.GoldenPair> pairs =
                bundle.read("golden.json", BundleManifest.GoldenPairs.class).pairs();
        try (ClipModel model = ClipModel.load(bundle, 1);
                ClipSession session = model.newSession()) {
            List<byte[]> pictures = pairs.stream()
                    .map(pair -> {
                        byte[] file = Base64.getDecoder().decode(pair.png());
                        try {
                            return Preprocessor.prepare(file, ImageHeader.read(file));
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    })
                    .toList();
            float[][] images = session.images(pictures);
            float[][] texts = session.texts(
                    pairs.stream().map(BundleManifest.GoldenPair::text).toList());
            for (int i = 0; i < pairs.size(); i++) {
                assertEquals(
                        pairs.get(i).similarity(),
                        ClipSession.similarity(images[i], texts[i]),
                        0.002,
                        pairs.get(i).text());
                assertEquals(
                        i % 2 == 0,
                        ClipSession.similarity(images[i], texts[i]) >= 0.3,
                        "even pairs are true, odd ones are not");
            }
        }
    }

    @Test
    void aChangedFileIsRefused() throws Exception {
        Path copy = copy();
        byte[] onnx = Files.readAllBytes(copy.resolve("visual.onnx"));
        onnx[onnx.length / 2] ^= 1;
        Files.write(copy.resolve("visual.onnx"), onnx);
        BundleException e = assertThrows(BundleException.class, () -> Bundle.open(copy));
        assertTrue(e.getMessage().contains("visual.onnx") && e.getMessage().contains("SHA-256"), e.getMessage());
    }

    @Test
    void aModelThatComputesSomethingElseFailsItsSelfTest() throws Exception {
        Path copy = copy();
        String golden = Files.readString(copy.resolve("golden.json"));
        Files.writeString(
                copy.resolve("golden.json"), golden.replaceFirst("\"image\":\\[-?[0-9.e-]+", "\"image\":[0.9"));
        String sha = Bundle.sha256(Files.readAllBytes(copy.resolve("golden.json")));
        String manifest = Files.readString(copy.resolve("bundle.json"));
        String changed = manifest.replaceFirst(
                "(?s)(\"golden.json\": \\{\\s*\"bytes\": )\\d+(,\\s*\"sha256\": \")[0-9a-f]{64}",
                "$1" + Files.size(copy.resolve("golden.json")) + "$2" + sha);
        Files.writeString(copy.resolve("bundle.json"), changed);
        BundleException e = assertThrows(BundleException.class, () -> ClipModel.load(Bundle.open(copy), 1));
        assertTrue(e.getMessage().contains("self-test"), e.getMessage());
    }

    @Test
    void aBundleThatNamesFilesElsewhereIsRefused() throws Exception {
        Path copy = copy();
        Files.writeString(
                copy.resolve("bundle.json"),
                Files.readString(copy.resolve("bundle.json")).replace("\"text.onnx\": {", "\"../text.onnx\": {"));
        assertThrows(BundleException.class, () -> Bundle.open(copy));
    }

    @Test
    void longTextsAreCutWithTheEndTokenLast() throws Exception {
        try (ClipTokenizer tokenizer = new ClipTokenizer(BUNDLE.resolve("tokenizer.json"), 8)) {
            long[] shortIds = tokenizer.ids("a red circle");
            long[] longIds = tokenizer.ids("a red circle ".repeat(20));
            assertEquals(8, longIds.length);
            assertEquals(shortIds[shortIds.length - 1], longIds[7]);
            assertEquals(shortIds[0], longIds[0]);
        }
    }
}
