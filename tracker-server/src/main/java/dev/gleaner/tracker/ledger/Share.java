package dev.gleaner.tracker.ledger;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The part of all jobs that one tracker hands out and watches: jobs fall into a fixed number of partitions by their number.
 * Who owns which is decided elsewhere and may be wrong for a while; the ledger's compare-and-set does not depend on it.
 */
public record Share(Set<Integer> partitions) {
    /** Hazelcast's default, so that its partition table can be taken as it is. */
    public static final int PARTITIONS = 271;

    /** Everything: a tracker on its own. */
    public static final Share ALL =
            new Share(IntStream.range(0, PARTITIONS).boxed().collect(Collectors.toUnmodifiableSet()));

    public static final Share NONE = new Share(Set.of());

    public Share {
        partitions = Set.copyOf(partitions);
    }

    public static int partition(long job) {
        return (int) Math.floorMod(job, (long) PARTITIONS);
    }

    public boolean owns(long job) {
        return partitions.contains(partition(job));
    }

    public boolean isAll() {
        return partitions.size() == PARTITIONS;
    }
}
