package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who asks for jobs, as far as the handing out of jobs needs to know.
 *
 * @param agent program and version: workers of one agent may share its faults
 * @param address the network address it registered from, null when that says nothing about who it is
 * @param invitation id of the invitation it came with, or null
 * @param standing in thousandths of the full daily allowance, 1 to {@value #FULL_STANDING}
 * @param streak accepted results since its last rejected, expired or resource-starved attempt
 * @param stages what it can do, what it likes best first
 * @param proven results in a row that another volunteer's confirmed
 * @param party marks of who may stand behind it: nobody's result is checked by the same party
 */
public record Caller(
        String worker,
        String agent,
        @Nullable String address,
        @Nullable String invitation,
        int standing,
        int streak,
        List<Stage> stages,
        int proven,
        List<String> party) {
    /** The standing of a worker with a good record. */
    public static final int FULL_STANDING = 1_000;

    private static final int RELIABLE_STREAK = 10;

    /** A tracker of an older version does not say what its caller can do. */
    public Caller {
        stages = Objects.requireNonNullElse(stages, List.of(Stage.WHOLE));
        party = Objects.requireNonNullElse(party, List.of("worker " + worker));
    }

    /** One that does whole jobs. */
    public Caller(
            String worker,
            String agent,
            @Nullable String address,
            @Nullable String invitation,
            int standing,
            int streak) {
        this(
                worker,
                agent,
                address,
                invitation,
                standing,
                streak,
                List.of(Stage.WHOLE),
                0,
                List.of("worker " + worker));
    }

    /** Whether other workers' troublesome jobs are best tried here. */
    boolean isReliable() {
        return streak >= RELIABLE_STREAK;
    }

    /** Whether it may check newcomers' results. */
    boolean isProven() {
        return proven >= Replication.ADAPTIVE.provenAfter();
    }

    /** A worker of which only the name is known. */
    public static Caller unknown(String worker) {
        return new Caller(worker, "", null, null, FULL_STANDING, 0);
    }
}
