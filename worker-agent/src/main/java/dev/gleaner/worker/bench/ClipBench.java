package dev.gleaner.worker.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.ClipSession;
import dev.gleaner.worker.clip.Precision;
import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.pipeline.Channel;
import dev.gleaner.worker.pipeline.Line;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** The encoders, against a bare ONNX Runtime session with the same model, the machine's sgemm, PyTorch, and each other. */
public final class ClipBench {
    private static final int BATCH = 8;
    private static final int WINDOW = 256;
    private static final int CLIP_CONTEXT = 77;
    /** One picture through ViT-B/32. */
    private static final double VIT_B32_GFLOP = 8.82;

    private ClipBench() {}

    /**
     * @param captions a file with a caption a line, or null for made-up ones
     */
    public static void run(Report report, Path bundle, @Nullable Path captions, Path folder)
            throws IOException, InterruptedException, BundleException {
        Bundle opened = Bundle.open(bundle);
        report.title("clip", opened.name() + ", one thread, batches of " + BATCH);
        DirectPreprocessor pictures = DirectPreprocessor.pureJava();
        double exact;
        double text;
        List<String> said = captions == null ? made() : Files.readAllLines(captions);
        try (ClipModel model = ClipModel.load(opened, ClipModel.Options.PLAIN, pictures);
                ClipSession session = model.newSession()) {
            double[] both = withBare(session, bundle.resolve(opened.imageFile()));
            exact = both[0];
            double bare = both[1];
            report.figure("images, fp32", exact, "per CPU second");
            report.figure("images, bare ONNX Runtime", bare, "per CPU second");
            report.atLeast("ours / bare ONNX Runtime", exact / bare, 0.97);
            peers(report, opened, exact, folder);
            text = texts(report, model, session, said);
            callers(report, opened, pictures);
        }
        eightBit(report, opened, pictures, exact, text, said);
    }

    private static void peers(Report report, Bundle bundle, double exact, Path folder) throws IOException {
        boolean known = bundle.name().contains("ViT-B-32");
        if (!known) {
            report.missing("of the sgemm peak, and against PyTorch", "for ViT-B/32 bundles only");
            return;
        }
        Optional<String> numpy = Peers.python("numpy");
        if (numpy.isPresent()) {
            double peak = Double.parseDouble(
                    Peers.run(numpy.get(), "sgemm_peer.py", folder).trim());
            report.figure("sgemm by NumPy's BLAS, one thread", peak, "GFLOP/s");
            if (peak < exact * VIT_B32_GFLOP / 2) {
                report.note("that BLAS is no limit to measure by, and PyTorch may use it, too: install OpenBLAS");
                return;
            }
            report.atLeast("fp32 images, of that peak", exact * VIT_B32_GFLOP / peak, 0.78);
        } else {
            report.missing("of the sgemm peak", "no Python with NumPy here");
        }
        Optional<String> torch = Peers.python("torch");
        if (torch.isPresent()) {
            String[] rate = Peers.run(torch.get(), "torch_peer.py", folder, Integer.toString(BATCH))
                    .trim()
                    .split(" ", -1);
            report.figure("the same shape in PyTorch " + rate[1], Double.parseDouble(rate[0]), "per CPU second");
            report.atLeast("ours / PyTorch", exact / Double.parseDouble(rate[0]), 1.1);
        } else {
            report.missing("ours / PyTorch", "no Python with PyTorch here");
        }
    }

    private static List<byte[]> pictures() {
        Random random = new Random(3);
        List<byte[]> batch = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            byte[] picture = new byte[Preprocessor.BYTES];
            random.nextBytes(picture);
            batch.add(picture);
        }
        return batch;
    }

    /** Calls per CPU second: the best of some rounds. */
    private static double rate(Callable<Integer> work) throws IOException {
        double best = Double.MAX_VALUE;
        try {
            for (int round = -1; round < 4; round++) {
                double started = Cpu.self();
                int done = 0;
                do {
                    done += work.call();
                } while (Cpu.self() - started < 1.5);
                best = round < 0 ? best : Math.min(best, (Cpu.self() - started) / done);
            }
        } catch (Exception e) {
            throw new IOException("the encoder failed: " + e.getMessage(), e);
        }
        return 1 / best;
    }

    private static double images(ClipSession session) throws IOException {
        List<byte[]> batch = pictures();
        return rate(() -> session.images(batch).length);
    }

    /** Ours and a bare session in turn, so that what else the machine does hits both: each one's best. */
    private static double[] withBare(ClipSession ours, Path model) throws IOException {
        float[] values = new float[BATCH * Preprocessor.BYTES];
        Random random = new Random(3);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() * 4 - 2;
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            try (OrtSession session = environment.createSession(model.toString(), options);
                    OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), new long[] {
                        BATCH, 3, Preprocessor.SIZE, Preprocessor.SIZE
                    })) {
                String name = session.getInputNames().iterator().next();
                double[] best = new double[2];
                for (int i = 0; i < 2; i++) {
                    best[0] = Math.max(best[0], images(ours));
                    best[1] = Math.max(best[1], rate(() -> {
                        session.run(Map.of(name, input)).close();
                        return BATCH;
                    }));
                }
                return best;
            }
        } catch (OrtException e) {
            throw new IOException("bare ONNX Runtime refuses the model: " + e.getMessage(), e);
        }
    }

    /** Texts of Zipf's lengths: most are short. */
    static List<String> made() {
        Random random = new Random(5);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 1024; i++) {
            int words = 1 + (int) Math.min(60, Math.exp(random.nextGaussian() * 0.7 + 1.9));
            texts.add("word ".repeat(words).strip());
        }
        return texts;
    }

    private static double texts(Report report, ClipModel model, ClipSession session, List<String> said)
            throws IOException, InterruptedException {
        List<long[]> ids = said.stream().map(model.tokenizer()::ids).toList();
        List<List<long[]>> alike = alike(ids);
        List<List<long[]>> full = new ArrayList<>();
        for (int i = 0; i + BATCH <= Math.min(ids.size(), 64); i += BATCH) {
            full.add(ids.subList(i, i + BATCH).stream()
                    .map(row -> Arrays.copyOf(row, Math.max(row.length, CLIP_CONTEXT)))
                    .toList());
        }
        double mean = ids.stream().mapToInt(row -> row.length).average().orElse(0);
        report.figure("tokens a text, on average", mean, "of " + ids.size() + " texts");
        double bucketed = rate(() -> encode(session, alike));
        double padded = rate(() -> encode(session, full));
        report.figure("texts, batches of like length from " + WINDOW, bucketed, "per CPU second");
        report.figure("texts, always padded to " + CLIP_CONTEXT, padded, "per CPU second");
        report.atLeast("like length / padded", bucketed / padded, 4);
        return bucketed;
    }

    /** As the worker's line puts batches together. */
    private static List<List<long[]>> alike(List<long[]> ids) throws InterruptedException {
        Channel<long[]> channel = new Line("bench").channel(WINDOW);
        List<List<long[]>> batches = new ArrayList<>();
        int waiting = 0;
        for (long[] row : ids) {
            channel.put(row);
            if (++waiting == WINDOW) {
                batches.add(channel.takeAlike(BATCH, 0, r -> r.length));
                waiting -= BATCH;
            }
        }
        for (; waiting > 0; waiting -= Math.min(BATCH, waiting)) {
            batches.add(channel.takeAlike(BATCH, 0, r -> r.length));
        }
        return batches;
    }

    private static int encode(ClipSession session, List<List<long[]>> batches) {
        int done = 0;
        for (List<long[]> batch : batches) {
            done += session.tokens(batch).length;
        }
        return done;
    }

    private static void callers(Report report, Bundle bundle, Preprocessor pictures)
            throws IOException, InterruptedException, BundleException {
        if (Runtime.getRuntime().availableProcessors() < 2) {
            return;
        }
        double one;
        double two;
        try (ClipModel model = ClipModel.load(bundle, ClipModel.Options.onCpu(2, Precision.FP32), pictures)) {
            one = wall(model, 1);
        }
        try (ClipModel model = ClipModel.load(bundle, ClipModel.Options.PLAIN, pictures)) {
            two = wall(model, 2);
        }
        report.figure("one caller with two threads", one, "images a second");
        report.figure("two callers with a thread each", two, "images a second");
        report.atLeast("two callers / one", two / one, 1);
    }

    private static double wall(ClipModel model, int callers) throws InterruptedException {
        double best = 0;
        for (int round = 0; round < 3; round++) {
            List<Thread> threads = new ArrayList<>();
            int[] done = new int[callers];
            long started = System.nanoTime();
            for (int i = 0; i < callers; i++) {
                int place = i;
                Thread thread = new Thread(() -> {
                    try (ClipSession session = model.newSession()) {
                        List<byte[]> batch = pictures();
                        while (System.nanoTime() - started < 2_500_000_000L) {
                            done[place] += session.images(batch).length;
                        }
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            best = Math.max(best, Arrays.stream(done).sum() / ((System.nanoTime() - started) / 1e9));
        }
        return best;
    }

    private static void eightBit(
            Report report, Bundle bundle, Preprocessor pictures, double exact, double text, List<String> said)
            throws IOException, InterruptedException {
        try (ClipModel model = ClipModel.load(bundle, ClipModel.Options.onCpu(1, Precision.INT8), pictures);
                ClipSession session = model.newSession()) {
            double images = images(session);
            report.figure("images, 8-bit", images, "per CPU second");
            report.atLeast("8-bit / fp32, images", images / exact, 3);
            List<List<long[]>> alike =
                    alike(said.stream().map(model.tokenizer()::ids).toList());
            double texts = rate(() -> encode(session, alike));
            report.figure("texts, 8-bit, batches of like length", texts, "per CPU second");
            report.atLeast("8-bit / fp32, texts", texts / text, 3);
        } catch (BundleException e) {
            report.missing("8-bit", String.valueOf(e.getMessage()));
        }
    }
}
