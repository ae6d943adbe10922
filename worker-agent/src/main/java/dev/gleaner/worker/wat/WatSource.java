package dev.gleaner.worker.wat;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/**
 * A WAT file that can be read from any byte on. Implementations: {@link FileWatSource}, {@link HttpWatSource}. The
 * streams they give are for one thread; whoever opens one closes it.
 */
public interface WatSource extends Closeable {
    /**
     * Size of the whole file in bytes.
     *
     * @throws InputUnavailableException when the file is not there or may not be read
     * @throws IOException when the source cannot be reached
     */
    long length() throws IOException;

    /**
     * The bytes from {@code from} to the end of the file.
     *
     * @param from first byte, 0 to {@link #length()}
     * @param likelyEnd one past the last byte that the caller expects to need; a hint for how much to ask for
     */
    InputStream open(long from, long likelyEnd) throws IOException;

    /** The source's address, for messages. */
    String name();

    @Override
    default void close() throws IOException {}
}
