package dev.gleaner.tracker.ledger;

import java.time.Duration;

/** Hears how the ledger fares. Called on the writers' threads: must be quick and must not throw. */
public interface LedgerMonitor {
    /** Hears nothing. */
    LedgerMonitor NONE = new LedgerMonitor() {};

    /** Changes became durable together. */
    default void committed(int changes, Duration took) {}

    /** A whole batch could not be written. */
    default void failed(int changes) {}

    /** Changes are waiting for a writer that is just taking a batch. */
    default void waiting(int changes) {}
}
