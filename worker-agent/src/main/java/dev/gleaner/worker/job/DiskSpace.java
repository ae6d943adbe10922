package dev.gleaner.worker.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells a full disk from other trouble: the operating system reports it as an I/O error like any other. */
public final class DiskSpace {
    private static final long NEEDED_BYTES = 1 << 20;

    private DiskSpace() {}

    /** Whether the folder's disk has hardly any room left, or cannot even be asked. */
    public static boolean isFull(Path folder) {
        try {
            return Files.getFileStore(folder).getUsableSpace() < NEEDED_BYTES;
        } catch (IOException e) {
            return true;
        }
    }
}
