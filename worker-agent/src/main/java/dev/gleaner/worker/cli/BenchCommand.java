package dev.gleaner.worker.cli;

import dev.gleaner.worker.bench.ClipBench;
import dev.gleaner.worker.bench.ExtractBench;
import dev.gleaner.worker.bench.FetchBench;
import dev.gleaner.worker.bench.ImagingBench;
import dev.gleaner.worker.bench.PipelineBench;
import dev.gleaner.worker.bench.Report;
import dev.gleaner.worker.clip.BundleException;
import dev.gleaner.worker.clip.DjlSetup;
import dev.gleaner.worker.clip.Precision;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench}: how near each stage is to what this machine can do. */
@Command(
        name = "bench",
        description = {
            "Measures each stage beside its limit or a peer, on the same machine and input, and prints figures and ratios.",
            "Uses up to all processors for some minutes. Peers that are not installed are said to be missing."
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    /** What can be measured. */
    enum Stage {
        EXTRACT,
        IMAGING,
        CLIP,
        FETCH,
        PIPELINE
    }

    private final PrintStream out;

    @Parameters(paramLabel = "STAGE", description = "${COMPLETION-CANDIDATES}; default: all")
    Set<Stage> stages = EnumSet.noneOf(Stage.class);

    @Option(names = "--wat", paramLabel = "FILE", description = "a WAT to extract from; default: a synthetic one")
    @Nullable
    Path wat;

    @Option(names = "--images", paramLabel = "DIR", description = "pictures to decode; default: synthetic photographs")
    @Nullable
    Path images;

    @Option(
            names = "--model",
            paramLabel = "BUNDLE",
            description = "folder of a model bundle; without it no clip and no pipeline")
    @Nullable
    Path model;

    @Option(
            names = "--captions",
            paramLabel = "FILE",
            description = "a text a line, for the text encoder; default: made up")
    @Nullable
    Path captions;

    @Option(
            names = "--precision",
            paramLabel = "P",
            defaultValue = "auto",
            description = "arithmetic of the pipeline's model: fp32, fp16, int8 or auto (default: ${DEFAULT-VALUE})")
    Precision precision = Precision.AUTO;

    @Mixin
    HomeOption home = new HomeOption();

    BenchCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Report report = new Report(out);
        Path folder = Files.createTempDirectory("gleaner-bench");
        try {
            for (Stage stage : stages.isEmpty() ? EnumSet.allOf(Stage.class) : stages) {
                switch (stage) {
                    case EXTRACT -> ExtractBench.run(report, wat, folder);
                    case IMAGING -> ImagingBench.run(report, images, folder, home.nativeLibraries());
                    case CLIP -> clip(report, folder);
                    case FETCH -> FetchBench.run(report, folder);
                    case PIPELINE -> pipeline(report, folder);
                }
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                    Files.delete(file);
                }
            }
        }
        return Exit.OK;
    }

    private void pipeline(Report report, Path folder) throws IOException, InterruptedException {
        if (model == null) {
            out.println("pipeline: left out; name a bundle with --model");
            return;
        }
        DjlSetup.before(home.nativeLibraries());
        try {
            int cpus = Runtime.getRuntime().availableProcessors();
            PipelineBench.run(report, model, precision, cpus, folder, home.nativeLibraries());
        } catch (BundleException e) {
            throw new Failure(Exit.DATA, String.valueOf(e.getMessage()));
        }
    }

    private void clip(Report report, Path folder) throws IOException, InterruptedException {
        if (model == null) {
            out.println("clip: left out; name a bundle with --model");
            return;
        }
        DjlSetup.before(home.nativeLibraries());
        try {
            ClipBench.run(report, model, captions, folder);
        } catch (BundleException e) {
            throw new Failure(Exit.DATA, String.valueOf(e.getMessage()));
        }
    }
}
