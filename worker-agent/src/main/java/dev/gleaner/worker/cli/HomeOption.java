package dev.gleaner.worker.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --home}: the one folder this program writes to. */
final class HomeOption {
    @Option(
            names = "--home",
            paramLabel = "DIR",
            defaultValue = "${env:GLEANER_HOME}",
            description =
                    "the worker's own folder: identity, model cache, unfinished work (default: $GLEANER_HOME, else ~/.gleaner)")
    @Nullable
    Path home;

    Path folder() {
        Path given = home;
        return given == null || given.toString().isEmpty()
                ? Path.of(System.getProperty("user.home", "."), ".gleaner")
                : given;
    }

    /**
     * Takes the folder for this process until closed.
     *
     * @throws Failure when another process has it
     */
    FileChannel lock() throws IOException {
        Path file = Files.createDirectories(folder()).resolve("lock");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean mine = false;
        try {
            mine = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // In this very process.
        } finally {
            if (!mine) {
                channel.close();
            }
        }
        if (!mine) {
            throw new Failure(
                    Exit.TEMPORARY,
                    "another worker runs in " + folder()
                            + "; stop it, or give this one a folder of its own with --home");
        }
        return channel;
    }

    /**
     * From now on temporary files of this process lie here: native libraries that are unpacked elsewhere would stay behind whenever
     * it is killed. Must be called before anything makes one, and with {@link #lock} held: what an earlier process
     * left is deleted.
     */
    void keepTemporaryFiles() throws IOException {
        Path temporary = Files.createDirectories(folder().resolve("temporary"));
        Instant began = ProcessHandle.current().info().startInstant().orElse(Instant.MIN);
        List<Path> old = new ArrayList<>();
        try (Stream<Path> left = Files.walk(temporary)) {
            for (Path path : left.sorted(Comparator.reverseOrder()).toList()) {
                if (!path.equals(temporary)
                        && Files.getLastModifiedTime(path).toInstant().isBefore(began)) {
                    old.add(path);
                }
            }
        }
        for (Path path : old) {
            // A folder that is not empty is somebody's who runs.
            boolean unused = path.toFile().delete();
        }
        System.setProperty("java.io.tmpdir", temporary.toAbsolutePath().toString());
    }

    Path nativeLibraries() {
        return folder().resolve("native");
    }

    Path bundles() {
        return folder().resolve("bundles");
    }
}
