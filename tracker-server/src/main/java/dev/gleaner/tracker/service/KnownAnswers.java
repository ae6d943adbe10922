package dev.gleaner.tracker.service;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.tracker.ledger.AttemptStatus;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.Reputation;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.trust.Draw;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Jobs whose answer is known and that go to further volunteers all the same, to see what those make of them. They are jobs like
 * others that were checked and whose results agree: they are accepted a little later, and nothing gives them away. Thread-safe.
 */
final class KnownAnswers {
    /** So long after the last lease a test that nobody takes is over: a campaign must come to its end. */
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    private static final Duration LOOKED_FOR_EVERY = Duration.ofMinutes(2);

    /** The store may have been away when a job was told of. */
    private static final Duration TOLD_AGAIN_AFTER = Duration.ofHours(1);

    private final Ledger ledger;
    private final Draw draw;
    private final InstantSource clock;
    private final Map<Long, Integer> seen = new HashMap<>();
    private Instant looked = Instant.MIN;
    private Instant forgotten = Instant.MIN;

    KnownAnswers(Ledger ledger, Draw draw, InstantSource clock) {
        this.ledger = ledger;
        this.draw = draw;
        this.clock = clock;
    }

    /** Whether a job is one of those that go on to further volunteers once their answer is known. */
    boolean isTest(long job, Replication rule) {
        return draw.lot(job) < rule.testShare();
    }

    /**
     * Jobs of this share with several results, which nobody takes any more; each by one of its results. Looks only every so often, and
     * tells of a job only once an hour for as many results.
     */
    synchronized List<Reputation.Result> overdue(Share share) {
        Instant now = clock.instant();
        if (now.isBefore(looked.plus(LOOKED_FOR_EVERY))) {
            return List.of();
        }
        looked = now;
        if (now.isAfter(forgotten.plus(TOLD_AGAIN_AFTER))) {
            seen.clear();
            forgotten = now;
        }
        Map<Long, List<Ledger.LiveAttempt>> held = new HashMap<>();
        for (Ledger.LiveAttempt attempt : ledger.attempts(AttemptStatus.HELD)) {
            if (share.owns(attempt.job())) {
                held.computeIfAbsent(attempt.job(), job -> new ArrayList<>()).add(attempt);
            }
        }
        List<Reputation.Result> overdue = new ArrayList<>();
        held.forEach((job, attempts) -> {
            Instant latest = attempts.stream()
                    .map(Ledger.LiveAttempt::grantedAt)
                    .max(Instant::compareTo)
                    .orElse(now);
            // Results that do not agree wait, too: once is enough to see that.
            if (attempts.size() > 1
                    && latest.plus(PATIENCE).isBefore(now)
                    && !Integer.valueOf(attempts.size()).equals(seen.get(job))
                    && isLeft(job)) {
                seen.put(job, attempts.size());
                overdue.add(new Reputation.Result(job, attempts.get(0).token().attempt()));
            }
        });
        seen.keySet().retainAll(held.keySet());
        return overdue;
    }

    /** Whether nobody is at an open job: who is must not be told that the work was for nothing. Late results wait at done ones, too. */
    private boolean isLeft(long job) {
        return ledger.view(job)
                .filter(view -> view.state().equals("open"))
                .filter(view -> view.attempts().stream()
                        .noneMatch(
                                attempt -> AttemptStatus.valueOf(attempt.state().toUpperCase(Locale.ROOT))
                                        .live()))
                .isPresent();
    }
}
