package dev.gleaner.protocol.operator;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One job with all its attempts, newest first.
 *
 * @param state {@code open}, {@code done}, {@code quarantined} or {@code cancelled}
 * @param reason why it is quarantined or cancelled, or null
 * @param points failure points so far; at 4 it is quarantined
 */
public record JobView(
        long job,
        String campaign,
        String wat,
        String slice,
        String state,
        @Nullable String reason,
        double points,
        List<AttemptView> attempts) {

    /**
     * @param number the attempt's number
     * @param worker the worker's id
     * @param state lower-case name of the attempt's state
     * @param detail class or reason, with the message
     * @param grantedAt ISO-8601 instant
     * @param endedAt ISO-8601 instant, or null while it lives
     */
    public record AttemptView(
            int number,
            String worker,
            String nickname,
            String state,
            @Nullable String detail,
            String grantedAt,
            @Nullable String endedAt) {}
}
