package dev.gleaner.protocol.lease;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Slice;
import dev.gleaner.protocol.campaign.Stage;
import org.jspecify.annotations.Nullable;

/**
 * An attempt's right to work on one job until the tracker's clock says otherwise.
 *
 * @param job the job's number, unique in the ledger
 * @param token the fencing token that every later call about this lease must carry
 * @param campaign the campaign's name
 * @param wat address of the WAT file: {@code https}, {@code http} or {@code file}
 * @param watPath the WAT's path as the campaign lists it; provenance of every pair
 * @param slice which part of the WAT
 * @param policy what to extract, fetch and keep
 * @param bundle id of the model bundle: SHA-256 of its {@code bundle.json}, 64 hexadecimal digits
 * @param ttlSeconds the lease ends this long after the last heartbeat
 * @param hardCapSeconds the lease ends this long after it was granted, whatever beats
 * @param stage what to do; null stands for {@link Stage#WHOLE}
 * @param screen whether the worker must ask by {@link Screen} before it fetches and before it hands in; null as false
 * @param charter what the campaign's key has signed of this; null when nobody signed
 */
public record Lease(
        long job,
        FencingToken token,
        String campaign,
        String wat,
        String watPath,
        Slice slice,
        Policy policy,
        String bundle,
        int ttlSeconds,
        int hardCapSeconds,
        @Nullable Stage stage,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean screen,
        @JsonInclude(JsonInclude.Include.NON_NULL) Charter.@Nullable Ref charter) {
    /** What to do. */
    public Stage does() {
        return stage == null ? Stage.WHOLE : stage;
    }

    /** Whether links and pictures must be asked about. */
    public boolean asks() {
        return Boolean.TRUE.equals(screen);
    }
}
