package dev.gleaner.worker.cli;

import java.nio.file.Path;
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

    Path nativeLibraries() {
        return folder().resolve("native");
    }

    Path bundles() {
        return folder().resolve("bundles");
    }
}
