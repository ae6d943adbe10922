package dev.gleaner.worker.bench;

import dev.gleaner.worker.image.DirectPreprocessor;
import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Decode, convert and resize, against Pillow on the same files. */
public final class ImagingBench {
    private static final int PASSES = 5;
    private static final int WARM_ROUNDS = 3;
    private static final int ROUNDS = 4;
    private static final double ROUND_SECONDS = 2;

    private ImagingBench() {}

    private record Photo(String name, byte[] file, ImageHeader header) {}

    /** @param given a folder of pictures, or null for synthetic ones of 0.3 to 3 megapixels */
    public static void run(Report report, @Nullable Path given, Path folder, Path natives)
            throws IOException, InterruptedException {
        if (given != null) {
            measure(report, "imaging", given, folder, natives, Double.NaN);
            return;
        }
        Path large = Files.createDirectories(folder.resolve("large"));
        SyntheticPhotos.write(large, 60, 300_000, 3_000_000, 7);
        measure(report, "imaging, 0.3 to 3 megapixels", large, folder, natives, 100);
        Path small = Files.createDirectories(folder.resolve("small"));
        SyntheticPhotos.write(small, 120, 224 * 224, 400 * 400, 8);
        measure(report, "imaging, 224 to 400 pixels a side", small, folder, natives, 300);
    }

    private static void measure(Report report, String title, Path photos, Path folder, Path natives, double goal)
            throws IOException, InterruptedException {
        Path pixels = Files.createDirectories(folder.resolve("pixels"));
        Optional<String> python = Peers.python("PIL");
        String[] pillow = python.isEmpty()
                ? new String[0]
                : Peers.run(
                                python.get(),
                                "pillow_peer.py",
                                folder,
                                photos.toString(),
                                pixels.toString(),
                                Integer.toString(PASSES))
                        .trim()
                        .split(" ", -1);
        List<Photo> set = read(photos);
        report.title(
                title,
                set.size() + " pictures, "
                        + set.stream().mapToLong(p -> p.file().length).sum() / set.size() / 1000 + " KB and "
                        + String.format(
                                Locale.ROOT,
                                "%.2f megapixels on average",
                                set.stream().mapToLong(p -> p.header().pixels()).sum() / 1e6 / set.size()));
        double ours;
        try (Preprocessor isolated = IsolatedPreprocessor.start(natives, 1)) {
            report.note("decoders: " + isolated.about());
            ours = rate(isolated, set);
        }
        double direct = rate(DirectPreprocessor.withNatives(natives), set);
        double java = rate(DirectPreprocessor.pureJava(), set);
        report.figure("ours, in a process of its own", ours, "pictures per CPU second");
        report.figure("the same in this process, for comparison", direct, "pictures per CPU second");
        report.figure("Java's own decoders", java, "pictures per CPU second");
        if (!Double.isNaN(goal)) {
            report.atLeast("pictures per CPU second", ours, goal);
        }
        if (pillow.length != 2) {
            report.missing("ours / Pillow", "no Python with Pillow here");
            return;
        }
        double peer = Double.parseDouble(pillow[0]);
        report.figure("Pillow " + pillow[1], peer, "pictures per CPU second");
        report.atLeast("ours / Pillow", ours / peer, 1.2);
        report.figure("Java's own decoders / Pillow", java / peer, "");
        report.atLeast("pictures with exactly Pillow's pixels", same(set, pixels, natives), 1);
    }

    private static List<Photo> read(Path folder) throws IOException {
        List<Photo> set = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                byte[] bytes = Files.readAllBytes(file);
                try {
                    set.add(new Photo(file.getFileName().toString(), bytes, ImageHeader.read(bytes)));
                } catch (ImageRefusedException e) {
                    // A stray file among somebody's pictures.
                }
            }
        }
        if (set.isEmpty()) {
            throw new IOException("there are no pictures in " + folder);
        }
        return set;
    }

    /** Pictures per CPU second of this process and its child: the best of some rounds, after as long a time of warming up. */
    private static double rate(Preprocessor preprocessor, List<Photo> set) throws IOException, InterruptedException {
        double best = Double.MAX_VALUE;
        for (int round = -WARM_ROUNDS; round < ROUNDS; round++) {
            double started = Cpu.withChildren();
            int done = 0;
            do {
                for (Photo photo : set) {
                    prepare(preprocessor, photo);
                }
                done += set.size();
            } while (Cpu.withChildren() - started < ROUND_SECONDS);
            if (round >= 0) {
                best = Math.min(best, (Cpu.withChildren() - started) / done);
            }
        }
        return 1 / best;
    }

    private static byte[] prepare(Preprocessor preprocessor, Photo photo) throws IOException, InterruptedException {
        try {
            return preprocessor.prepare(photo.file(), photo.header());
        } catch (ImageRefusedException e) {
            throw new IOException(photo.name() + " is refused: " + e.getMessage(), e);
        }
    }

    private static double same(List<Photo> set, Path pixels, Path natives) throws IOException, InterruptedException {
        int same = 0;
        try (Preprocessor isolated = IsolatedPreprocessor.start(natives, 1)) {
            for (Photo photo : set) {
                byte[] expected = Files.readAllBytes(pixels.resolve(photo.name() + ".rgb"));
                same += Arrays.equals(expected, prepare(isolated, photo)) ? 1 : 0;
            }
        }
        return same / (double) set.size();
    }
}
