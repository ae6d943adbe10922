package dev.gleaner.tracker.screen;

import java.io.IOException;
import java.util.BitSet;

/**
 * Keys that were added, in {@value #PARTS} parts by their first bits. Says «known» of each that was added, while nothing is lost, and of
 * one in a thousand that was not, at most. What is lost is made again from the store. Keys must be evenly spread, as digests are. Safe
 * for any thread; may block on other trackers.
 */
public interface KnownFilter {
    int PARTS = 1 << 10;

    /** Places of the keys that are known. */
    BitSet has(long[] keys) throws IOException;

    /** @return how many found no room */
    int add(long[] keys) throws IOException;

    /** About how many keys there are. */
    long held() throws IOException;

    /**
     * Makes it whole again if it is new or a part was lost, and nobody else is at it.
     *
     * @param work adds all that must be there; when it fails, it is tried again at the next call
     * @return whether that was done
     */
    boolean rebuild(Rebuild work) throws IOException;

    /** Adds all that must be there. */
    @FunctionalInterface
    interface Rebuild {
        void run() throws IOException;
    }

    static int part(long key) {
        return (int) (key >>> (Long.SIZE - 10));
    }

    /** Room in each part, for so many keys in all: six deviations more than its fair share. */
    static int roomInPart(long keys) {
        double fair = (double) keys / PARTS;
        return (int) Math.ceil(fair + 6 * Math.sqrt(fair) + 1);
    }

    /** Memory that all parts take when each is in use, in bytes. */
    static long bytes(long keys) {
        return (long) (roomInPart(keys) * (double) PARTS * 14.9 / Byte.SIZE);
    }
}
