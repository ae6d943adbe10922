package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.lease.Lease;
import dev.gleaner.worker.spool.Spool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files of one lease: its spool and its shards. */
record LeaseFolder(Path path) {
    private static final Logger log = LoggerFactory.getLogger(LeaseFolder.class);

    /**
     * A job that an earlier run did not finish.
     *
     * @param deaths how often in a row a worker stopped at it without getting any further
     */
    record Left(Lease lease, int deaths, LeaseFolder folder) {}

    static LeaseFolder of(Path work, Lease lease) {
        return new LeaseFolder(work.resolve("job-" + lease.job() + "-" + lease.token()));
    }

    /** What earlier runs left; what cannot be gone on with is deleted. */
    static List<Left> leftIn(Path work) throws IOException {
        if (!Files.isDirectory(work)) {
            return List.of();
        }
        List<Path> folders;
        try (Stream<Path> files = Files.list(work)) {
            folders = files.sorted().toList();
        }
        List<Left> left = new ArrayList<>();
        for (Path path : folders) {
            LeaseFolder folder = new LeaseFolder(path);
            Optional<Spool.Remains> remains = Spool.remains(folder.spool());
            if (remains.isPresent()) {
                left.add(new Left(remains.get().lease(), remains.get().deaths(), folder));
            } else {
                folder.delete();
            }
        }
        return left;
    }

    Path spool() {
        return path.resolve("spool");
    }

    void create() throws IOException {
        Files.createDirectories(path);
    }

    /** Deletes it as far as possible; what remains is tried again at the next start. */
    void delete() {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(file);
            }
        } catch (IOException e) {
            log.warn("Work files could not be deleted: folder={} cause={}", path, e.toString());
        }
    }
}
