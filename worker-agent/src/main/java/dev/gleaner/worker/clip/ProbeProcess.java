package dev.gleaner.worker.clip;

import dev.gleaner.protocol.Printable;
import dev.gleaner.worker.guest.OwnJava;
import dev.gleaner.worker.image.DirectPreprocessor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Tries a device in a process of its own: loads the encoders there and lets them pass the bundle's self-test. A driver that
 * crashes, hangs or runs out of memory takes only that process with it.
 */
public final class ProbeProcess implements Probe {
    private static final int SECONDS = 300;
    private static final int MOST_SAID = 64 << 10;

    private final Path natives;

    /** @param natives folder for unpacked native libraries */
    public ProbeProcess(Path natives) {
        this.natives = natives;
    }

    @Override
    public void require(Bundle bundle, Encoders.Place place) throws BundleException {
        try {
            Path output = Files.createTempFile("gleaner-probe", ".log");
            try {
                Process process = new ProcessBuilder(List.of(
                                OwnJava.command(),
                                "-Xmx512m",
                                "-cp",
                                System.getProperty("java.class.path"),
                                ProbeProcess.class.getName(),
                                natives.toString(),
                                bundle.folder().toString(),
                                place.provider().name(),
                                Integer.toString(place.device())))
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
                process.destroyForcibly();
                if (!ended) {
                    throw new BundleException("it did not answer within " + SECONDS + " s");
                } else if (process.exitValue() != 0) {
                    throw new BundleException(reason(output, process.exitValue()));
                }
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new BundleException("it cannot be tried: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BundleException("it was not tried to the end", e);
        }
    }

    /** The last line that was said, or how it ended where nothing was. */
    private static String reason(Path output, int code) throws IOException {
        byte[] said;
        try (java.io.InputStream in = Files.newInputStream(output)) {
            said = in.readNBytes(MOST_SAID);
        }
        List<String> lines = new String(said, StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(Said.REFUSED))
                .toList();
        return lines.isEmpty()
                ? "the process that tried it ended with code " + code
                : Printable.of(lines.get(lines.size() - 1).substring(Said.REFUSED.length()), 300);
    }

    private static final class Said {
        static final String REFUSED = "refused: ";

        private Said() {}
    }

    /** In the process of its own. */
    public static void main(String[] args) throws Exception {
        DjlSetup.before(Path.of(args[0]));
        Bundle bundle = Bundle.open(Path.of(args[1]));
        Encoders.Place place = new Encoders.Place(Provider.valueOf(args[2]), Integer.parseInt(args[3]), 1);
        BundleManifest.Text text = bundle.manifest().text();
        try (ClipTokenizer tokenizer = new ClipTokenizer(bundle.file(text.tokenizer()), text.context());
                Encoders encoders = Encoders.load(bundle, tokenizer, Precision.FP32, place)) {
            GoldenTest.of(bundle, tokenizer, DirectPreprocessor.pureJava()).requireExact(encoders);
        } catch (BundleException e) {
            System.out.println(Said.REFUSED + String.valueOf(e.getMessage()).replace('\n', ' '));
            throw e;
        }
    }
}
