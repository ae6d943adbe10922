package dev.gleaner.worker.job;

/** Whether this machine is connected to the world. */
@FunctionalInterface
public interface Connection {
    /** Asks somebody who should answer, which may take some seconds. */
    boolean isUp() throws InterruptedException;
}
