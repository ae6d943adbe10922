package dev.gleaner.protocol.operator;

import dev.gleaner.protocol.lease.FencingToken;

/**
 * One live lease as operators see it, by the clock of the tracker that watches it.
 *
 * @param nickname of the worker's volunteer; empty when it is not known
 * @param agent the worker's program and version; empty when the lease was found in the ledger after a restart
 * @param step what the worker says it is doing; empty before its first heartbeat
 * @param candidates found so far, by the worker's word
 * @param finished of these kept or dropped, likewise
 * @param kept of these, likewise
 * @param ageSeconds since it was granted, or found after a restart
 * @param silentSeconds since its last heartbeat
 * @param stuckSeconds since a heartbeat last told of something new
 * @param endsInSeconds unless a heartbeat comes
 * @param hedged whether another worker has the job, too
 */
public record LeaseView(
        long job,
        FencingToken token,
        String campaign,
        String worker,
        String nickname,
        String agent,
        String step,
        long candidates,
        long finished,
        long kept,
        long ageSeconds,
        long silentSeconds,
        long stuckSeconds,
        long endsInSeconds,
        boolean hedged) {
    /** The same with the volunteer's name. */
    public LeaseView of(String name) {
        return new LeaseView(
                job,
                token,
                campaign,
                worker,
                name,
                agent,
                step,
                candidates,
                finished,
                kept,
                ageSeconds,
                silentSeconds,
                stuckSeconds,
                endsInSeconds,
                hedged);
    }
}
