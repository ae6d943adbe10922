package dev.gleaner.tracker.storage;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Where shards lie: a flat space of keys, each an object of bytes that never changes. Keys are of {@code a-z 0-9 . _ - /}.
 * Safe for any thread.
 */
public interface ObjectStore {
    /** The right to PUT exactly the declared bytes to one key. */
    Tickets.Ticket ticket(String key, ShardObject object, Duration validFor) throws IOException;

    /** An address, absolute or a path on the tracker, where the object can be had by GET for a while. */
    String link(String key, long bytes, Duration validFor) throws IOException;

    /**
     * The right to PUT the declared bytes part by part, where the store can and the object is large; else empty. The parts become the
     * object by {@link #complete}.
     */
    default Optional<Tickets.Ticket> partTicket(String key, ShardObject object, Duration validFor) throws IOException {
        return Optional.empty();
    }

    /** Makes an object of its uploaded parts; does nothing unless all are there. */
    default void complete(String key, ShardObject object) throws IOException {}

    /** Shows every upload in parts that was begun and not completed, with 0 bytes. */
    default void eachUnfinished(String prefix, Consumer<Listed> each) throws IOException {}

    /** Throws away the parts that were uploaded for an object. */
    default void abandon(String key) throws IOException {}

    /** Size of an object, or empty when there is none. */
    Optional<Long> size(String key) throws IOException;

    /**
     * A local file with the object's bytes, to be closed after use.
     *
     * @param maxBytes more than that is refused
     * @throws java.nio.file.NoSuchFileException when there is no such object
     */
    LocalCopy open(String key, long maxBytes) throws IOException;

    /**
     * Moves an object out of reach of every ticket, if it is still the one that was read; does nothing when it is there already,
     * because another tracker was quicker, say.
     *
     * @throws IOException when it is another one by now, or gone
     */
    void promote(Known object, String to) throws IOException;

    /**
     * An object as it was when it was read.
     *
     * @param version of the copy that was read
     * @param sha256 of its bytes
     */
    record Known(String key, String version, long bytes, String sha256) {}

    /** Stores a file of the tracker's own, durable when this returns. */
    void put(String key, Path file) throws IOException;

    /** Deletes an object; does nothing when there is none. */
    void delete(String key) throws IOException;

    /** Shows every object whose key starts so, in no order; the store may change meanwhile. */
    void each(String prefix, Consumer<Listed> each) throws IOException;

    /** Throws unless objects can be stored now. */
    void requireWritable() throws IOException;

    /** Where people find accepted objects, in words. */
    String place();

    /**
     * An object in a listing.
     *
     * @param modified by the store's clock
     */
    record Listed(String key, long bytes, Instant modified) {}

    /** A file that may vanish when closed. */
    interface LocalCopy extends AutoCloseable {
        Path path();

        /** What the store calls these bytes, so that others can be told from them. */
        String version();

        @Override
        void close();
    }
}
