package dev.gleaner.tracker.service;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.tracker.ledger.Reputation;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What operators say of who can be believed. Safe for any thread; what says so blocks. */
public final class TrustCalls {
    private final Reputation reputation;
    private final Judge judge;
    private final CampaignCalls campaigns;
    private final RosterCalls roster;

    public TrustCalls(Reputation reputation, Judge judge, CampaignCalls campaigns, RosterCalls roster) {
        this.reputation = reputation;
        this.judge = judge;
        this.campaigns = campaigns;
        this.roster = roster;
    }

    /** @param replication null: results are checked in themselves only */
    public record Wish(@Nullable Replication replication) {}

    /** @param takenBack results that count no more */
    public record Convicted(String worker, int takenBack) {}

    /**
     * @param reinstated results that count again
     * @param left results whose jobs somebody else has done or does, or whose objects are gone
     */
    public record Pardoned(String worker, int reinstated, int left) {}

    /** Says how a campaign's results are compared from now on. When no more are, those that wait are judged by themselves. */
    public CompletionStage<CampaignStatus> replicate(String actor, String campaign, Wish wish) {
        if (wish.replication() != null && campaigns.campaign(campaign).stage() == Stage.FETCH) {
            throw new Refusal(
                    ProblemCode.MALFORMED_REQUEST,
                    "results of a campaign that only fetches cannot be compared; compare those of the one that scores");
        }
        return reputation.replicate(campaign, wish.replication(), actor).thenApply(found -> {
            if (!found) {
                throw CampaignCalls.noCampaign(campaign);
            }
            if (wish.replication() == null) {
                reputation.waiting(campaign).forEach(result -> judge.judge(result.job(), result.attempt()));
            }
            return campaigns.campaign(campaign);
        });
    }

    /** Takes back all for which nobody else stands, and gives the worker no more jobs. Blocks. */
    public Convicted convict(String actor, String worker) {
        roster.worker(worker);
        if (!join(reputation.convict(worker, actor))) {
            throw new Refusal(ProblemCode.STATE_CONFLICT, "worker " + worker + " is convicted already");
        }
        return new Convicted(worker, judge.backTracking().settle());
    }

    /** Undoes a conviction, and makes count again what can. Blocks. */
    public Pardoned pardon(String actor, String worker) throws IOException {
        if (!join(reputation.pardon(worker, actor))) {
            throw RosterCalls.noWorker(worker);
        }
        BackTracking.GivenBack given = judge.backTracking().giveBack(worker, actor);
        return new Pardoned(worker, given.reinstated(), given.left());
    }

    private static boolean join(CompletionStage<Boolean> change) {
        try {
            return change.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }
}
