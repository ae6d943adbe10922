package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.CampaignSpec;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The port behind which the truth is kept: campaigns, jobs, attempts, results, audit trail. Workers are the {@link Roster}'s.
 *
 * <p>A change is durable before its stage completes. Changes that arrive close together share one commit. A job changes only
 * through {@link #apply}, by the rules of {@link JobRules} and a compare-and-set on what they looked at. Stages fail with
 * {@link LedgerException} when the ledger cannot be used. Safe for any thread.
 */
public interface Ledger extends AutoCloseable {
    /** The epoch, 16 hexadecimal digits: half of every fencing token. */
    String epoch();

    /** A secret kept with the ledger, made on first use; 32 random bytes. */
    byte[] secret(String name);

    /** The value that {@link #keep} or {@link #replace} keeps under a name. */
    Optional<String> kept(String name);

    /** Changes a kept value, and notes in the audit trail that it was. */
    CompletionStage<Void> replace(String name, String value, String actor);

    /** Keeps a value under a name for all trackers of this ledger; the first one given stays, and is the answer. */
    String keep(String name, String value);

    /**
     * Adds a campaign and its jobs, or finds that the very same one exists. A large one comes in over many changes, and hands
     * out nothing before it is whole; one that a crash interrupted goes on where it ended when it is added again.
     *
     * <p>A scoring campaign has no paths: it gets a job for each accepted job of its source, in the change that accepts it.
     */
    CompletionStage<CampaignAdded> addCampaign(CampaignSpec spec, List<String> watPaths, String actor);

    /** @return whether there is such a campaign */
    CompletionStage<Boolean> pauseCampaign(String name, boolean paused, String actor);

    /** Jobs of campaigns with a higher priority go out first. @return whether there is such a campaign */
    CompletionStage<Boolean> prioritiseCampaign(String name, int priority, String actor);

    /**
     * Gives a campaign another policy. Jobs that somebody has had keep theirs, so that all attempts at a job can be compared.
     *
     * @param from version of the policy that this one replaces
     * @param charter what was signed of it; null when nobody signed
     * @return the new version; empty when the campaign is not there or has another version by now
     */
    CompletionStage<Optional<Integer>> changePolicy(
            String name, int from, Policy policy, Charter.@Nullable Ref charter, String reason, String actor);

    /** Says what was signed of a version of a campaign's policy. @return whether there is that version */
    CompletionStage<Boolean> sign(String name, int version, Charter.Ref charter, String actor);

    /** All policies a campaign ever had, the newest first; none when it is not there. */
    List<PolicyVersion> policies(String campaign);

    List<CampaignStatus> campaigns();

    /**
     * Decides and applies one event.
     *
     * @param actor who caused it, for the audit trail: a worker's id, {@code tracker} or {@code operator}
     * @return empty when there is no such job
     */
    CompletionStage<Optional<Decision>> apply(long job, LedgerEvent event, String actor);

    /**
     * Accepts a judged result and adds its numbers to the campaign's, in one change.
     *
     * @param profile of its pairs, as the intake read them
     */
    default CompletionStage<Optional<Decision>> accept(long job, int attempt, Manifest manifest, Profile profile) {
        return accept(job, attempt, manifest, profile, null);
    }

    /** As above, with what comparing said of the job's results: the workers' standings change with it. */
    CompletionStage<Optional<Decision>> accept(
            long job, int attempt, Manifest manifest, Profile profile, @Nullable Opinion opinion);

    /** Takes a canonical result back, and its numbers from the campaign's, in one change. The job is open again. */
    CompletionStage<Optional<Decision>> retract(
            long job, int attempt, Manifest manifest, Profile profile, String reason, String actor);

    /** Makes a retracted result the canonical one again, in one change. */
    CompletionStage<Optional<Decision>> reinstate(
            long job, int attempt, Manifest manifest, Profile profile, String actor);

    /** Open jobs of active campaigns of this stage that may be leased now, in the campaigns' random order. */
    List<ReadyJob> ready(Stage stage, int limit, Instant now, Share share);

    /** Whether a fetch job's batches were scored by every campaign that works on them, and by one at least. */
    boolean isSpent(long job);

    /** Who tried these jobs before; jobs that nobody tried are left out. */
    Map<Long, List<Tried>> tried(List<Long> jobs);

    /** When the next job that waits out a delay may be leased. */
    Optional<Instant> nextDelayed();

    /** What a lease must say about a job. */
    Optional<ReadyJob> job(long job);

    /** All attempts in this state, for taking up where the last process ended. */
    List<LiveAttempt> attempts(AttemptStatus status);

    /** The leases granted for one acquire call. */
    List<LiveAttempt> granted(String worker, String request);

    /** One attempt as it is. */
    Optional<AttemptRow> attempt(long job, int number);

    Optional<JobView> view(long job);

    /** @param after only jobs with a greater number */
    List<JobView> views(JobQuery query, long after, int limit);

    /** How many jobs are so, or {@code most} when there are more. */
    long count(JobQuery query, long most);

    /**
     * The audit trail, newest first.
     *
     * @param before only lines with a smaller number
     * @param people only what people did, and not what became of leases
     */
    List<AuditRow> audit(long before, int limit, boolean people);

    /** Notes what an operator did that changed no row of its own. */
    CompletionStage<Void> note(String actor, String action, String subject, @Nullable String detail);

    /**
     * Every accepted result, one by one, as the ledger has it.
     *
     * @param each must not call the ledger
     */
    void eachCanonical(Consumer<Canonical> each);

    /**
     * Throws unless the ledger can be written.
     *
     * @throws LedgerException when it cannot
     */
    void requireWritable();

    @Override
    void close();

    /** What became of a wish for a campaign, and how many jobs it made. */
    record CampaignAdded(Outcome outcome, long jobs) {
        public enum Outcome {
            CREATED,
            EXISTED,
            CONFLICT,
            /** A scoring campaign's source is not there, or is no fetch campaign. */
            NO_SOURCE
        }
    }

    /**
     * Which jobs are meant; null stands for any.
     *
     * @param state lower-case job state; {@code leased} for open jobs with a live attempt, {@code open} for the others
     * @param wat a part of the WAT's path
     * @param reason a part of the reason why it was set aside
     */
    record JobQuery(
            @Nullable String campaign,
            @Nullable String state,
            @Nullable String wat,
            @Nullable String reason) {}

    /**
     * @param reason why it was made
     * @param charter what was signed of it; null when nobody signed
     */
    record PolicyVersion(int version, Instant at, String reason, Policy policy, Charter.@Nullable Ref charter) {}

    /**
     * A job as a worker must know it.
     *
     * @param policyVersion of {@code policy}: the job's own once somebody had it, else the campaign's latest
     * @param charter what was signed of that policy; null when nobody signed
     */
    record ReadyJob(
            long job,
            String campaign,
            String base,
            String watPath,
            int slice,
            int slices,
            String bundle,
            Policy policy,
            int policyVersion,
            Stage stage,
            @Nullable Source source,
            Charter.@Nullable Ref charter) {
        /** Of a campaign that nobody signed. */
        public ReadyJob(
                long job,
                String campaign,
                String base,
                String watPath,
                int slice,
                int slices,
                String bundle,
                Policy policy,
                int policyVersion,
                Stage stage,
                @Nullable Source source) {
            this(job, campaign, base, watPath, slice, slices, bundle, policy, policyVersion, stage, source, null);
        }
    }

    /** The attempt that handed in a scoring job's batches. */
    record Source(long job, int attempt) {}

    /**
     * An attempt at a job as the next one's choice needs it.
     *
     * @param agent the worker's program and version
     * @param party marks of who may stand behind the worker
     * @param waits its result waits for somebody else's
     */
    record Tried(String worker, String agent, AttemptStatus status, List<String> party, boolean waits) {
        /** Of a worker of which nothing else is known. */
        public Tried(String worker, String agent, AttemptStatus status) {
            this(worker, agent, status, List.of("worker " + worker), false);
        }
    }

    record LiveAttempt(long job, FencingToken token, String worker, Instant grantedAt, Duration hardCap) {}

    /**
     * @param detail reason or message, null when there is none
     * @param manifest as JSON, null before the result is handed in
     */
    record AttemptRow(
            FencingToken token,
            String worker,
            String nickname,
            AttemptStatus status,
            @Nullable String detail,
            @Nullable String manifest) {}

    /** A job's canonical result, as an accepted manifest tells it. */
    record Canonical(long job, String campaign, FencingToken token, String worker, String manifest) {}

    /** One line of the audit trail. */
    record AuditRow(
            long id,
            Instant at,
            String actor,
            String action,
            String subject,
            @Nullable String detail) {}

    /** The ledger cannot be used; the cause says why. */
    final class LedgerException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public LedgerException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
