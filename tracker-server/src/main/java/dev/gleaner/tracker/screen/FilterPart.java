package dev.gleaner.tracker.screen;

import com.google.common.hash.BloomFilter;
import com.google.common.hash.Funnels;
import java.io.Serializable;

/**
 * A part of a {@link KnownFilter}: a Bloom filter (Bloom 1970) that stops taking when it is full, so that it never says «known» more
 * often than it promises. Some 15 bits for each key that it has room for. One thread at a time.
 */
public final class FilterPart implements Serializable {
    private static final long serialVersionUID = 1L;
    /** Of the keys that were never added, so many are taken for known when it is full. */
    private static final double FALSE_POSITIVES = 0.0008;

    private final BloomFilter<Long> filter;
    private final int capacity;
    private int held;

    public FilterPart(int capacity) {
        this.capacity = capacity;
        this.filter = BloomFilter.create(Funnels.longFunnel(), capacity, FALSE_POSITIVES);
    }

    public boolean has(long key) {
        return filter.mightContain(key);
    }

    /** @return whether it is held now; false when there was no room */
    public boolean add(long key) {
        if (held >= capacity) {
            return filter.mightContain(key);
        }
        held += filter.put(key) ? 1 : 0;
        return true;
    }

    /** Keys that it holds, but for those that looked known when they were added. */
    public int held() {
        return held;
    }
}
