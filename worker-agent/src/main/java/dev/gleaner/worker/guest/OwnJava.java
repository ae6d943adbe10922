package dev.gleaner.worker.guest;

import java.nio.file.Path;
import java.util.Locale;

/**
 * The Java that runs this program, for programs that it starts. Not what this process was started by: in a package with its
 * own Java that is a launcher which knows one program only.
 */
public final class OwnJava {
    private OwnJava() {}

    /** Path of its {@code java} command. */
    public static String command() {
        boolean windows =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("win");
        return Path.of(System.getProperty("java.home"), "bin", windows ? "java.exe" : "java")
                .toString();
    }
}
