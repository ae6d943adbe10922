package dev.gleaner.worker.wat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A WAT on this machine. */
public final class FileWatSource implements WatSource {
    private final Path file;

    public FileWatSource(Path file) {
        this.file = file;
    }

    @Override
    public long length() throws IOException {
        requireReadable();
        return Files.size(file);
    }

    @Override
    public InputStream open(long from, long likelyEnd) throws IOException {
        requireReadable();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        return Channels.newInputStream(channel.position(from));
    }

    private void requireReadable() throws InputUnavailableException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new InputUnavailableException("there is no readable file " + file);
        }
    }

    @Override
    public String name() {
        return file.toString();
    }
}
