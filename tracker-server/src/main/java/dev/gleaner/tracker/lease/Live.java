package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.Printable;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.operator.LeaseView;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A lease that lives, in memory: its deadlines move with heartbeats and the ledger hears nothing of it. One thread. */
final class Live {
    private static final int STALLED_TTLS = 3;

    final long job;
    final FencingToken token;
    final String worker;
    /** Empty when the lease was found in the ledger. */
    final String agent;

    /** Empty until somebody asks, when the lease was found in the ledger. */
    String campaign;

    private Instant grantedAt;
    private Instant hardDeadline;
    private Instant deadline;
    private Instant progressedAt;
    private Instant heardAt;
    private Heartbeat.@Nullable Beat last;
    /** However silent it is, it lives until then: somebody said so. */
    private Instant patience = Instant.MIN;

    private boolean graced;
    private boolean hedged;
    private boolean unwanted;

    Live(
            long job,
            FencingToken token,
            String worker,
            String agent,
            String campaign,
            Instant now,
            Duration ttl,
            Instant hardDeadline) {
        this.job = job;
        this.token = token;
        this.worker = worker;
        this.agent = agent;
        this.campaign = campaign;
        this.grantedAt = now;
        this.hardDeadline = hardDeadline;
        this.deadline = min(now.plus(ttl), hardDeadline);
        this.progressedAt = now;
        this.heardAt = now;
    }

    /** A lease found in the ledger at start: its worker may not know yet that the tracker was away. */
    static Live recovered(
            long job, FencingToken token, String worker, Instant now, Duration ttl, Instant hardDeadline) {
        Live live = new Live(
                job,
                token,
                worker,
                "",
                "",
                now,
                ttl.multipliedBy(2),
                hardDeadline.isAfter(now.plus(ttl)) ? hardDeadline : now.plus(ttl));
        live.graced = true;
        return live;
    }

    void beat(Heartbeat.Beat beat, Instant now, Duration ttl) {
        deadline = min(now.plus(ttl), hardDeadline);
        heardAt = now;
        graced = false;
        if (last == null || !last.equals(beat)) {
            progressedAt = now;
            last = beat;
        }
    }

    Instant grantedAt() {
        return grantedAt;
    }

    /** Nobody watched for so long, or the clock was set by so much. */
    void move(Duration gap) {
        grantedAt = grantedAt.plus(gap);
        hardDeadline = hardDeadline.plus(gap);
        deadline = deadline.plus(gap);
        progressedAt = progressedAt.plus(gap);
        heardAt = heardAt.plus(gap);
        patience = patience.equals(Instant.MIN) ? patience : patience.plus(gap);
    }

    /** Neither silence nor standing still nor its cap end it before this; what was said before holds no more. */
    void extend(Instant until) {
        patience = until;
    }

    /** How it stands now. */
    LeaseView view(Instant now) {
        Heartbeat.Beat beat = last;
        return new LeaseView(
                job,
                token,
                campaign,
                worker,
                "",
                agent,
                beat == null ? "" : Printable.of(beat.stage(), 40),
                beat == null ? 0 : beat.candidates(),
                beat == null ? 0 : beat.finished(),
                beat == null ? 0 : beat.kept(),
                Duration.between(grantedAt, now).toSeconds(),
                Duration.between(heardAt, now).toSeconds(),
                Duration.between(progressedAt, now).toSeconds(),
                Duration.between(now, deadline.isAfter(patience) ? deadline : patience)
                        .toSeconds(),
                hedged);
    }

    /** Why the lease is over at {@code now}, or null while it lives. */
    @Nullable
    String over(Instant now, Duration ttl) {
        if (now.isBefore(patience)) {
            return null;
        }
        if (!now.isBefore(hardDeadline)) {
            return "hard cap";
        }
        if (!now.isBefore(deadline)) {
            return graced ? "amnesty: the tracker was away" : "no heartbeat";
        }
        if (now.isAfter(progressedAt.plus(ttl.multipliedBy(STALLED_TTLS)))) {
            return "no progress";
        }
        return null;
    }

    boolean amnesty() {
        return graced;
    }

    /** Whether tracker or storage were unwell since this lease last got on: what it lacks may be their fault. */
    boolean hindered(Instant lastTrouble) {
        return lastTrouble.isAfter(progressedAt);
    }

    /** Two workers have this job. */
    void hedge() {
        hedged = true;
    }

    boolean isHedged() {
        return hedged;
    }

    /** Somebody else did the job: the worker is told to stop. */
    void unwanted() {
        unwanted = true;
    }

    boolean isUnwanted() {
        return unwanted;
    }

    private static Instant min(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }
}
