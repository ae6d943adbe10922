package dev.gleaner.protocol.lease;

/** Whose fault a failed attempt looks like; decides who pays for it. */
public enum FailureClass {
    /** The WAT is missing or cannot be read: counts against the job. */
    INPUT,
    /** The source or the storage could not be reached: counts against nobody. */
    NETWORK,
    /** Disk, memory or accelerator of the worker: counts against the worker. */
    RESOURCE,
    /** A bug in the agent: counts against the job and the agent's version. */
    BUG
}
