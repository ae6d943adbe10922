package dev.gleaner.tracker.lease;

import java.time.Duration;

/** Hears what becomes of leases. Called on the desk's thread: must be quick and must not throw. */
public interface DeskMonitor {
    /** Hears nothing. */
    DeskMonitor NONE = new DeskMonitor() {};

    /** A worker got leases, so long after it asked. */
    default void granted(int leases, Duration waited) {}

    /** A worker asked and there was nothing for it in time. */
    default void nothing() {}

    /** A straggler's job went to a second worker. */
    default void hedged() {}

    /** A worker asked and got nothing for a reason of its own. */
    default void objected() {}

    /** A lease ran out; the cause is one of few. */
    default void expired(String cause) {}

    /** Leases were renewed, and others were called lost. */
    default void beaten(int renewed, int lost) {}

    /** How things stand, a few times a second. */
    default void standing(int live, int waiting, int window) {}
}
