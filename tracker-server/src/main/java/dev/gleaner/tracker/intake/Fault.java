package dev.gleaner.tracker.intake;

/**
 * Why a result is rejected.
 *
 * @param detail for the worker and the operators
 */
public record Fault(Kind kind, String detail) {
    /** Few enough to count by. */
    public enum Kind {
        /** The manifest contradicts itself. */
        SUMS,
        /** Another model than the job's scored it. */
        BUNDLE,
        /** An object was not uploaded. */
        MISSING,
        /** An object has another length than declared. */
        SIZE,
        /** An object has other bytes than declared. */
        DIGEST,
        /** An object is no shard, or one with values that cannot be. */
        CONTENTS
    }
}
