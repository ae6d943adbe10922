package dev.gleaner.worker.spool;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.gleaner.protocol.lease.Lease;

/** One record of a {@link Spool}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "e")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Entry.Start.class, name = "s"),
    @JsonSubTypes.Type(value = Entry.Again.class, name = "a"),
    @JsonSubTypes.Type(value = Entry.Closed.class, name = "c"),
    @JsonSubTypes.Type(value = Outcome.Dropped.class, name = "d"),
    @JsonSubTypes.Type(value = Outcome.Kept.class, name = "k")
})
sealed interface Entry permits Entry.Start, Entry.Again, Entry.Closed, Outcome {
    /**
     * The first record.
     *
     * @param format of the file
     * @param terms what a later run must agree with to go on
     * @param lease the job and everything needed to do it
     * @param startedAt when the attempt began, in milliseconds of this machine's clock since 1970
     */
    record Start(int format, Terms terms, Lease lease, long startedAt) implements Entry {}

    /** A later run of the worker went on from here. */
    record Again() implements Entry {}

    /** The run stopped here in good order. */
    record Closed() implements Entry {}
}
