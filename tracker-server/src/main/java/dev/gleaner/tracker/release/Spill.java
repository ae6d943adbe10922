package dev.gleaner.tracker.release;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Packed rows by the file where they belong, on disk but for the latest of each. One thread. */
public final class Spill implements AutoCloseable {
    private static final int KEPT_BYTES = 1 << 18;

    private final Path folder;
    private final Map<Integer, ByteArrayOutputStream> latest = new TreeMap<>();

    /** @param folder of its own, deleted at the end */
    public Spill(Path folder) {
        this.folder = folder;
    }

    public Path folder() {
        return folder;
    }

    public void add(int file, byte[] row) throws IOException {
        ByteArrayOutputStream rows = latest.computeIfAbsent(file, f -> new ByteArrayOutputStream());
        rows.write(ByteBuffer.allocate(Integer.BYTES).putInt(row.length).array());
        rows.write(row);
        if (rows.size() >= KEPT_BYTES) {
            flush(file, rows);
        }
    }

    /** The files for which there is something, in order. */
    public List<Integer> files() {
        return new ArrayList<>(latest.keySet());
    }

    /** All rows of a file, each after its length in four bytes; they are here no more. */
    public byte[] take(int file) throws IOException {
        flush(file, Objects.requireNonNull(latest.remove(file), "of a file that is here"));
        byte[] all = Files.readAllBytes(place(file));
        Files.delete(place(file));
        return all;
    }

    private void flush(int file, ByteArrayOutputStream rows) throws IOException {
        try (OutputStream out =
                Files.newOutputStream(place(file), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            rows.writeTo(out);
        }
        rows.reset();
    }

    private Path place(int file) {
        return folder.resolve("file-" + file + ".rows");
    }

    @Override
    public void close() throws IOException {
        try (var left = Files.list(folder)) {
            for (Path file : left.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
