package dev.gleaner.tracker.lease;

/**
 * Why a worker gets no job now although there may be some.
 *
 * @param reason for the volunteer
 * @param retrySeconds when to ask again
 */
public record Objection(String reason, int retrySeconds) {}
