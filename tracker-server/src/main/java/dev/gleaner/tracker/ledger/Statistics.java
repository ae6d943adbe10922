package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.result.Profile;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The port through which is asked how the effort does: what came in when, and from whom. Failures and threads as with
 * {@link Ledger}.
 */
public interface Statistics {
    /** The shortest interval that is known. */
    Duration INTERVAL = Duration.ofMinutes(5);

    /**
     * What came in, by intervals of which none is empty, oldest first.
     *
     * @param from of the first interval
     * @param step a multiple of {@link #INTERVAL}
     */
    List<Interval> progress(String campaign, Instant from, Duration step);

    /** What a campaign's accepted pairs are like; empty when there is no such campaign. */
    Optional<Profile> profile(String campaign);

    /** What a campaign's workers extract, fetch and keep; empty when there is no such campaign. */
    Optional<Policy> policy(String campaign);

    /** Who takes part now. */
    Crowd crowd();

    /**
     * Who gave most, by accepted pairs.
     *
     * @param day only what was given on this day since 1970, UTC; null: ever
     */
    List<Leader> leaders(By by, @Nullable Long day, int limit);

    /** The machines that registered under this name, oldest first; none when there are none. */
    List<Machine> machines(String nickname);

    /**
     * What was given under this name, by days on which something was, oldest first.
     *
     * @param from first day since 1970, UTC
     */
    List<Day> days(String nickname, long from);

    /**
     * Workers that since this day had more attempts go wrong than right, and at least so many, worst first.
     *
     * @param from day since 1970, UTC
     */
    List<Failing> failing(long from, long least, int limit);

    /**
     * How the programs do that workers run now, most attempts first; only those that hold leases or ended attempts since this day.
     *
     * @param from day since 1970, UTC
     */
    List<Version> versions(long from);

    /**
     * Adds pictures that were kept, by host in lower case. What is told is durable when the stage completes; a crash before loses it.
     *
     * @param at when, epoch milliseconds
     */
    CompletionStage<Void> keptFrom(Map<String, Long> hosts, long at);

    /** Pictures kept from a domain and all names below it; none when nothing is known. */
    KeptFrom keptFrom(String domain);

    /**
     * What a worker gave, by days on which it ended something, oldest first.
     *
     * @param from first day since 1970, UTC
     */
    List<Day> daysOf(String worker, long from);

    /** How a campaign's jobs are numbered; empty when there is no such campaign. */
    Optional<Field> field(String campaign);

    /** Tells of jobs after this one, in the order of their numbers. */
    void jobs(long campaign, long after, long limit, JobVisitor visitor);

    /** What people and teams are told apart by. */
    enum By {
        PERSON,
        TEAM
    }

    /** @param at its start */
    record Interval(Instant at, long jobs, long candidates, long kept, long bytes) {}

    /**
     * @param workers that may work
     * @param atWork of these, those that hold a lease
     */
    record Crowd(long workers, long atWork, long leases) {}

    /** @param team null when there is none */
    record Leader(String name, @Nullable String team, long machines, long accepted, long kept) {}

    record Machine(
            String worker,
            @Nullable String team,
            String agent,
            Instant registeredAt,
            boolean banned,
            long live,
            long accepted,
            long rejected,
            long failed,
            long kept,
            int streak) {}

    /** @param last when the last of them was accepted, null without any */
    record KeptFrom(long pictures, @Nullable Instant last) {}

    record Failing(String worker, String nickname, long accepted, long rejected, long failed) {}

    /** @param atWork workers that run it and hold leases */
    record Version(String agent, long atWork, long accepted, long rejected, long failed) {}

    /** @param day since 1970, UTC */
    record Day(long day, long accepted, long rejected, long failed, long kept) {}

    /**
     * @param campaign its number in the ledger
     * @param jobs how many there are
     * @param starts the number before every {@value #EVERY}th job; empty when the jobs' numbers have no gaps
     * @param first number of the first job, 0 without any
     */
    record Field(long campaign, long jobs, long first, List<Long> starts) {
        /** How many jobs lie between two of {@code starts}. */
        public static final int EVERY = 4_096;

        /** The number before the one of a job. */
        public long before(long place) {
            return starts.isEmpty() ? first + place - 1 : starts.get((int) (place / EVERY));
        }
    }

    /** Is told of one job. */
    interface JobVisitor {
        /**
         * @param changedAt when it last went to another state or another worker, epoch milliseconds; 0: not known
         * @param tried attempts so far
         */
        void job(long job, JobStatus status, boolean leased, long changedAt, int tried);
    }
}
