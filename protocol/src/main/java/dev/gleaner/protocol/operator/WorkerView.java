package dev.gleaner.protocol.operator;

import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Trouble;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One worker as operators see it.
 *
 * @param waiting for an operator's approval
 * @param invitation id of the invitation it came with, or null
 * @param live leases it holds now
 * @param accepted results accepted
 * @param rejected results rejected
 * @param failed attempts failed or expired, but for those that nobody pays for
 * @param kept pairs in its accepted results
 * @param standing share of the full daily allowance that it has, in thousandths
 * @param streak accepted results since its last rejected, expired or starved attempt
 * @param directive what operators want of it
 * @param message from them to its volunteer, or null
 * @param troubles that it last found with its own network
 * @param proven results in a row that another volunteer's confirmed
 * @param suspicion by results that others proved wrong
 * @param convicted so much of it that the worker gets no job until an operator has looked
 */
public record WorkerView(
        String worker,
        String nickname,
        @Nullable String team,
        String agent,
        boolean banned,
        boolean waiting,
        @Nullable String invitation,
        int live,
        long accepted,
        long rejected,
        long failed,
        long kept,
        int standing,
        int streak,
        Heartbeat.Directive directive,
        @Nullable String message,
        List<Trouble> troubles,
        int proven,
        int suspicion,
        boolean convicted) {}
