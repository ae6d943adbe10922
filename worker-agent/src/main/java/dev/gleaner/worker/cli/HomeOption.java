package dev.gleaner.worker.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

    Path nativeLibraries() {
        return folder().resolve("native");
    }

    Path bundles() {
        return folder().resolve("bundles");
    }
}
