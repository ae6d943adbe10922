package dev.gleaner.worker.tracker;

import java.io.IOException;
import java.io.InterruptedIOException;
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
    private final UploadPace pace;
    private final long end;
    private long position;

    private FileSlice(FileChannel file, long offset, long bytes, UploadPace pace) {
        this.pace = pace;
        this.file = file;
        this.position = offset;
        this.end = offset + bytes;
    }

    static BodyPublisher body(FileChannel file, long offset, long bytes, UploadPace pace) {
        return BodyPublishers.fromPublisher(
                BodyPublishers.ofByteArrays(() -> new FileSlice(file, offset, bytes, pace)), bytes);
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
            pace.await(chunk.length);
            int read = file.read(ByteBuffer.wrap(chunk), position);
            if (read <= 0) {
                throw new IOException("the file is shorter than it was");
            }
            position += read;
            return read == chunk.length ? chunk : Arrays.copyOf(chunk, read);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new InterruptedIOException("stopped while uploading"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
