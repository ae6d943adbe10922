package dev.gleaner.worker.fuzz;

/**
 * What strangers' bytes go into. A target throws when something happens that must not: an exception that is no refusal, a broken
 * promise. {@code fuzz/run} feeds it by Jazzer; {@link FuzzTargetsTest} by a seeded mutator in every build.
 */
@FunctionalInterface
interface Target {
    void take(byte[] bytes) throws Exception;
}
