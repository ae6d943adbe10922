package dev.gleaner.worker.bench;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.worker.extract.Extractor;
import dev.gleaner.worker.guest.OwnJava;
import dev.gleaner.worker.wat.FileWatSource;
import dev.gleaner.worker.wat.WatReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Extraction with all rules, against inflating the same file and throwing the bytes away. */
public final class ExtractBench {
    private static final int HEADER = 10;
    private static final int TRAILER = 8;

    private ExtractBench() {}

    /** @param given a WAT, or null for a synthetic one of the size of a real one, about 250 MB */
    public static void run(Report report, @org.jspecify.annotations.Nullable Path given, Path folder)
            throws IOException {
        Path wat = given;
        if (wat == null) {
            wat = folder.resolve("bench.wat.gz");
            SyntheticWat.write(wat, 50_000, 7);
        }
        long bytes = Files.size(wat);
        report.title("extract", wat.getFileName() + ", " + bytes / 1_000_000 + " MB");
        double inflate = Double.MAX_VALUE;
        double extract = Double.MAX_VALUE;
        long raw = 0;
        long candidates = 0;
        for (int round = 0; round < 5; round++) {
            double started = Cpu.self();
            raw = inflate(wat);
            double between = Cpu.self();
            candidates = extract(wat);
            double ended = Cpu.self();
            // The first rounds warm up; of the rest the best is least disturbed.
            if (round >= 2) {
                inflate = Math.min(inflate, between - started);
                extract = Math.min(extract, ended - between);
            }
        }
        report.figure("inflate only (java.util.zip), CPU", inflate, "s, " + raw / 1_000_000 + " MB raw");
        report.figure("extract with all rules, CPU", extract, "s, " + candidates + " candidates");
        report.atMost("extract / inflate", extract / inflate, 1.25);
        wholeProcess(report, wat);
    }

    private static void wholeProcess(Report report, Path wat) throws IOException {
        double gzip = Double.MAX_VALUE;
        double ours = Double.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            gzip = Math.min(gzip, Peers.cpu("gzip", "-dc", wat.toString()));
            ours = Math.min(
                    ours,
                    Peers.cpu(
                            OwnJava.command(),
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            "dev.gleaner.worker.Main",
                            "extract",
                            "--wat",
                            wat.toString()));
        }
        if (gzip == Double.MAX_VALUE || ours == Double.MAX_VALUE) {
            report.missing("whole process / gzip -dc", "no gzip here");
            return;
        }
        report.figure("gzip -dc, CPU", gzip, "s");
        report.figure("worker-agent extract, from cold, CPU", ours, "s");
        report.atMost("whole process / gzip -dc", ours / gzip, 0.9);
    }

    private static long extract(Path wat) throws IOException {
        Extractor extractor = new Extractor(Policy.laion400m(), candidate -> {});
        try (FileWatSource source = new FileWatSource(wat)) {
            new WatReader(source).read(Slice.WHOLE, extractor::accept);
        }
        return extractor.counts().candidates();
    }

    private static long inflate(Path wat) throws IOException {
        byte[] file = Files.readAllBytes(wat);
        byte[] out = new byte[256 << 10];
        Inflater inflater = new Inflater(true);
        long total = 0;
        try {
            for (int at = 0; at + HEADER + TRAILER < file.length; ) {
                inflater.reset();
                inflater.setInput(file, at + HEADER, file.length - at - HEADER);
                while (!inflater.finished()) {
                    int got = inflater.inflate(out);
                    if (got == 0 && !inflater.finished()) {
                        throw new IOException("the bench's bare loop cannot read member " + at + " of " + wat);
                    }
                    total += got;
                }
                at += HEADER + (int) inflater.getBytesRead() + TRAILER;
            }
            return total;
        } catch (DataFormatException e) {
            throw new IOException("the bench's bare loop cannot read " + wat + ": " + e.getMessage(), e);
        } finally {
            inflater.end();
        }
    }
}
