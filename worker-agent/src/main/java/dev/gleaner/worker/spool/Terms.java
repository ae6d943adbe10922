package dev.gleaner.worker.spool;

/**
 * What must be the same for two runs of a worker to do one job between them.
 *
 * @param agent the program and its version: another may extract or decode otherwise
 * @param precision arithmetic of the encoders
 */
public record Terms(String agent, String precision) {}
