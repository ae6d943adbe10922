package dev.gleaner.worker.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** How much of a disk the worker takes, and whether that is too much for another job. */
final class Disk {
    /** Left free for the machine's owner, whatever this worker may take. */
    static final long LEAST_FREE = 1L << 30;
    /** A job's spool and shards, amply. */
    static final long JOB = 256L << 20;

    private final Path home;

    Disk(Path home) {
        this.home = home;
    }

    /** @param share bytes that the worker's folder may take; 0: no limit */
    Optional<String> objection(long share) {
        try {
            long free = Files.getFileStore(home).getUsableSpace();
            if (free < LEAST_FREE + JOB) {
                return Optional.of("only " + (free >> 20) + " MiB are free on the disk of " + home
                        + ", and it leaves 1 GiB to others");
            }
            if (share > 0) {
                long taken = taken();
                if (taken + JOB > share) {
                    return Optional.of("its folder takes " + (taken >> 20) + " MiB of the " + (share >> 20)
                            + " MiB of --disk, and a job may need " + (JOB >> 20) + " MiB");
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("its folder cannot be looked at: " + e.getMessage());
        }
    }

    private long taken() throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            return files.mapToLong(Disk::size).sum();
        }
    }

    private static long size(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (IOException e) {
            return 0; // It went away meanwhile.
        }
    }
}
