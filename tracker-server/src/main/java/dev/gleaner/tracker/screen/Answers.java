package dev.gleaner.tracker.screen;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectKeys;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What attempts asked about the addresses of their links, and what they were told, as objects of the store: a version (4 bytes), the
 * number of marks (4 bytes), the marks (8 bytes each, big-endian), and a bit for each that was called known. Blocks; safe for any
 * thread.
 */
final class Answers {
    private static final int VERSION = 1;
    private static final int HEAD_BYTES = 8;
    private static final int MOST_MARKS = 1 << 20;
    private static final long MOST_BYTES = HEAD_BYTES + MOST_MARKS * 9L;

    private final ObjectStore store;
    private final Path scratch;

    /** @param scratch folder for files under way; made when it is not there */
    Answers(ObjectStore store, Path scratch) {
        this.store = store;
        this.scratch = scratch;
    }

    /**
     * What an attempt was told at one time.
     *
     * @param known places among the marks
     */
    record Told(FencingToken token, long[] marks, BitSet known) {}

    void keep(String campaign, long job, FencingToken token, long[] marks, BitSet known) throws IOException {
        byte[] bits = known.toByteArray();
        ByteBuffer bytes = ByteBuffer.allocate(HEAD_BYTES + marks.length * Long.BYTES + bits.length);
        bytes.putInt(VERSION).putInt(marks.length);
        for (long mark : marks) {
            bytes.putLong(mark);
        }
        bytes.put(bits);
        Path file = Files.createTempFile(Files.createDirectories(scratch), "screened", ".marks");
        try {
            Files.write(file, bytes.array());
            store.put(ObjectKeys.screened(campaign, job, token, Digests.sha256(file)), file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** What the attempts of this epoch at a job were told; the first attempt's first. */
    List<Told> of(String campaign, String epoch, long job) throws IOException {
        Map<String, FencingToken> keys = new HashMap<>();
        store.each(
                ObjectKeys.screened(campaign, epoch, job),
                object -> ObjectKeys.parse(object.key()).ifPresent(place -> keys.put(object.key(), place.token())));
        List<Told> told = new ArrayList<>();
        for (Map.Entry<String, FencingToken> key : keys.entrySet()) {
            told.add(read(key.getKey(), key.getValue()));
        }
        told.sort(Comparator.comparingInt(t -> t.token.attempt()));
        return told;
    }

    private Told read(String key, FencingToken token) throws IOException {
        try (ObjectStore.LocalCopy copy = store.open(key, MOST_BYTES)) {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(copy.path()));
            int version = bytes.remaining() < HEAD_BYTES ? 0 : bytes.getInt();
            int count = version == VERSION ? bytes.getInt() : -1;
            if (count < 0 || (long) count * Long.BYTES > bytes.remaining()) {
                throw new IOException("object " + key + " is none of the tracker's lists of marks");
            }
            long[] marks = new long[count];
            for (int i = 0; i < count; i++) {
                marks[i] = bytes.getLong();
            }
            return new Told(token, marks, BitSet.valueOf(bytes));
        }
    }
}
