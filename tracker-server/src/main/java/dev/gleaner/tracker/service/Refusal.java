package dev.gleaner.tracker.service;

import dev.gleaner.protocol.ProblemCode;

/** A call is answered with a problem document; no bug and nothing to log. */
public final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final ProblemCode code;

    public Refusal(ProblemCode code, String detail) {
        super(detail, null, false, false);
        this.code = code;
    }

    /**
     * Refuses what somebody sent unless it holds.
     *
     * @param otherwise what it must be, for whoever sent it
     */
    static void unless(boolean holds, String otherwise) {
        if (!holds) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, otherwise);
        }
    }

    public ProblemCode code() {
        return code;
    }
}
