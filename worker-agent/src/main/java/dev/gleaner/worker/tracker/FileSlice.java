package dev.gleaner.worker.tracker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Part of a file as the body of a request, read as it is sent. Whoever opened the file closes it. */
final class FileSlice implements Iterator<byte[]> {
    private static final int CHUNK = 1 << 16;

    private final FileChannel file;
    private final long end;
    private long position;

    private FileSlice(FileChannel file, long offset, long bytes) {
        this.file = file;
        this.position = offset;
        this.end = offset + bytes;
    }

    static BodyPublisher body(FileChannel file, long offset, long bytes) {
        return BodyPublishers.fromPublisher(
                BodyPublishers.ofByteArrays(() -> new FileSlice(file, offset, bytes)), bytes);
    }

    @Override
    public boolean hasNext() {
        return position < end;
    }

    @Override
    public byte[] next() {
        if (position >= end) {
            throw new NoSuchElementException();
        }
        byte[] chunk = new byte[(int) Math.min(CHUNK, end - position)];
        try {
            int read = file.read(ByteBuffer.wrap(chunk), position);
            if (read <= 0) {
                throw new IOException("the file is shorter than it was");
            }
            position += read;
            return read == chunk.length ? chunk : Arrays.copyOf(chunk, read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
