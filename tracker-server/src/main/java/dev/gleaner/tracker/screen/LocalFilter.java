package dev.gleaner.tracker.screen;

import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A filter in this process's memory; parts take room once something is in them. Safe for any thread. */
public final class LocalFilter implements KnownFilter {
    private final @Nullable FilterPart[] parts = new FilterPart[PARTS];
    private final Object[] locks = new Object[PARTS];
    private final int room;
    private final AtomicBoolean whole = new AtomicBoolean();

    /** @param keys so many have room */
    public LocalFilter(long keys) {
        this.room = KnownFilter.roomInPart(keys);
        for (int i = 0; i < PARTS; i++) {
            locks[i] = new Object();
        }
    }

    @Override
    public BitSet has(long[] keys) {
        BitSet known = new BitSet();
        for (int i = 0; i < keys.length; i++) {
            int number = KnownFilter.part(keys[i]);
            synchronized (locks[number]) {
                FilterPart part = parts[number];
                known.set(i, part != null && part.has(keys[i]));
            }
        }
        return known;
    }

    @Override
    public int add(long[] keys) {
        int homeless = 0;
        for (long key : keys) {
            int number = KnownFilter.part(key);
            synchronized (locks[number]) {
                FilterPart part = parts[number];
                if (part == null) {
                    part = new FilterPart(room);
                    parts[number] = part;
                }
                homeless += part.add(key) ? 0 : 1;
            }
        }
        return homeless;
    }

    @Override
    public long held() {
        long held = 0;
        for (int i = 0; i < PARTS; i++) {
            synchronized (locks[i]) {
                FilterPart part = parts[i];
                held += part == null ? 0 : part.held();
            }
        }
        return held;
    }

    @Override
    public boolean rebuild(Rebuild work) throws IOException {
        if (whole.get()) {
            return false;
        }
        work.run();
        whole.set(true);
        return true;
    }
}
