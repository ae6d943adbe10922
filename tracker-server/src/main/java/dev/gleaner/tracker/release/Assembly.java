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

    /** Writes the files of a release to {@link Order#folder}, and says what they are, in the order of their names. */
    List<PartFile> assemble(Order order, Cut cut, Consumer<Progress> progress);

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
