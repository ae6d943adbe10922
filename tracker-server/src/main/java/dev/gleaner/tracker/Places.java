package dev.gleaner.tracker;

import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.Ledger.LedgerException;
import dev.gleaner.tracker.ledger.LedgerMonitor;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.storage.file.FileObjectStore;
import dev.gleaner.tracker.storage.s3.S3ObjectStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Opens the ledger and the object store that a configuration names; for the tracker and for the commands that need none. */
public final class Places {
    private static final String LEDGER_FILE = "ledger.db";

    private Places() {}

    /** The embedded ledger's file. */
    public static Path ledgerFile(Path data) {
        return data.resolve(LEDGER_FILE);
    }

    public static SqlLedger ledger(TrackerConfig config, InstantSource clock, LedgerMonitor monitor)
            throws IOException {
        Files.createDirectories(config.data());
        if (config.ledger() instanceof TrackerConfig.LedgerPlace.Postgres postgres) {
            return SqlLedger.postgres(postgres.url(), postgres.user(), postgres.password(), clock, monitor);
        }
        return SqlLedger.sqlite(ledgerFile(config.data()), clock, monitor);
    }

    public static ObjectStore objects(TrackerConfig config, Ledger ledger, InstantSource clock) throws IOException {
        if (config.objects() instanceof TrackerConfig.ObjectsPlace.S3 s3) {
            return new S3ObjectStore(s3.settings(), config.data().resolve("copies"), clock);
        }
        return new FileObjectStore(config.data().resolve("objects"), ledger.secret("links"), clock);
    }

    /** An empty folder for files on their way; what a killed process left there goes. */
    static Path scratch(Path data) throws IOException {
        Path scratch = Files.createDirectories(data.resolve("scratch"));
        List<Path> left;
        try (Stream<Path> files = Files.walk(scratch)) {
            left = files.sorted(Comparator.reverseOrder())
                    .filter(file -> !file.equals(scratch))
                    .toList();
        }
        for (Path file : left) {
            Files.delete(file);
        }
        return scratch;
    }

    /**
     * Keeps a second tracker, or a command that changes the ledger, off an embedded ledger that is in use.
     *
     * @return to be closed when the ledger is closed
     * @throws LedgerException when somebody else holds it
     */
    public static AutoCloseable lock(Path data) throws IOException {
        Files.createDirectories(data);
        FileChannel channel =
                FileChannel.open(data.resolve("ledger.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new LedgerException(
                    "the ledger in " + data + " is in use by a running tracker; stop it first, or use another --data",
                    new IOException("ledger.lock is held"));
        }
        return channel;
    }
}
