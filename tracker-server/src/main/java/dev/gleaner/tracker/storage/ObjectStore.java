package dev.gleaner.tracker.storage;

import dev.gleaner.protocol.lease.Tickets;
import dev.gleaner.protocol.result.ShardObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Where shards lie: a flat space of keys, each an object of bytes that never changes. Keys are of {@code a-z 0-9 . _ - /}.
 * Safe for any thread.
 */
public interface ObjectStore {
    /** The right to PUT exactly the declared bytes to one key. */
    Tickets.Ticket ticket(String key, ShardObject object, Duration validFor);

    /** Size of an object, or empty when there is none. */
    Optional<Long> size(String key) throws IOException;

    /** A local file with the object's bytes, to be closed after use. */
    LocalCopy open(String key) throws IOException;

    /** Moves an object out of reach of every ticket; does nothing when it was moved already. */
    void promote(String from, String to) throws IOException;

    /** Deletes an object; does nothing when there is none. */
    void delete(String key) throws IOException;

    /** Keys that start so, in order. */
    List<String> list(String prefix) throws IOException;

    /** Throws unless objects can be stored now. */
    void requireWritable() throws IOException;

    /** A file that may vanish when closed. */
    interface LocalCopy extends AutoCloseable {
        Path path();

        @Override
        void close();
    }
}
