package dev.gleaner.protocol.lease;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/heartbeats}: one call renews all of a worker's leases and brings back what to do. */
public final class Heartbeat {
    /** The most leases one call can carry. */
    public static final int MAX_LEASES = 64;

    private Heartbeat() {}

    /**
     * @param leases the worker's live leases
     * @param sites how web sites received it, or null when it does not take part
     * @param troubles what it finds wrong with its own network, or null when it does not say; at most {@value Trouble#MAX}
     */
    public record Request(
            List<Beat> leases,
            Sites.@Nullable Report sites,
            @Nullable List<Trouble> troubles) {
        public Request(List<Beat> leases) {
            this(leases, null, null);
        }
    }

    /**
     * @param job the leased job
     * @param token its fencing token
     * @param stage what the worker is doing, e.g. {@code fetch}
     * @param candidates candidates found so far
     * @param finished candidates kept or dropped so far
     * @param kept pairs kept so far
     */
    public record Beat(long job, FencingToken token, String stage, long candidates, long finished, long kept) {}

    /**
     * @param leases one answer for each beat, in order
     * @param directive for the worker as a whole
     * @param message from the operators to the volunteer, or null
     * @param heartbeatSeconds how often to beat from now on; 0 from a tracker that does not say
     * @param sites to spare, or null when there is nothing to say
     * @param rank of the worker, as of some minutes ago; null when it gave nothing yet
     */
    public record Response(
            List<Answer> leases,
            Directive directive,
            @Nullable String message,
            int heartbeatSeconds,
            Sites.@Nullable Orders sites,
            @Nullable Rank rank) {}

    public record Answer(long job, FencingToken token, Verdict verdict) {}

    /** What becomes of a lease. */
    public enum Verdict {
        /** Renewed: go on. */
        CONTINUE,
        /** No longer this worker's: drop it. */
        LOST,
        /** Still this worker's, but not wanted any more: drop it. */
        STOP
    }

    /** What the worker as a whole should do. */
    public enum Directive {
        /** Nothing out of the ordinary. */
        NONE,
        /** Keep what is leased, ask for no more until told. */
        PAUSE,
        /** Finish what is leased, then exit. */
        DRAIN,
        /** As drain: this version is no longer wanted. */
        UPDATE
    }
}
