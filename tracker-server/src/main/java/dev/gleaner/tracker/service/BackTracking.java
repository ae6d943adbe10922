package dev.gleaner.tracker.service;

import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.Reputation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back what a worker handed in, once it was found to be wrong, and gives it back when an operator says so. Every step can be
 * repeated: what a crash leaves half done is done by the next {@link #settle}. Blocks on I/O; safe for any thread.
 */
public final class BackTracking {
    private static final Logger log = LoggerFactory.getLogger(BackTracking.class);
    private static final int MOVED_AT_ONCE = 200;

    private final Ledger ledger;
    private final Reputation reputation;
    private final Intake intake;

    BackTracking(Ledger ledger, Reputation reputation, Intake intake) {
        this.ledger = ledger;
        this.reputation = reputation;
        this.intake = intake;
    }

    /** What became of a worker's retracted results. */
    public record GivenBack(int reinstated, int left) {}

    /**
     * Takes back what must be, of all workers of which something was found.
     *
     * @return how many results were
     */
    public int settle() {
        int takenBack = 0;
        try {
            for (Reputation.Suspect suspect : reputation.suspects()) {
                List<Reputation.Result> doubtful = suspect.convicted()
                        ? reputation.vouchedForByNobody(suspect.worker())
                        : reputation.unchecked(suspect.worker(), suspect.since());
                String reason = suspect.convicted()
                        ? "its worker was found out"
                        : "nobody checked it, and a later result of its worker was wrong";
                int ofThisWorker = 0;
                for (Reputation.Result result : doubtful) {
                    ofThisWorker += retract(result, reason, "tracker") ? 1 : 0;
                }
                takenBack += ofThisWorker;
                log.warn(
                        "A worker's results were taken back: worker={} convicted={} results={}",
                        suspect.worker(),
                        suspect.convicted(),
                        ofThisWorker);
                reputation.settled(suspect).toCompletableFuture().join();
            }
            for (Reputation.Result result : reputation.leaving(MOVED_AT_ONCE)) {
                moveAway(result);
            }
        } catch (IOException | UncheckedIOException | CompletionException | Ledger.LedgerException e) {
            log.warn("Results could not be taken back now and will be: cause={}", e.toString());
        }
        return takenBack;
    }

    /** Returns false for batches of prepared images, which stay: jobs of other workers have been made of them. */
    private boolean retract(Reputation.Result result, String reason, String actor) throws IOException {
        Known known = known(result);
        if (known.job.stage() == Stage.FETCH) {
            log.warn(
                    "Images that a distrusted worker prepared stay: job={} worker={}",
                    result.job(),
                    known.row.worker());
            return false;
        }
        Optional<Decision> decision = ledger.retract(
                        result.job(),
                        result.attempt(),
                        known.manifest,
                        intake.profile(known.job, known.row.token(), known.manifest),
                        reason,
                        actor)
                .toCompletableFuture()
                .join();
        if (decision.isPresent() && !(decision.get() instanceof Decision.Refused)) {
            moveAway(result);
        }
        return true;
    }

    private void moveAway(Reputation.Result result) throws IOException {
        Known known = known(result);
        intake.retire(known.job, known.row.token(), known.manifest);
        reputation.left(result).toCompletableFuture().join();
    }

    /** Makes retracted results count again where nobody has done their jobs meanwhile. */
    public GivenBack giveBack(String worker, String actor) throws IOException {
        int reinstated = 0;
        int left = 0;
        for (Reputation.Result result : reputation.retracted(worker)) {
            if (reinstate(result, actor)) {
                reinstated++;
            } else {
                left++;
            }
        }
        return new GivenBack(reinstated, left);
    }

    private boolean reinstate(Reputation.Result result, String actor) throws IOException {
        Known known = known(result);
        boolean there = intake.restore(known.job, known.row.token(), known.manifest);
        Optional<Decision> decision = there
                ? ledger.reinstate(
                                result.job(),
                                result.attempt(),
                                known.manifest,
                                intake.profile(known.job, known.row.token(), known.manifest),
                                actor)
                        .toCompletableFuture()
                        .join()
                : Optional.empty();
        boolean counts = decision.isPresent() && !(decision.get() instanceof Decision.Refused);
        if (!counts) {
            intake.retire(known.job, known.row.token(), known.manifest);
        }
        return counts;
    }

    private record Known(Ledger.ReadyJob job, Ledger.AttemptRow row, Manifest manifest) {}

    private Known known(Reputation.Result result) {
        Ledger.ReadyJob job = ledger.job(result.job()).orElseThrow(() -> WorkerCalls.unknown(result.job()));
        Ledger.AttemptRow row =
                ledger.attempt(result.job(), result.attempt()).orElseThrow(() -> WorkerCalls.unknown(result.job()));
        String json = Objects.requireNonNull(row.manifest(), "a result has a manifest");
        return new Known(job, row, Json.read(json.getBytes(StandardCharsets.UTF_8), Manifest.class));
    }
}
