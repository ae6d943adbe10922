package dev.gleaner.tracker.service;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.Ending;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What operators see of jobs, and how they open them again or set them aside. Safe for any thread. */
public final class JobCalls {
    /** Most jobs of one listing. */
    public static final int MAX_PAGE = 1_000;

    private static final long MOST_COUNTED = 100_000;
    private static final Set<String> STATES = Set.of("open", "leased", "done", "quarantined", "cancelled");

    private final Ledger ledger;
    private final Desk desk;
    private final CampaignCalls campaigns;

    public JobCalls(Ledger ledger, Desk desk, CampaignCalls campaigns) {
        this.ledger = ledger;
        this.desk = desk;
        this.campaigns = campaigns;
    }

    public record Reason(String reason) {}

    /**
     * Jobs that were asked for.
     *
     * @param jobs the first of them
     * @param matched how many there are; {@value #MOST_COUNTED} stands for so many or more
     */
    public record Jobs(List<JobView> jobs, long matched) {}

    /**
     * A wish for several jobs.
     *
     * @param state that they had when somebody looked
     */
    public record Jobwise(List<Long> jobs, String state, String reason) {}

    /** What became of one: {@code done}, or {@code changed} when it was no longer as it was seen. */
    public record Moved(long job, String outcome) {}

    public Jobs jobs(Ledger.JobQuery query, long after, int limit) {
        String state = query.state();
        Refusal.unless(limit >= 1 && limit <= MAX_PAGE, "limit must be 1 to " + MAX_PAGE);
        Refusal.unless(
                state == null || STATES.contains(state), "state must be one of " + new java.util.TreeSet<>(STATES));
        if (query.campaign() != null) {
            campaigns.campaign(query.campaign());
        }
        return new Jobs(ledger.views(query, after, limit), ledger.count(query, MOST_COUNTED));
    }

    /** What an attempt handed in, as JSON. */
    public String manifest(long job, long attempt) {
        return ledger.attempt(job, (int) Math.min(Integer.MAX_VALUE, attempt))
                .map(Ledger.AttemptRow::manifest)
                .orElseThrow(() -> new Refusal(
                        ProblemCode.NOT_FOUND, "attempt " + attempt + " of job " + job + " has handed in nothing"));
    }

    /**
     * Opens jobs again, or sets them aside: exactly those that were named, and of them those that are still as they were seen.
     *
     * @param quarantine false opens them
     */
    public CompletionStage<List<Moved>> move(String actor, Jobwise wish, boolean quarantine) {
        Refusal.unless(!wish.jobs().isEmpty() && wish.jobs().size() <= MAX_PAGE, "name 1 to " + MAX_PAGE + " jobs");
        Refusal.unless(STATES.contains(wish.state()), "state must be one of " + new java.util.TreeSet<>(STATES));
        String reason = text(new Reason(wish.reason()));
        List<CompletableFuture<Moved>> moved = new ArrayList<>();
        for (long job : wish.jobs()) {
            if (!state(job).equals(wish.state())) {
                moved.add(CompletableFuture.completedFuture(new Moved(job, "changed")));
                continue;
            }
            LedgerEvent event = quarantine ? new LedgerEvent.Quarantine(reason) : new LedgerEvent.Requeue(reason);
            moved.add(ledger.apply(job, event, actor)
                    .thenApply(found -> {
                        boolean done = found.isPresent() && found.get() instanceof Decision.Applied;
                        if (done) {
                            tellDesk(job, (Decision.Applied) found.get());
                        }
                        return new Moved(job, done ? "done" : "changed");
                    })
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(moved.toArray(CompletableFuture[]::new)).thenApply(done -> {
            desk.wake();
            return moved.stream().map(CompletableFuture::join).toList();
        });
    }

    private String state(long job) {
        return ledger.view(job)
                .map(view -> view.state().equals("open")
                                && view.attempts().stream().anyMatch(attempt -> attempt.endedAt() == null)
                        ? "leased"
                        : view.state())
                .orElse("");
    }

    public JobView job(long job) {
        return ledger.view(job).orElseThrow(() -> WorkerCalls.unknown(job));
    }

    public CompletionStage<JobView> requeue(String actor, long job, Reason reason) {
        return change(actor, job, new LedgerEvent.Requeue(text(reason)));
    }

    public CompletionStage<JobView> quarantine(String actor, long job, Reason reason) {
        return change(actor, job, new LedgerEvent.Quarantine(text(reason)));
    }

    private CompletionStage<JobView> change(String actor, long job, LedgerEvent event) {
        return ledger.apply(job, event, actor).thenApply(found -> {
            Decision decision = WorkerCalls.require(found, job);
            if (decision instanceof Decision.Applied applied) {
                tellDesk(job, applied);
            }
            desk.wake();
            return job(job);
        });
    }

    private void tellDesk(long job, Decision.Applied applied) {
        for (Decision.AttemptChange change : applied.attempts()) {
            ledger.attempt(job, change.number()).ifPresent(attempt -> desk.ended(job, attempt.token(), Ending.REVOKED));
        }
    }

    private static String text(Reason reason) {
        Refusal.unless(!reason.reason().isBlank(), "say why, for the audit trail");
        return "operator: " + Printable.of(reason.reason(), 200);
    }
}
