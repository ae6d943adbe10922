package dev.gleaner.tracker.service;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Submit;
import java.time.Duration;

/** Hears of verdicts. Called on many threads: must be quick and must not throw. */
public interface JudgeMonitor {
    /** Hears nothing. */
    JudgeMonitor NONE = new JudgeMonitor() {};

    /**
     * A result has its verdict.
     *
     * @param reason one of few
     */
    default void judged(Submit.Outcome outcome, String reason) {}

    /** A result is its job's canonical one from now on. It must not block. */
    default void counts(long job, FencingToken token) {}

    /** So long after its judgement began. */
    default void took(Duration time) {}

    /** A result could not be judged because storage or ledger failed; it will be looked at again. */
    default void failed() {}
}
