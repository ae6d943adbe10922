package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.operator.LeaseView;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Which live leases to show, and in which order: a plain rule.
 *
 * @param campaign only of this one; null: of any
 * @param worker only this one's; null: anybody's
 * @param step only those whose worker says that it is doing this; null: any
 * @param minAgeSeconds only those at least so old
 * @param minSilentSeconds only those without a heartbeat for so long
 * @param minStuckSeconds only those without anything new for so long
 * @param order what stands first
 * @param limit most leases shown, 1 to {@value #MAX}
 */
public record LeaseQuery(
        @Nullable String campaign,
        @Nullable String worker,
        @Nullable String step,
        long minAgeSeconds,
        long minSilentSeconds,
        long minStuckSeconds,
        Order order,
        int limit) {
    /** The most leases that one answer holds. */
    public static final int MAX = 1_000;

    /** What stands first. */
    public enum Order {
        /** Longest without a heartbeat. */
        SILENT,
        /** Longest without anything new. */
        STUCK,
        OLDEST,
        NEWEST
    }

    /** @throws IllegalArgumentException when the limit is out of range */
    public LeaseQuery {
        if (limit < 1 || limit > MAX) {
            throw new IllegalArgumentException("limit must be 1 to " + MAX);
        }
    }

    /** Whether the lease is one of those. */
    public boolean matches(LeaseView lease) {
        return (campaign == null || campaign.equals(lease.campaign()))
                && (worker == null || worker.equals(lease.worker()))
                && (step == null || step.equals(lease.step()))
                && lease.ageSeconds() >= minAgeSeconds
                && lease.silentSeconds() >= minSilentSeconds
                && lease.stuckSeconds() >= minStuckSeconds;
    }

    /** The same order for the same leases, wherever they are put together. */
    public Comparator<LeaseView> comparator() {
        Comparator<LeaseView> first =
                switch (order) {
                    case SILENT ->
                        Comparator.comparingLong(LeaseView::silentSeconds).reversed();
                    case STUCK ->
                        Comparator.comparingLong(LeaseView::stuckSeconds).reversed();
                    case OLDEST ->
                        Comparator.comparingLong(LeaseView::ageSeconds).reversed();
                    case NEWEST -> Comparator.comparingLong(LeaseView::ageSeconds);
                };
        return first.thenComparingLong(LeaseView::job)
                .thenComparing(lease -> lease.token().toString());
    }
}
