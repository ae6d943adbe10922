package dev.gleaner.tracker.bench;

import java.util.Arrays;
import java.util.Locale;

/** Durations of one kind of call, all of them, in nanoseconds. One thread at a time. */
final class Latencies {
    private long[] nanos = new long[1 << 16];
    private int count;

    void add(long duration) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, count * 2);
        }
        nanos[count++] = duration;
    }

    void addAll(Latencies other) {
        for (int i = 0; i < other.count; i++) {
            add(other.nanos[i]);
        }
    }

    int count() {
        return count;
    }

    /** Quantiles in milliseconds: half, 99 % and 99.9 % of all were no slower. */
    String summary() {
        if (count == 0) {
            return "none";
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                "p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms",
                sorted[count / 2] / 1e6,
                sorted[(int) (count * 0.99)] / 1e6,
                sorted[(int) (count * 0.999)] / 1e6);
    }
}
