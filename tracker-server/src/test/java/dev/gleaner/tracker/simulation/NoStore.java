package dev.gleaner.tracker.simulation;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** The simulated results have no objects, so nobody asks for any. */
final class NoStore implements ObjectStore {
    @Override
    public String link(String key, long bytes, Duration validFor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Tickets.Ticket ticket(String key, ShardObject object, Duration validFor) throws IOException {
        throw new IOException("no store");
    }

    @Override
    public Optional<Long> size(String key) throws IOException {
        throw new IOException("no store");
    }

    @Override
    public LocalCopy open(String key, long maxBytes) throws IOException {
        throw new IOException("no store");
    }

    @Override
    public void promote(Known object, String to) throws IOException {
        throw new IOException("no store");
    }

    @Override
    public void put(String key, Path file) throws IOException {
        throw new IOException("no store");
    }

    @Override
    public void delete(String key) throws IOException {
        throw new IOException("no store");
    }

    @Override
    public void each(String prefix, Consumer<Listed> each) throws IOException {
        throw new IOException("no store");
    }

    @Override
    public void requireWritable() throws IOException {
        throw new IOException("no store");
    }

    @Override
    public String place() {
        return "nowhere";
    }
}
