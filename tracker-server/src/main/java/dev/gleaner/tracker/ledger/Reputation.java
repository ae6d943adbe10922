package dev.gleaner.tracker.ledger;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.tracker.trust.Standing;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What the ledger knows of who can be believed. Changes are durable before their stage completes. Safe for any thread. */
public interface Reputation {
    /** How a campaign's results are compared; empty when they are not, or there is no such campaign. */
    Optional<Replication> replication(String campaign);

    /**
     * Says how a campaign's results are compared from now on.
     *
     * @param rule null: not at all
     * @return whether there is such a campaign
     */
    CompletionStage<Boolean> replicate(String campaign, @Nullable Replication rule, String actor);

    /** The results of a job that are held or being judged, in the order of their attempts. */
    List<HandedIn> handedIn(long job);

    /** Results of a campaign that wait for another volunteer's. */
    List<Result> waiting(String campaign);

    /** Workers of which something must be taken back. */
    List<Suspect> suspects();

    /** All has been taken back that had to be. */
    CompletionStage<Void> settled(Suspect suspect);

    /** Results of a worker that were accepted unchecked since then. */
    List<Result> unchecked(String worker, long since);

    /**
     * Canonical results in which a worker had a part, as their maker or by agreeing, and for which nobody but convicted workers
     * stands. Looks at all its attempts.
     */
    List<Result> vouchedForByNobody(String worker);

    /** Retracted results whose objects still lie among the accepted ones. */
    List<Result> leaving(int limit);

    /** The objects of a retracted result have been moved. */
    CompletionStage<Void> left(Result result);

    /** Retracted results of a worker, whose jobs nobody has done since. */
    List<Result> retracted(String worker);

    /** Forgets all suspicion. @return whether there is such a worker */
    CompletionStage<Boolean> pardon(String worker, String actor);

    /** Convicts a worker by an operator's word. @return whether there is such a worker, not convicted before */
    CompletionStage<Boolean> convict(String worker, String actor);

    /**
     * A result that was handed in.
     *
     * @param party marks of who may stand behind its worker
     * @param fingerprint of its manifest
     */
    record HandedIn(
            FencingToken token,
            String worker,
            String agent,
            List<String> party,
            Standing standing,
            AttemptStatus status,
            String fingerprint,
            String manifest) {}

    /**
     * @param since epoch milliseconds: what was accepted unchecked from then on is doubtful
     * @param convicted then all it had a part in is
     */
    record Suspect(String worker, long since, boolean convicted) {}

    /** Names a result. */
    record Result(long job, int attempt) {}
}
