package dev.gleaner.worker.job;

import dev.gleaner.protocol.result.PairDrop;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What became of the candidates so far. Safe for any thread. */
final class PairTally {
    private final Map<PairDrop, LongAdder> dropped = new EnumMap<>(PairDrop.class);
    private final LongAdder kept = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    PairTally() {
        for (PairDrop reason : PairDrop.values()) {
            dropped.put(reason, new LongAdder());
        }
    }

    void drop(PairDrop reason) {
        LongAdder count = dropped.get(reason);
        if (count == null) {
            throw new IllegalStateException("no count for " + reason);
        }
        count.increment();
    }

    /**
     * Adds what was counted before.
     *
     * @param wire the reason's name in manifests; unknown ones were refused by the tracker
     */
    void drop(String wire, long count) {
        for (Map.Entry<PairDrop, LongAdder> reason : dropped.entrySet()) {
            if (reason.getKey().wire().equals(wire)) {
                reason.getValue().add(count);
                return;
            }
        }
        throw new IllegalStateException("no count for " + wire);
    }

    void keep() {
        kept.increment();
    }

    /** Some of what was kept must not leave this machine after all. */
    void leaveOut(int count) {
        kept.add(-count);
        drop(PairDrop.LEFT_OUT.wire(), count);
    }

    void fetched(int count) {
        bytes.add(count);
    }

    long kept() {
        return kept.sum();
    }

    long bytesFetched() {
        return bytes.sum();
    }

    /** Candidates that are kept or dropped. */
    long finished() {
        long sum = kept.sum();
        for (LongAdder count : dropped.values()) {
            sum += count.sum();
        }
        return sum;
    }

    /** Drops by wire name, only those that happened. */
    Map<String, Long> dropped() {
        Map<String, Long> named = new LinkedHashMap<>();
        dropped.forEach((reason, count) -> {
            if (count.sum() > 0) {
                named.put(reason.wire(), count.sum());
            }
        });
        return named;
    }
}
