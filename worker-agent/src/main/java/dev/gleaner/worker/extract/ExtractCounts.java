package dev.gleaner.worker.extract;

import dev.gleaner.protocol.result.ExtractDrop;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Images seen, candidates, and the rest by reason: {@code images = candidates + Σ dropped}, always. One thread. */
public final class ExtractCounts {
    private final Map<ExtractDrop, Long> dropped = new EnumMap<>(ExtractDrop.class);
    private long images;
    private long candidates;

    void image() {
        images++;
    }

    void candidate() {
        candidates++;
    }

    void drop(ExtractDrop reason) {
        dropped.merge(reason, 1L, Long::sum);
    }

    public long images() {
        return images;
    }

    public long candidates() {
        return candidates;
    }

    /** Drops by wire name, only those that happened. */
    public Map<String, Long> dropped() {
        Map<String, Long> named = new LinkedHashMap<>();
        dropped.forEach((reason, count) -> named.put(reason.wire(), count));
        return named;
    }
}
