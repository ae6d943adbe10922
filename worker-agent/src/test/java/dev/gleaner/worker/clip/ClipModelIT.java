package dev.gleaner.worker.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.protocol.shard.PictureMarks;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import java.io.IOException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo bundle through DJL and ONNX Runtime. */
@Tag("jdk")
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
        try (ClipModel model =
                        ClipModel.load(Bundle.open(BUNDLE), ClipModel.Options.PLAIN, DirectPreprocessor.pureJava());
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
        try (ClipModel model = ClipModel.load(bundle, ClipModel.Options.PLAIN, DirectPreprocessor.pureJava());
                ClipSession session = model.newSession()) {
            List<byte[]> pictures = pairs.stream()
                    .map(pair -> {
                        byte[] file = Base64.getDecoder().decode(pair.png());
                        try {
                            return DirectPreprocessor.pureJava().prepare(file, ImageHeader.read(file));
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

    @ParameterizedTest
    @CsvSource({"INT8, 0.99", "FP16, 0.9999"})
    void encodersWithFewerBitsJudgeAsTheExactOnesDo(Precision precision, float near) throws Exception {
        Bundle bundle = Bundle.open(BUNDLE);
        ClipModel.Options fewerBits = ClipModel.Options.onCpu(1, precision);
        try (ClipModel exact = ClipModel.load(bundle, ClipModel.Options.PLAIN, DirectPreprocessor.pureJava());
                ClipModel small = ClipModel.load(bundle, fewerBits, DirectPreprocessor.pureJava());
                ClipSession one = exact.newSession();
                ClipSession other = small.newSession()) {
            assertEquals("fp32", exact.precision().wire());
            assertEquals(precision, small.precision());
            for (String text : List.of("a red circle", "two blue squares", "a purple star")) {
                float[] exactly = one.texts(List.of(text))[0];
                float[] nearly = other.texts(List.of(text))[0];
                float cosine = ClipSession.similarity(exactly, nearly);
                assertTrue(cosine > near, text + ": " + cosine);
                assertFalse(Arrays.equals(exactly, nearly), "these are not the exact encoders");
            }
        }
    }

    @Test
    void eightBitEncodersThatAreFarOffAreNotUsed() throws Exception {
        Path copy = copy();
        // The right shape, but a thousand wrong weights.
        Files.copy(copy.resolve("text.onnx"), copy.resolve("text-int8.onnx"), StandardCopyOption.REPLACE_EXISTING);
        byte[] onnx = Files.readAllBytes(copy.resolve("text-int8.onnx"));
        for (int i = onnx.length * 3 / 4; i < onnx.length * 3 / 4 + 4_000; i++) {
            onnx[i] = 0x41; // floats of 12.08, however they lie
        }
        Files.write(copy.resolve("text-int8.onnx"), onnx);
        String manifest = Files.readString(copy.resolve("bundle.json"));
        Files.writeString(
                copy.resolve("bundle.json"),
                manifest.replaceFirst(
                        "(?s)(\"text-int8.onnx\": \\{\\s*\"bytes\": )\\d+(,\\s*\"sha256\": \")[0-9a-f]{64}",
                        "$1" + onnx.length + "$2" + Bundle.sha256(onnx)));
        ClipModel.Options choose = ClipModel.Options.onCpu(1, Precision.AUTO);
        try (ClipModel model = ClipModel.load(Bundle.open(copy), choose, DirectPreprocessor.pureJava())) {
            assertEquals(Precision.FP32, model.precision());
        }
        ClipModel.Options insist = ClipModel.Options.onCpu(1, Precision.INT8);
        BundleException e = assertThrows(
                BundleException.class, () -> ClipModel.load(Bundle.open(copy), insist, DirectPreprocessor.pureJava()));
        assertTrue(e.getMessage().contains("self-test"), e.getMessage());
    }

    @Test
    void aBundleWithoutTheOptionalPartsIsGood() throws Exception {
        Path copy = copy();
        String manifest = Files.readString(copy.resolve("bundle.json"));
        String bare = manifest.replaceFirst("(?s),\\s*\"safety\": \\{[^}]*}", "")
                .replaceFirst("(?s),\\s*\"int8\": \\{[^}]*}", "")
                .replaceFirst("(?s),\\s*\"fp16\": \\{[^}]*}", "")
                .replaceFirst("(?s),\\s*\"aesthetic\": \\{[^}]*}", "")
                .replaceFirst("(?s),\\s*\"watermark\": \\{[^}]*}", "")
                .replaceFirst("(?s)\\s*\"license\": \"[^\"]*\",", "");
        assertTrue(!bare.contains("\"safety\"") && !bare.contains("\"int8\"") && !bare.contains("license"), bare);
        Files.writeString(copy.resolve("bundle.json"), bare);
        ClipModel.Options choose = ClipModel.Options.onCpu(1, Precision.AUTO);
        try (ClipModel model = ClipModel.load(Bundle.open(copy), choose, DirectPreprocessor.pureJava());
                Heads.Session heads = model.newHeads()) {
            assertEquals(Precision.FP32, model.precision());
            assertEquals(List.of(PictureMarks.NONE), heads.marks(List.of(new float[64])));
        }
    }

    @Test
    void headsMarkThePicturesOfABatchAsTheManifestSays() throws Exception {
        Bundle bundle = Bundle.open(BUNDLE);
        List<float[]> golden = bundle.read("golden.json", BundleManifest.GoldenPairs.class).pairs().stream()
                .map(pair -> GoldenTest.floats(pair.image()))
                .toList();
        try (ClipModel model = ClipModel.load(bundle, ClipModel.Options.PLAIN, DirectPreprocessor.pureJava());
                Heads.Session heads = model.newHeads()) {
            List<PictureMarks> marks = heads.marks(golden);
            assertEquals(golden.size(), marks.size());
            for (int i = 0; i < golden.size(); i++) {
                PictureMarks one = heads.marks(List.of(golden.get(i))).get(0);
                assertEquals(one.aesthetic(), marks.get(i).aesthetic(), 1e-4f, "alone as among others");
                assertEquals(bundle.manifest().aesthetic().golden().get(i), one.aesthetic(), 1e-3);
                assertEquals(bundle.manifest().watermark().golden().get(i), one.watermark(), 1e-3);
                assertTrue(one.nsfw() != null);
            }
            assertEquals(List.of(), heads.marks(List.of()));
        }
    }

    @Test
    void aHeadThatComputesSomethingElseIsRefused() throws Exception {
        Path copy = copy();
        String manifest = Files.readString(copy.resolve("bundle.json"));
        for (String other : List.of("\"golden\": [9.5", "\"golden\": [], \"rest\": [0")) {
            Files.writeString(
                    copy.resolve("bundle.json"),
                    manifest.replaceFirst("\"golden\": \\[\\s*[0-9.]+", Matcher.quoteReplacement(other)));
            BundleException e = assertThrows(
                    BundleException.class,
                    () -> ClipModel.load(Bundle.open(copy), ClipModel.Options.PLAIN, DirectPreprocessor.pureJava()));
            assertTrue(e.getMessage().contains("aesthetic head"), e.getMessage());
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
        BundleException e = assertThrows(
                BundleException.class,
                () -> ClipModel.load(Bundle.open(copy), ClipModel.Options.PLAIN, DirectPreprocessor.pureJava()));
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

    @Test
    void aTextThatTheVocabularyDoesNotKnowIsTold() throws Exception {
        try (ClipTokenizer tokenizer = new ClipTokenizer(BUNDLE.resolve("tokenizer.json"), 77)) {
            assertThrows(UnknownTextException.class, () -> tokenizer.idsOfAnything("<b> a red circle"));
            assertArrayEquals(tokenizer.ids("a red circle"), tokenizer.idsOfAnything("a red circle"));
        }
    }

    @Test
    void aProviderThatThisBuildDoesNotCarryIsPassedOver() throws Exception {
        ClipModel.Options wish =
                new ClipModel.Options(1, Precision.FP32, List.of(Provider.CUDA, Provider.CPU), Probe.NONE);
        try (ClipModel model = ClipModel.load(Bundle.open(BUNDLE), wish, DirectPreprocessor.pureJava())) {
            assertEquals(Provider.CPU, model.provider());
            assertEquals(3, model.sessions(3));
            assertEquals(8, model.batch(8));
        }
        ClipModel.Options only = new ClipModel.Options(1, Precision.FP32, List.of(Provider.CUDA), Probe.NONE);
        BundleException e = assertThrows(
                BundleException.class, () -> ClipModel.load(Bundle.open(BUNDLE), only, DirectPreprocessor.pureJava()));
        assertTrue(String.valueOf(e.getMessage()).contains("-Pgpu"), e.getMessage());
    }

    @Test
    void aPlaceIsTriedInAProcessOfItsOwn(@TempDir Path natives) throws Exception {
        Probe probe = new ProbeProcess(natives);
        Bundle bundle = Bundle.open(BUNDLE);
        probe.require(bundle, new Encoders.Place(Provider.CPU, 0, 1));
        BundleException e = assertThrows(
                BundleException.class, () -> probe.require(bundle, new Encoders.Place(Provider.CUDA, 0, 1)));
        assertTrue(String.valueOf(e.getMessage()).contains("cannot be loaded"), e.getMessage());
    }
}
