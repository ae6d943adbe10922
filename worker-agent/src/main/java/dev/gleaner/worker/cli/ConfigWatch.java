package dev.gleaner.worker.cli;

import dev.gleaner.worker.guest.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Heeds changes of {@code worker.conf} while the worker runs: hours and battery at once, the rest at the next start. */
final class ConfigWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ConfigWatch.class);
    private static final int SECONDS = 5;

    private final Path file;
    private final Guest guest;
    private final Function<ConfigDefaults, Guest.Wishes> wishes;
    private FileTime seen;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "config");
        thread.setDaemon(true);
        return thread;
    });

    /** @param wishes what the owner wishes, by the command line, the environment and the file */
    ConfigWatch(Path file, Guest guest, Function<ConfigDefaults, Guest.Wishes> wishes) {
        this.file = file;
        this.guest = guest;
        this.wishes = wishes;
        this.seen = changed(file);
        ScheduledFuture<?> unused = clock.scheduleWithFixedDelay(this::look, SECONDS, SECONDS, TimeUnit.SECONDS);
    }

    private static FileTime changed(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private void look() {
        FileTime now = changed(file);
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            guest.wish(wishes.apply(ConfigDefaults.read(file)));
            log.info("{} has changed: hours and battery hold from now on, the rest from the next start", file);
        } catch (Failure | IllegalArgumentException e) {
            log.warn("{} has changed and is not heeded: {}", file, e.getMessage());
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
