package dev.gleaner.protocol.lease;

/**
 * A worker's place by pairs given.
 *
 * @param place from 1
 * @param of workers that gave any
 */
public record Rank(int place, int of) {}
