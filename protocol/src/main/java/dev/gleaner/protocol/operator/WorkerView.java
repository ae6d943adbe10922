package dev.gleaner.protocol.operator;

import org.jspecify.annotations.Nullable;

/**
 * One worker as operators and the page see it.
 *
 * @param live leases it holds now
 * @param accepted results accepted
 * @param rejected results rejected
 * @param failed attempts failed or expired
 * @param kept pairs in its accepted results
 * @param lastSeen ISO-8601 instant of its last call to this tracker process, or null
 */
public record WorkerView(
        String worker,
        String nickname,
        @Nullable String team,
        String agent,
        boolean banned,
        int live,
        long accepted,
        long rejected,
        long failed,
        long kept,
        @Nullable String lastSeen) {}
