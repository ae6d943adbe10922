package dev.gleaner.worker.job;

/** How far a job is: for heartbeats and the terminal. */
public record JobProgress(String stage, long candidates, long finished, long kept) {}
