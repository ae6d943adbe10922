package dev.gleaner.worker.cli;

import dev.gleaner.worker.image.ImageHeader;
import dev.gleaner.worker.image.ImageRefusedException;
import dev.gleaner.worker.image.Preprocessor;
import dev.gleaner.worker.image.process.IsolatedPreprocessor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code preprocess}: what the model sees of a picture. */
@Command(
        name = "preprocess",
        description = {
            "Writes the 224x224 RGB picture that the model sees, as PNG, for each image.",
            "Prints one JSON line each: {file,output,ms}, or {file,reason,ms} for one that is refused."
        },
        mixinStandardHelpOptions = true)
final class PreprocessCommand implements Callable<Integer> {
    private static final int MAX_FILE_BYTES = 64 << 20;
    private final PrintStream out;

    @Option(
            names = "--output-dir",
            required = true,
            paramLabel = "DIR",
            description = "where the PNG files go; made if missing")
    @Nullable
    Path outputDir;

    @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "picture files: JPEG, PNG, WebP, GIF")
    List<Path> images = List.of();

    @Mixin
    HomeOption home = new HomeOption();

    PreprocessCommand(PrintStream out, PrintStream err) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createDirectories(java.util.Objects.requireNonNull(outputDir));
        try (Preprocessor pictures = IsolatedPreprocessor.start(home.nativeLibraries(), 1)) {
            // Its start is no part of any picture's time.
            pictures.about();
            prepareAll(pictures, folder);
        }
        return Exit.OK;
    }

    private void prepareAll(Preprocessor pictures, Path folder) throws IOException, InterruptedException {
        for (Path image : images) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("file", image.toString());
            long started = System.nanoTime();
            try {
                byte[] rgb = prepare(pictures, image);
                Path output = folder.resolve(image.getFileName() + ".png");
                writePng(rgb, output);
                row.put("output", output.toString());
            } catch (ImageRefusedException e) {
                row.put("reason", e.reason().wire());
                row.put("detail", e.getMessage());
            }
            row.put("ms", (System.nanoTime() - started) / 1_000_000);
            JsonLines.print(out, row);
        }
    }

    private static byte[] prepare(Preprocessor pictures, Path image)
            throws IOException, ImageRefusedException, InterruptedException {
        if (!Files.isRegularFile(image)) {
            throw new Failure(Exit.NO_INPUT, "there is no file " + image);
        }
        if (Files.size(image) > MAX_FILE_BYTES) {
            throw new Failure(Exit.DATA, image + " is larger than " + MAX_FILE_BYTES + " bytes");
        }
        byte[] file = Files.readAllBytes(image);
        return pictures.prepare(file, ImageHeader.read(file));
    }

    private static void writePng(byte[] rgb, Path output) throws IOException {
        int size = Preprocessor.SIZE;
        BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < size * size; i++) {
            int colour = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | (rgb[3 * i + 2] & 255);
            image.setRGB(i % size, i / size, colour);
        }
        if (!ImageIO.write(image, "png", output.toFile())) {
            throw new IOException("this Java cannot write PNG");
        }
    }
}
