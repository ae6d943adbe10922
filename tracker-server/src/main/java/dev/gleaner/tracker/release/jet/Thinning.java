package dev.gleaner.tracker.release.jet;

import com.hazelcast.jet.Traverser;
import com.hazelcast.jet.Traversers;
import com.hazelcast.jet.core.AbstractProcessor;
import dev.gleaner.tracker.release.NearDuplicates;
import dev.gleaner.tracker.release.NearDuplicates.Hashed;
import dev.gleaner.tracker.release.Spill;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Leaves out pairs whose pictures are like better ones in a band of the hash: spills what comes, and looks when all has come. One
 * thread of its own, for it waits for disks.
 */
final class Thinning extends AbstractProcessor {
    /** File, hash and similarity before the row. */
    private static final int HEAD_BYTES = Integer.BYTES + Long.BYTES + Float.BYTES;

    private final String counts;
    private final int buckets;
    private final int band;
    private final int distance;
    private @Nullable Context context;
    private @Nullable Spill spill;
    private @Nullable Traverser<Packed> left;
    private long leftOut;

    /**
     * @param counts name of the list that is told how many are left out
     * @param buckets into which pairs are parted, each of which must fit into memory
     */
    Thinning(String counts, int buckets, int band, int distance) {
        this.counts = counts;
        this.buckets = buckets;
        this.band = band;
        this.distance = distance;
    }

    /** Where pairs meet all that are like them in a band. */
    static int bucket(Packed pair, int buckets, int band, int distance) {
        Long hash = pair.hash();
        // Fibonacci hashing, as bands have few bits.
        return hash == null
                ? pair.file() % buckets
                : (int) Long.remainderUnsigned(
                        (NearDuplicates.band(hash, band, distance) * 0x9E3779B97F4A7C15L) >>> 32, buckets);
    }

    @Override
    public boolean isCooperative() {
        return false;
    }

    @Override
    protected void init(Context context) throws IOException {
        this.context = context;
        Place here = Place.of(context.hazelcastInstance());
        Files.createDirectories(here.scratch());
        spill = new Spill(Files.createTempDirectory(here.scratch(), "thinning"));
    }

    private Spill spill() {
        return Objects.requireNonNull(spill, "made at the start");
    }

    @Override
    protected boolean tryProcess(int ordinal, Object item) throws IOException {
        Packed packed = (Packed) item;
        Long hash = packed.hash();
        if (hash == null) {
            return tryEmit(packed);
        }
        ByteBuffer bytes = ByteBuffer.allocate(HEAD_BYTES + packed.row().length)
                .putInt(packed.file())
                .putLong(hash)
                .putFloat(packed.similarity())
                .put(packed.row());
        spill().add(bucket(packed, buckets, band, distance), bytes.array());
        return true;
    }

    @Override
    public boolean complete() {
        if (left == null) {
            left = Traversers.traverseIterable(spill().files())
                    .flatMap(bucket -> Traversers.traverseIterable(thinned(bucket)))
                    .map(Thinning::unpack);
        }
        // Jet takes so many at a time and calls again.
        if (!emitFromTraverser(left)) {
            return false;
        }
        Objects.requireNonNull(context, "given at the start")
                .hazelcastInstance()
                .getList(counts)
                .add(leftOut);
        return true;
    }

    private List<Hashed> thinned(int bucket) {
        try {
            List<Hashed> all = read(spill().take(bucket));
            int before = all.size();
            List<Hashed> staying = NearDuplicates.thin(all, band, distance);
            leftOut += before - staying.size();
            return staying;
        } catch (IOException e) {
            throw new UncheckedIOException("pairs on their way could not be read again", e);
        }
    }

    /** The file stays before the row, so that it comes along. */
    private static List<Hashed> read(byte[] spilled) {
        List<Hashed> pairs = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(spilled);
        while (bytes.hasRemaining()) {
            int length = bytes.getInt();
            int file = bytes.getInt();
            long hash = bytes.getLong();
            float similarity = bytes.getFloat();
            byte[] row = new byte[length - HEAD_BYTES + Integer.BYTES];
            ByteBuffer.wrap(row).putInt(file);
            bytes.get(row, Integer.BYTES, row.length - Integer.BYTES);
            pairs.add(new Hashed(hash, similarity, row));
        }
        return pairs;
    }

    private static Packed unpack(Hashed pair) {
        int file = ByteBuffer.wrap(pair.row()).getInt();
        byte[] row = java.util.Arrays.copyOfRange(pair.row(), Integer.BYTES, pair.row().length);
        return new Packed(file, pair.hash(), pair.similarity(), row);
    }

    @Override
    public void close() throws IOException {
        if (spill != null) {
            spill.close();
        }
    }
}
