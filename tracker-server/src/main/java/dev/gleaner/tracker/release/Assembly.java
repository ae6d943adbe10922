package dev.gleaner.tracker.release;

import java.util.List;
import java.util.function.Consumer;

/** Reads all shards of an order and brings their pairs together: on one machine, or on many. Blocks; can be interrupted. */
public interface Assembly {
    /**
     * Counts what the shards hold.
     *
     * @param progress is told now and then
     */
    Survey survey(Order order, Consumer<Progress> progress);

    /** Writes the files of a release to {@link Order#folder}. */
    Assembled assemble(Order order, Cut cut, Consumer<Progress> progress);

    /**
     * What was written.
     *
     * @param files in the order of their names
     * @param nearDuplicates pairs that were left out for a picture like a better pair's
     */
    record Assembled(List<PartFile> files, long nearDuplicates) {}

    /** Lets go of what is held for the next order. */
    void rest();

    /**
     * How far it is.
     *
     * @param step {@code survey}, {@code gather} or {@code write}
     * @param done pairs read, or written
     */
    record Progress(String step, long done, long of) {}
}
