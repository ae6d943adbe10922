package dev.gleaner.worker.tracker;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Part of a file as the body of a request, read as it is sent. */
final class FileSlice implements Iterator<byte[]> {
    private static final int CHUNK = 1 << 16;

    private final InputStream in;
    private long left;

    private FileSlice(InputStream in, long bytes) {
        this.in = in;
        this.left = bytes;
    }

    static BodyPublisher body(Path file, long offset, long bytes) {
        return BodyPublishers.fromPublisher(BodyPublishers.ofByteArrays(() -> open(file, offset, bytes)), bytes);
    }

    private static FileSlice open(Path file, long offset, long bytes) {
        try {
            InputStream in = Files.newInputStream(file);
            in.skipNBytes(offset);
            return new FileSlice(in, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean hasNext() {
        return left > 0;
    }

    @Override
    public byte[] next() {
        if (left <= 0) {
            throw new NoSuchElementException();
        }
        try {
            byte[] chunk = in.readNBytes((int) Math.min(CHUNK, left));
            left -= chunk.length;
            if (chunk.length == 0) {
                throw new IOException("the file is shorter than it was");
            }
            if (left == 0) {
                in.close();
            }
            return chunk;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
