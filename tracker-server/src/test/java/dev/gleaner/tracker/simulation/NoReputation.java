package dev.gleaner.tracker.simulation;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.tracker.ledger.Reputation;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Of campaigns whose results nobody compares; trust has a simulation of its own. */
final class NoReputation implements Reputation {
    @Override
    public Optional<Replication> replication(String campaign) {
        return Optional.empty();
    }

    @Override
    public CompletionStage<Boolean> replicate(String campaign, @Nullable Replication rule, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<HandedIn> handedIn(long job) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Result> waiting(String campaign) {
        return List.of();
    }

    @Override
    public List<Suspect> suspects() {
        return List.of();
    }

    @Override
    public CompletionStage<Void> settled(Suspect suspect) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public List<Result> unchecked(String worker, long since) {
        return List.of();
    }

    @Override
    public List<Result> vouchedForByNobody(String worker) {
        return List.of();
    }

    @Override
    public List<Result> leaving(int limit) {
        return List.of();
    }

    @Override
    public CompletionStage<Void> left(Result result) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Result> retracted(String worker) {
        return List.of();
    }

    @Override
    public CompletionStage<Boolean> pardon(String worker, String actor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Boolean> convict(String worker, String actor) {
        throw new UnsupportedOperationException();
    }
}
