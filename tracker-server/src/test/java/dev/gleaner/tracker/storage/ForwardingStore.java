package dev.gleaner.tracker.storage;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** Does what another store does; a test overrides the one method in which its store is different. */
public class ForwardingStore implements ObjectStore {
    private final ObjectStore store;

    public ForwardingStore(ObjectStore store) {
        this.store = store;
    }

    @Override
    public Tickets.Ticket ticket(String key, ShardObject object, Duration validFor) throws IOException {
        return store.ticket(key, object, validFor);
    }

    @Override
    public String link(String key, long bytes, Duration validFor) throws IOException {
        return store.link(key, bytes, validFor);
    }

    @Override
    public Optional<Tickets.Ticket> partTicket(String key, ShardObject object, Duration validFor) throws IOException {
        return store.partTicket(key, object, validFor);
    }

    @Override
    public void complete(String key, ShardObject object) throws IOException {
        store.complete(key, object);
    }

    @Override
    public void eachUnfinished(String prefix, Consumer<Listed> each) throws IOException {
        store.eachUnfinished(prefix, each);
    }

    @Override
    public void abandon(String key) throws IOException {
        store.abandon(key);
    }

    @Override
    public Optional<Long> size(String key) throws IOException {
        return store.size(key);
    }

    @Override
    public LocalCopy open(String key, long maxBytes) throws IOException {
        return store.open(key, maxBytes);
    }

    @Override
    public void promote(Known object, String to) throws IOException {
        store.promote(object, to);
    }

    @Override
    public void put(String key, Path file) throws IOException {
        store.put(key, file);
    }

    @Override
    public void delete(String key) throws IOException {
        store.delete(key);
    }

    @Override
    public void each(String prefix, Consumer<Listed> each) throws IOException {
        store.each(prefix, each);
    }

    @Override
    public void requireWritable() throws IOException {
        store.requireWritable();
    }

    @Override
    public String place() {
        return store.place();
    }
}
