package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.lease.FencingToken;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The leases that are watched: one for most jobs, two for a straggler's. Tells the quota who holds what. One thread. */
final class LiveLeases {
    private final Map<Long, List<Live>> byJob = new LinkedHashMap<>();
    private final Quota quota;
    private int size;

    LiveLeases(Quota quota) {
        this.quota = quota;
    }

    int size() {
        return size;
    }

    boolean anyOf(long job) {
        return byJob.containsKey(job);
    }

    List<Live> of(long job) {
        return byJob.getOrDefault(job, List.of());
    }

    @Nullable
    Live get(long job, FencingToken token) {
        for (Live lease : of(job)) {
            if (lease.token.equals(token)) {
                return lease;
            }
        }
        return null;
    }

    /** Watches a lease; one that is watched already is replaced. */
    void put(Live lease) {
        remove(lease.job, lease.token);
        byJob.computeIfAbsent(lease.job, job -> new ArrayList<>(1)).add(lease);
        quota.took(lease.worker);
        size++;
    }

    /** Drops this attempt's lease and no other: a late or repeated call of an old attempt must not cost a newer one its lease. */
    @Nullable
    Live remove(long job, FencingToken token) {
        Live lease = get(job, token);
        if (lease != null) {
            byJob.computeIfPresent(job, (id, leases) -> {
                leases.remove(lease);
                return leases.isEmpty() ? null : leases;
            });
            quota.gaveBack(lease.worker);
            size--;
        }
        return lease;
    }

    List<Live> all() {
        List<Live> all = new ArrayList<>(size);
        byJob.values().forEach(all::addAll);
        return all;
    }

    void removeIf(Predicate<Live> gone) {
        for (Live lease : all()) {
            if (gone.test(lease)) {
                remove(lease.job, lease.token);
            }
        }
    }
}
