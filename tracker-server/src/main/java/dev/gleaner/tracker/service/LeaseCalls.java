package dev.gleaner.tracker.service;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.operator.LeaseView;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.Ending;
import dev.gleaner.tracker.lease.LeaseQuery;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Roster;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What operators see of live leases, and how they take them away. Safe for any thread. */
public final class LeaseCalls {
    private static final long MOST_SECONDS = 86_400;

    private final Ledger ledger;
    private final Roster roster;
    private final Desk desk;
    private final InstantSource clock;

    public LeaseCalls(Ledger ledger, Roster roster, Desk desk, InstantSource clock) {
        this.ledger = ledger;
        this.roster = roster;
        this.desk = desk;
        this.clock = clock;
    }

    /**
     * Leases that were asked for.
     *
     * @param leases the first of them
     * @param matched how many there are
     * @param live all leases that live
     * @param silent trackers that did not answer in time, whose leases are missing
     */
    public record Page(List<LeaseView> leases, int matched, int live, int silent, String asOf) {}

    /** As {@link LeaseQuery}, as somebody has written it. */
    public record Filter(
            @Nullable String campaign,
            @Nullable String worker,
            @Nullable String step,
            long age,
            long silent,
            long stuck,
            String order,
            long limit) {
        private LeaseQuery query() {
            try {
                return new LeaseQuery(
                        campaign,
                        worker,
                        step,
                        age,
                        silent,
                        stuck,
                        LeaseQuery.Order.valueOf(order.toUpperCase(Locale.ROOT)),
                        (int) Math.min(Integer.MAX_VALUE, limit));
            } catch (IllegalArgumentException e) {
                throw new Refusal(
                        ProblemCode.MALFORMED_REQUEST,
                        "order must be silent, stuck, oldest or newest, limit 1 to " + LeaseQuery.MAX);
            }
        }
    }

    /** Names one lease. */
    public record Ref(long job, FencingToken token) {}

    /**
     * Leases to take away: exactly these, whatever has come up since somebody looked.
     *
     * @param leases 1 to {@value LeaseQuery#MAX}
     * @param reason for the audit trail
     */
    public record Revocation(List<Ref> leases, String reason) {}

    /**
     * Leases to give more time: exactly these.
     *
     * @param seconds from now on, at most a day
     * @param reason for the audit trail
     */
    public record Extension(List<Ref> leases, long seconds, String reason) {}

    /** What became of one: {@code revoked} or {@code extended}, or {@code gone} when it had ended by itself. */
    public record Outcome(long job, FencingToken token, String outcome) {}

    /** Live leases of all trackers. */
    public CompletionStage<Page> list(Filter filter) {
        return desk.leases(filter.query()).thenApply(found -> {
            Map<String, String> names = roster.nicknames(
                    found.leases().stream().map(LeaseView::worker).distinct().toList());
            List<LeaseView> named = found.leases().stream()
                    .map(lease -> lease.of(names.getOrDefault(lease.worker(), "")))
                    .toList();
            return new Page(
                    named,
                    found.matched(),
                    found.live(),
                    found.silent(),
                    clock.instant().toString());
        });
    }

    /** Takes leases away; their jobs are offered to others at once, at nobody's cost. */
    public CompletionStage<List<Outcome>> revoke(String actor, Revocation wish) {
        requireNamed(wish.leases(), wish.reason());
        String reason = "operator: " + Printable.of(wish.reason(), 200);
        List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
        for (Ref lease : wish.leases()) {
            outcomes.add(revoke(actor, lease, reason).toCompletableFuture());
        }
        return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
                .thenApply(done -> {
                    desk.wake();
                    return outcomes.stream().map(CompletableFuture::join).toList();
                });
    }

    /** Gives leases more time, whatever their workers do; a worker that comes back meanwhile goes on. */
    public CompletionStage<List<Outcome>> extend(String actor, Extension wish) {
        requireNamed(wish.leases(), wish.reason());
        if (wish.seconds() < 1 || wish.seconds() > MOST_SECONDS) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "seconds must be 1 to " + MOST_SECONDS);
        }
        String reason = wish.seconds() + " s: " + Printable.of(wish.reason(), 200);
        List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
        for (Ref lease : wish.leases()) {
            if (!isLive(lease)) {
                outcomes.add(CompletableFuture.completedFuture(new Outcome(lease.job(), lease.token(), "gone")));
                continue;
            }
            outcomes.add(ledger.note(actor, "lease-extend", "job " + lease.job(), reason)
                    .thenApply(done -> {
                        desk.extend(lease.job(), lease.token(), Duration.ofSeconds(wish.seconds()));
                        return new Outcome(lease.job(), lease.token(), "extended");
                    })
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
                .thenApply(
                        done -> outcomes.stream().map(CompletableFuture::join).toList());
    }

    private static void requireNamed(List<Ref> leases, String reason) {
        if (leases.isEmpty() || leases.size() > LeaseQuery.MAX) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "name 1 to " + LeaseQuery.MAX + " leases");
        }
        if (reason.isBlank()) {
            throw new Refusal(ProblemCode.MALFORMED_REQUEST, "say why, for the audit trail");
        }
    }

    private boolean isLive(Ref lease) {
        return ledger.attempt(lease.job(), lease.token().attempt())
                .filter(row -> row.token().equals(lease.token()) && row.status() == AttemptStatus.LEASED)
                .isPresent();
    }

    private CompletionStage<Outcome> revoke(String actor, Ref lease, String reason) {
        if (!isLive(lease)) {
            return CompletableFuture.completedFuture(new Outcome(lease.job(), lease.token(), "gone"));
        }
        LedgerEvent event = new LedgerEvent.Revoke(lease.token().attempt(), reason);
        return ledger.apply(lease.job(), event, actor).thenApply(found -> {
            boolean revoked = found.isPresent() && found.get() instanceof Decision.Applied;
            if (revoked) {
                desk.ended(lease.job(), lease.token(), Ending.REVOKED);
            }
            return new Outcome(lease.job(), lease.token(), revoked ? "revoked" : "gone");
        });
    }
}
