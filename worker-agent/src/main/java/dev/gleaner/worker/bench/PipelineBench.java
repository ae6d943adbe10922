package dev.gleaner.worker.bench;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.worker.clip.Bundle;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.ClipModel;
import dev.gleaner.worker.clip.ClipSession;
import dev.gleaner.worker.clip.Precision;
import dev.gleaner.worker.fetch.Courtesy;
import dev.gleaner.worker.fetch.Fetcher;
import dev.gleaner.worker.fetch.dns.NameResolver;
import dev.gleaner.worker.fetch.guard.AddressGuard;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import dev.gleaner.worker.job.JobFailedException;
import dev.gleaner.worker.job.JobResult;
import dev.gleaner.worker.job.JobRunner;
import dev.gleaner.worker.job.LineSettings;
import dev.gleaner.worker.job.Screening;
import dev.gleaner.worker.job.Work;
import dev.gleaner.worker.pipeline.Line;
import dev.gleaner.worker.spool.Spool;
import dev.gleaner.worker.spool.Terms;
import dev.gleaner.worker.wat.FileWatSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A whole job, from a WAT on this disk and pictures on loopback to shards, against its stages alone. */
public final class PipelineBench {
    private static final int PICTURES = 60;
    private static final double ALONE_SECONDS = 5;
    private static final double JOB_SECONDS = 25;

    private PipelineBench() {}

    /** Work of one thread until told to stop; gives how much was done. */
    private interface Toil {
        int some() throws Exception;
    }

    /** @param cpus processors to use */
    public static void run(Report report, Path bundle, Precision precision, int cpus, Path folder, Path natives)
            throws IOException, InterruptedException, BundleException {
        Path web = Files.createDirectories(folder.resolve("pipeline-web"));
        SyntheticPhotos.write(web, PICTURES, 50_000, 1_000_000, 9);
        try (Stream<Path> files = Files.list(web)) {
            for (Path stray :
                    files.filter(f -> f.toString().endsWith(".towebp")).toList()) {
                Files.delete(stray);
            }
        }
        List<byte[]> pictures = new ArrayList<>();
        try (Stream<Path> files = Files.list(web)) {
            for (Path file : files.sorted().toList()) {
                pictures.add(Files.readAllBytes(file));
            }
        }
        LineSettings settings =
                LineSettings.forMachine(cpus, Runtime.getRuntime().maxMemory());
        try (Preprocessor preprocessor = IsolatedPreprocessor.start(natives, settings.decoders());
                ClipModel model =
                        ClipModel.load(Bundle.open(bundle), ClipModel.Options.onCpu(1, precision), preprocessor)) {
            report.title(
                    "pipeline",
                    model.bundle().name() + ", " + model.precision().wire() + ", " + cpus
                            + " processors, pictures of 0.05 to 1 megapixel");
            List<String> texts = ClipBench.made();
            double[] decode = alone(settings.decoders(), () -> decoding(preprocessor, pictures));
            double[] score = alone(settings.scorers(), () -> scoring(model, settings.batch(), texts));
            report.figure("decode and resize alone", decode[0], "candidates/s");
            report.figure("score alone", score[0], "candidates/s");
            whole(
                    report,
                    model,
                    preprocessor,
                    settings,
                    texts,
                    Math.min(decode[0], score[0]),
                    score[1] + decode[1],
                    web,
                    folder);
        }
    }

    private interface Maker {
        Toil make() throws Exception;
    }

    /** @return candidates a second, and CPU seconds a candidate */
    private static double[] alone(int threads, Maker maker) throws IOException, InterruptedException {
        AtomicInteger done = new AtomicInteger();
        Line line = new Line("alone");
        long until = System.nanoTime() + (long) (2 * ALONE_SECONDS * 1e9);
        long measured = System.nanoTime() + (long) (ALONE_SECONDS * 1e9);
        double[] began = new double[2];
        line.stage("work", threads, () -> {
            Toil work = maker.make();
            while (System.nanoTime() < until) {
                int some = work.some();
                if (System.nanoTime() > measured) {
                    synchronized (began) {
                        if (began[0] == 0) {
                            began[0] = System.nanoTime();
                            began[1] = Cpu.withChildren();
                        } else {
                            done.addAndGet(some);
                        }
                    }
                }
            }
        });
        try {
            line.run();
        } catch (Line.StageFailedException | Line.CancelledException e) {
            throw new IOException("a stage alone failed: " + e.getMessage(), e);
        }
        return new double[] {
            done.get() / ((System.nanoTime() - began[0]) / 1e9), (Cpu.withChildren() - began[1]) / done.get()
        };
    }

    private static Toil decoding(Preprocessor preprocessor, List<byte[]> pictures) {
        int[] next = {0};
        return () -> {
            byte[] file = pictures.get(next[0]++ % pictures.size());
            try {
                preprocessor.prepare(file, ImageHeader.read(file));
            } catch (ImageRefusedException e) {
                throw new IOException("the bench's own picture is refused: " + e.getMessage(), e);
            }
            return 1;
        };
    }

    private static Toil scoring(ClipModel model, int batch, List<String> texts) {
        ClipSession session = model.newSession();
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
            images.add(new byte[Preprocessor.BYTES]);
        }
        List<long[]> tokens = texts.stream()
                .map(model.tokenizer()::ids)
                .sorted(java.util.Comparator.comparingInt(row -> row.length))
                .toList();
        int[] next = {0};
        return () -> {
            int from = next[0] % (tokens.size() - batch);
            // Another length each time, alike within a batch, as the line has them.
            next[0] += 7 * batch;
            session.images(images);
            session.tokens(tokens.subList(from, from + batch));
            return batch;
        };
    }

    private static void whole(
            Report report,
            ClipModel model,
            Preprocessor preprocessor,
            LineSettings settings,
            List<String> texts,
            double slowest,
            double stagesCpu,
            Path web,
            Path folder)
            throws IOException, InterruptedException {
        int candidates = (int) Math.max(600, slowest * JOB_SECONDS);
        Path wat = folder.resolve("pipeline.wat.gz");
        Path work = Files.createDirectories(folder.resolve("pipeline-job"));
        try (LoopbackServer server = LoopbackServer.start(web);
                Fetcher fetcher = new Fetcher(
                        AddressGuard.allowingLoopback(),
                        "gleaner-bench",
                        new Courtesy(4, Duration.ZERO),
                        NameResolver.Settings.DEFAULT,
                        Fetcher.Link.ALL)) {
            List<String> addresses = new ArrayList<>();
            List<String> said = new ArrayList<>();
            for (int i = 0; i < candidates; i++) {
                addresses.add(server.address(i, "/p/" + i + ".jpg"));
                said.add(texts.get(i % texts.size()) + " " + i);
            }
            SyntheticWat.writePictures(wat, addresses, said);
            Lease lease = new Lease(
                    1,
                    FencingToken.parse("0123456789abcdef-1"),
                    "bench",
                    wat.toUri().toString(),
                    "bench.wat.gz",
                    Slice.WHOLE,
                    Policy.laion400m(),
                    model.bundle().id(),
                    600,
                    36_000,
                    null,
                    null,
                    null);
            Terms terms = new Terms("bench", model.precision().wire());
            try (FileWatSource source = new FileWatSource(wat);
                    Spool spool = Spool.open(
                            work.resolve("spool"),
                            lease,
                            terms,
                            InstantSource.system().instant(),
                            System::nanoTime)) {
                JobRunner job = new JobRunner(
                        lease,
                        "bench",
                        new JobRunner.Parts(
                                new Work.Whole(source, model),
                                fetcher,
                                preprocessor,
                                settings,
                                settings.newWidth(),
                                () -> true,
                                Screening.NONE,
                                InstantSource.system(),
                                spool,
                                work));
                double cpu = Cpu.withChildren();
                long started = System.nanoTime();
                JobResult result = job.run();
                double seconds = (System.nanoTime() - started) / 1e9;
                double cpuUsed = Cpu.withChildren() - cpu;
                long found = result.manifest().counts().candidates();
                long lost = found
                        - result.manifest().counts().kept()
                        - result.manifest().counts().pairDrops().getOrDefault("below_threshold", 0L);
                if (found != candidates || lost != 0) {
                    throw new IOException("the bench's own pictures were lost: "
                            + result.manifest().counts());
                }
                report.figure("the whole line", found / seconds, "candidates/s, " + found + " candidates");
                report.figure("CPU a candidate", 1000 * cpuUsed / found, "ms");
                report.figure("of it encoders and decoders alone", 1000 * stagesCpu, "ms");
                report.atLeast("whole line / slowest stage alone", found / seconds / slowest, 0.9);
                double together = settings.scorers() / stagesCpu;
                report.figure("whole line / what these allow together", found / seconds / together, "");
                job.queues()
                        .forEach(queue -> report.note(String.format(
                                "queue before %-8s held %d at most, of %d",
                                queue.stage(), queue.highest(), queue.capacity())));
            } catch (JobFailedException | Line.CancelledException e) {
                throw new IOException("the bench's job failed: " + e.getMessage(), e);
            }
        }
    }
}
