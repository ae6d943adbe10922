package dev.gleaner.tracker.cluster;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The other trackers, and messages to them. All of it may be out of date, late, or lost. */
public interface Peers {
    /** This tracker's name. */
    String self();

    /** The others' names. */
    List<String> others();

    /** Owner of each partition of the jobs that has one. */
    Map<Integer, String> owners();

    /** Asks another tracker; the stage fails when no answer comes in time. */
    CompletionStage<byte[]> ask(String tracker, byte[] message);

    /** Tells another tracker something; nobody knows whether it arrives. */
    void tell(String tracker, byte[] message);

    /**
     * Says who answers.
     *
     * @param answer makes an answer of a message; what it is for one that was told is thrown away
     */
    void serve(Function<byte[], CompletionStage<byte[]>> answer);
}
