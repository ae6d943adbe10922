package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.operator.LeaseView;
import dev.gleaner.tracker.ledger.Ledger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Where leases are handed out and watched: here, or by whichever tracker owns the job. */
public interface Desk {
    /** A job that a worker got. */
    record Granted(Ledger.ReadyJob job, FencingToken token) {}

    /**
     * What an acquire call brought.
     *
     * @param granted empty when there was no job in time
     * @param objection why this worker gets none now, null when it could have had some
     */
    record Offer(List<Granted> granted, @Nullable Objection objection) {
        static final Offer NOTHING = new Offer(List.of(), null);
    }

    /** Up to {@code max} jobs, waiting for the first. */
    CompletionStage<Offer> acquire(Caller caller, String request, int max, Duration wait);

    /** Renews a worker's leases; says which of them are lost. */
    CompletionStage<List<Heartbeat.Answer>> heartbeat(String worker, List<Heartbeat.Beat> beats);

    /** Live leases that the query means, of all trackers. */
    CompletionStage<Leases> leases(LeaseQuery query);

    /**
     * Live leases.
     *
     * @param leases the first of those asked for
     * @param matched how many those are
     * @param live all that live
     * @param silent trackers that did not say
     */
    record Leases(List<LeaseView> leases, int matched, int live, int silent) {}

    /** A result was handed in: nobody else needs the job unless the ledger says so. */
    void submitted(long job, FencingToken token);

    /** A lease was ended by its worker or an operator without a result; the job may be ready again. */
    void ended(long job, FencingToken token, Ending how);

    /** Lets a lease live for so long from now on, however silent its worker is; until the tracker that watches it restarts. */
    void extend(long job, FencingToken token, Duration time);

    /** Something made jobs ready: looks at the ledger again at once. */
    void wake();
}
