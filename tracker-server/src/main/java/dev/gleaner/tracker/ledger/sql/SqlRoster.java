package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.json;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.protocol.lease.Heartbeat;
import dev.gleaner.protocol.lease.Register;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Roster;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The roster in the ledger's database. */
final class SqlRoster implements Roster {
    private static final Duration LATELY = Duration.ofHours(24);
    private static final String INVITATION_COLUMNS =
            "SELECT id, note, uses, used, created_at, expires_at, withdrawn FROM invitation ";
    private static final String KEY_COLUMNS = "SELECT id, name, role, created_at, expires_at, revoked FROM access_key ";

    private final SqlLedger ledger;

    SqlRoster(SqlLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public CompletionStage<Enrolment.Answer> enrol(Newcomer newcomer, Enrolment rules) {
        return ledger.write(newcomer.worker().hashCode(), c -> {
            Instant now = ledger.now();
            String hash = newcomer.invitationHash();
            Optional<Invitation> invitation = hash == null
                    ? Optional.empty()
                    : one(c, SqlRoster::invitation, INVITATION_COLUMNS + "WHERE code_hash = ?", hash);
            int lately = newcomer.address() == null
                    ? 0
                    : one(
                                    c,
                                    r -> r.getInt(1),
                                    "SELECT count(*) FROM worker WHERE address = ? AND registered_at > ?",
                                    newcomer.address(),
                                    now.minus(LATELY).toEpochMilli())
                            .orElse(0);
            Enrolment.Answer answer = rules.decide(hash != null, invitation, lately, now);
            if (answer instanceof Enrolment.Answer.Welcome welcome) {
                String id = invitation.map(Invitation::id).orElse(null);
                if (id != null) {
                    // Another tracker may have counted meanwhile.
                    Sql.requireOne(
                            update(
                                    c,
                                    "UPDATE invitation SET used = used + 1 WHERE id = ? AND used = ?",
                                    id,
                                    invitation.orElseThrow().used()),
                            "invitation " + id);
                }
                Workers.insert(c, newcomer, id, welcome.waits(), now.toEpochMilli());
            }
            return answer;
        });
    }

    @Override
    public Optional<WorkerRow> workerByToken(String tokenHash) {
        return ledger.read(c -> Workers.byToken(c, tokenHash));
    }

    @Override
    public List<WorkerView> workers() {
        return ledger.read(Workers::views);
    }

    @Override
    public Optional<Machine> machine(String worker) {
        return ledger.read(c -> one(
                c,
                r -> new Machine(
                        Sql.parse(r.getString(1), Register.Capabilities.class), Instant.ofEpochMilli(r.getLong(2))),
                "SELECT capabilities, registered_at FROM worker WHERE id = ?",
                worker));
    }

    @Override
    public CompletionStage<Boolean> banWorker(String worker, boolean banned, String actor) {
        return change(
                actor,
                banned ? "worker-ban" : "worker-unban",
                worker,
                "UPDATE worker SET banned = ? WHERE id = ?",
                banned ? 1 : 0,
                worker);
    }

    @Override
    public CompletionStage<Boolean> directWorker(
            String worker, Heartbeat.Directive directive, @Nullable String message, String actor) {
        return change(
                actor,
                "worker-" + directive.name().toLowerCase(Locale.ROOT),
                worker,
                "UPDATE worker SET directive = ?, message = ? WHERE id = ?",
                directive.name(),
                message,
                worker);
    }

    @Override
    public CompletionStage<Boolean> changeAgent(String worker, String agent) {
        return change(
                worker,
                "worker-version",
                worker,
                "UPDATE worker SET agent = ?, proven = proven / 2, directive = CASE directive WHEN 'UPDATE' THEN 'NONE' ELSE directive END WHERE id = ? AND agent <> ?",
                agent,
                worker,
                agent);
    }

    @Override
    public CompletionStage<Boolean> noteTroubles(String worker, List<Trouble> troubles) {
        return ledger.write(
                worker.hashCode(),
                c -> update(
                                c,
                                "UPDATE worker SET troubles = ? WHERE id = ?",
                                troubles.isEmpty() ? null : json(troubles),
                                worker)
                        == 1);
    }

    @Override
    public Map<String, String> nicknames(List<String> workers) {
        if (workers.isEmpty()) {
            return Map.of();
        }
        String sql = "SELECT id, nickname FROM worker WHERE id IN ("
                + String.join(",", Collections.nCopies(workers.size(), "?")) + ")";
        Map<String, String> names = new HashMap<>();
        ledger.read(c -> all(c, r -> names.put(r.getString(1), r.getString(2)), sql, workers.toArray()));
        return names;
    }

    @Override
    public List<Given> given() {
        return ledger.read(c -> all(
                c,
                r -> new Given(r.getString(1), r.getLong(2)),
                "SELECT id, kept FROM worker WHERE kept > 0 ORDER BY kept DESC, registered_at"));
    }

    @Override
    public CompletionStage<Boolean> admitWorker(String worker, String actor) {
        return change(
                actor, "worker-admit", worker, "UPDATE worker SET waiting = 0 WHERE id = ? AND waiting = 1", worker);
    }

    @Override
    public CompletionStage<Boolean> changeToken(String worker, String tokenHash) {
        return change(
                worker,
                "worker-token",
                worker,
                "UPDATE worker SET token_hash = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM worker o WHERE o.token_hash = ? AND o.id <> ?)",
                tokenHash,
                worker,
                tokenHash,
                worker);
    }

    @Override
    public CompletionStage<Void> invite(Invitation invitation, String codeHash, String actor) {
        return change(
                        actor,
                        "invitation-create",
                        invitation.id(),
                        "INSERT INTO invitation (id, code_hash, note, uses, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                        invitation.id(),
                        codeHash,
                        invitation.note(),
                        invitation.uses(),
                        invitation.createdAt().toEpochMilli(),
                        millis(invitation.expiresAt()))
                .thenAccept(done -> {});
    }

    @Override
    public List<Invitation> invitations() {
        return ledger.read(c -> all(c, SqlRoster::invitation, INVITATION_COLUMNS + "ORDER BY created_at DESC, id"));
    }

    @Override
    public CompletionStage<Boolean> withdrawInvitation(String id, String actor) {
        return change(actor, "invitation-withdraw", id, "UPDATE invitation SET withdrawn = 1 WHERE id = ?", id);
    }

    @Override
    public CompletionStage<Void> addKey(AccessKey key, String tokenHash, String actor) {
        return change(
                        actor,
                        "key-create",
                        key.id() + " " + key.role().name().toLowerCase(Locale.ROOT) + " " + key.name(),
                        "INSERT INTO access_key (id, token_hash, name, role, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                        key.id(),
                        tokenHash,
                        key.name(),
                        key.role().name(),
                        key.createdAt().toEpochMilli(),
                        millis(key.expiresAt()))
                .thenAccept(done -> {});
    }

    @Override
    public Optional<AccessKey> keyByToken(String tokenHash) {
        return ledger.read(c -> one(c, SqlRoster::key, KEY_COLUMNS + "WHERE token_hash = ?", tokenHash));
    }

    @Override
    public List<AccessKey> keys() {
        return ledger.read(c -> all(c, SqlRoster::key, KEY_COLUMNS + "ORDER BY created_at DESC, id"));
    }

    @Override
    public CompletionStage<Boolean> revokeKey(String id, String actor) {
        return change(actor, "key-revoke", id, "UPDATE access_key SET revoked = 1 WHERE id = ? AND revoked = 0", id);
    }

    @Override
    public CompletionStage<Boolean> changeKey(String id, String tokenHash, String actor) {
        return change(
                actor,
                "key-rotate",
                id,
                "UPDATE access_key SET token_hash = ? WHERE id = ? AND revoked = 0",
                tokenHash,
                id);
    }

    /** One statement that changes one row or none, with its line in the audit trail. */
    private CompletionStage<Boolean> change(
            String actor, String action, String subject, String sql, @Nullable Object... values) {
        return ledger.write(subject.hashCode(), c -> {
            boolean changed = update(c, sql, values) == 1;
            if (changed) {
                ledger.audit(c, actor, action, subject, null);
            }
            return changed;
        });
    }

    private static @Nullable Long millis(@Nullable Instant instant) {
        return instant == null ? null : instant.toEpochMilli();
    }

    private static @Nullable Instant instant(ResultSet r, int column) throws SQLException {
        return r.getObject(column) == null ? null : Instant.ofEpochMilli(r.getLong(column));
    }

    private static Invitation invitation(ResultSet r) throws SQLException {
        return new Invitation(
                r.getString(1),
                r.getString(2),
                r.getInt(3),
                r.getInt(4),
                Instant.ofEpochMilli(r.getLong(5)),
                instant(r, 6),
                r.getInt(7) != 0);
    }

    private static AccessKey key(ResultSet r) throws SQLException {
        return new AccessKey(
                r.getString(1),
                r.getString(2),
                Role.valueOf(r.getString(3)),
                Instant.ofEpochMilli(r.getLong(4)),
                instant(r, 5),
                r.getInt(6) != 0);
    }
}
