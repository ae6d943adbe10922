package dev.gleaner.tracker.ledger.sql;

import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.result.Manifest;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.ledger.Decision;
import dev.gleaner.tracker.ledger.JobSnapshot;
import dev.gleaner.tracker.ledger.LedgerEvent;
import dev.gleaner.tracker.ledger.Opinion;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.trust.Standing;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What the rules decide of a job, written in one transaction with all that follows from it: sums, the chain of results, the batches
 * that another campaign scores, the audit trail. Safe for any thread; each session is used by one.
 */
final class JobChanges {
    private final String epoch;
    private final String forShare;
    private final InstantSource clock;
    /** Of campaigns: it never changes. */
    private final Map<Long, Stage> stages = new ConcurrentHashMap<>();

    /** @param forShare what is put behind a query so that what it reads stays until the transaction ends */
    JobChanges(String epoch, String forShare, InstantSource clock) {
        this.epoch = epoch;
        this.forShare = forShare;
        this.clock = clock;
    }

    /** Empty when there is no such job. */
    Optional<Decision> apply(Session session, long job, LedgerEvent event, String actor) throws SQLException {
        Optional<Jobs.Loaded> loaded = Jobs.load(session, job);
        return loaded.isEmpty() ? Optional.empty() : Optional.of(apply(session, loaded.get(), event, actor));
    }

    Optional<Decision> accept(
            Session session, long job, int attempt, Manifest manifest, Profile profile, @Nullable Opinion opinion)
            throws SQLException {
        Optional<Jobs.Loaded> loaded = Jobs.load(session, job);
        if (loaded.isEmpty()) {
            return Optional.empty();
        }
        Decision decision = apply(session, loaded.get(), new LedgerEvent.Accept(attempt, opinion), "tracker");
        boolean counts = decision instanceof Decision.Applied applied
                && applied.job() != null
                && applied.job().canonical() == attempt;
        if (counts) {
            String worker = loaded.get().job().attempts().get(attempt - 1).worker();
            long campaign = loaded.get().campaign();
            Stage stage = stage(session, campaign);
            session.sums().result(campaign, worker, manifest, profile, stage != Stage.FETCH, clock.millis());
            note(session, campaign, ResultChain.Kind.ACCEPT, loaded.get().job(), attempt);
            if (stage == Stage.FETCH) {
                Campaigns.feed(session, campaign, job, forShare);
            }
            if (opinion != null) {
                judged(session, loaded.get().job(), worker, opinion);
            }
        }
        return Optional.of(decision);
    }

    /** What the comparison says of those whose results were compared. */
    private static void judged(Session session, JobSnapshot job, String worker, Opinion opinion) {
        if (opinion.compared()) {
            session.sums().judged(worker, Standing.Outcome.CONFIRMED);
        }
        opinion.others()
                .forEach((number, outcome) ->
                        session.sums().judged(job.attempts().get(number - 1).worker(), outcome));
    }

    Optional<Decision> retract(
            Session session, long job, int attempt, Manifest manifest, Profile profile, String reason, String actor)
            throws SQLException {
        return changeResult(
                session,
                job,
                new LedgerEvent.Retract(attempt, reason),
                actor,
                (campaign, worker) -> session.sums().retracted(campaign, worker, manifest, profile));
    }

    Optional<Decision> reinstate(
            Session session, long job, int attempt, Manifest manifest, Profile profile, String actor)
            throws SQLException {
        return changeResult(
                session,
                job,
                new LedgerEvent.Reinstate(attempt),
                actor,
                (campaign, worker) -> session.sums().result(campaign, worker, manifest, profile, true, clock.millis()));
    }

    private interface SumChange {
        void make(long campaign, String worker);
    }

    private Optional<Decision> changeResult(
            Session session, long job, LedgerEvent event, String actor, SumChange change) throws SQLException {
        Optional<Jobs.Loaded> loaded = Jobs.load(session, job);
        if (loaded.isEmpty()) {
            return Optional.empty();
        }
        long campaign = loaded.get().campaign();
        if (stage(session, campaign) == Stage.FETCH) {
            return Optional.of(new Decision.Refused(
                    ProblemCode.STATE_CONFLICT, "batches of a fetch campaign cannot be taken back"));
        }
        Decision decision = apply(session, loaded.get(), event, actor);
        if (decision instanceof Decision.Applied applied) {
            int attempt = applied.attempts().get(0).number();
            String worker = loaded.get().job().attempts().get(attempt - 1).worker();
            change.make(campaign, worker);
            ResultChain.Kind kind =
                    event instanceof LedgerEvent.Retract ? ResultChain.Kind.RETRACT : ResultChain.Kind.REINSTATE;
            note(session, campaign, kind, loaded.get().job(), attempt);
        }
        return Optional.of(decision);
    }

    private void note(Session session, long campaign, ResultChain.Kind kind, JobSnapshot job, int attempt) {
        JobSnapshot.Attempt result = job.attempts().get(attempt - 1);
        session.notes()
                .add(new ChainNotes.Note(
                        campaign,
                        kind,
                        job.id(),
                        new FencingToken(result.epoch(), attempt),
                        Objects.requireNonNull(result.fingerprint(), "a result that was handed in has a fingerprint"),
                        clock.instant()));
    }

    private Stage stage(Session session, long campaign) throws SQLException {
        Stage known = stages.get(campaign);
        if (known == null) {
            known = Campaigns.stage(session, campaign);
            stages.put(campaign, known);
        }
        return known;
    }

    private Decision apply(Session session, Jobs.Loaded loaded, LedgerEvent event, String actor) throws SQLException {
        Decision decision = Jobs.apply(session, loaded, event, epoch, clock.millis());
        if (decision instanceof Decision.Applied applied) {
            String action = event.kind().name().toLowerCase(Locale.ROOT);
            session.trail()
                    .add(clock.millis(), actor, action, "job " + loaded.job().id(), describe(applied));
        }
        return decision;
    }

    private static String describe(Decision.Applied applied) {
        StringBuilder text = new StringBuilder();
        for (Decision.AttemptChange change : applied.attempts()) {
            text.append("attempt ").append(change.number()).append(' ');
            if (change.from() != null) {
                text.append(change.from()).append(' ');
            }
            text.append("-> ").append(change.to());
            if (change.detail() != null) {
                text.append(": ").append(change.detail());
            }
            text.append("; ");
        }
        if (applied.job() != null) {
            text.append("job ").append(applied.job().status());
        }
        return text.toString();
    }
}
