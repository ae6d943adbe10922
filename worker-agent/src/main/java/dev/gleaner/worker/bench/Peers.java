package dev.gleaner.worker.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Other programs, where they are installed. */
final class Peers {
    private static final File NOWHERE = new File("/dev/null");

    private Peers() {}

    /** Processor seconds of a program from start to end, its output thrown away; a huge number when it does not run. */
    static double cpu(String... command) throws IOException {
        double started = Cpu.withChildren() - Cpu.self();
        try {
            int code = new ProcessBuilder(command)
                    .redirectOutput(NOWHERE)
                    .redirectError(NOWHERE)
                    .start()
                    .waitFor();
            return code == 0 ? Cpu.withChildren() - Cpu.self() - started : Double.MAX_VALUE;
        } catch (IOException e) {
            return Double.MAX_VALUE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("stopped");
        }
    }

    /** A Python that can import the module. */
    static Optional<String> python(String module) throws IOException {
        for (String python : List.of("python3", "/usr/bin/python3")) {
            if (cpu(python, "-c", "import " + module) != Double.MAX_VALUE) {
                return Optional.of(python);
            }
        }
        return Optional.empty();
    }

    /** Runs one of this package's Python peers and returns what it prints. */
    static String run(String python, String script, Path folder, String... arguments) throws IOException {
        Path file = folder.resolve(script);
        try (InputStream in = Peers.class.getResourceAsStream(script)) {
            if (in == null) {
                throw new IOException("this build has no " + script);
            }
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        }
        List<String> command = new ArrayList<>(List.of(python, file.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(script + " failed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("stopped");
        }
        return printed;
    }
}
