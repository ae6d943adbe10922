package dev.gleaner.tracker.ledger.sql;

import static dev.gleaner.tracker.ledger.sql.Sql.all;
import static dev.gleaner.tracker.ledger.sql.Sql.one;
import static dev.gleaner.tracker.ledger.sql.Sql.update;

import dev.gleaner.tracker.ledger.ReleaseBook;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Dataset versions and wishes to be left out, in the ledger's database. */
final class SqlReleaseBook implements ReleaseBook {
    private static final String COLUMNS =
            "SELECT id, name, campaign, preset, rows_per_file, state, progress, beat, actor, created_at, ended_at, manifest FROM release ";
    private static final String MINE = " WHERE id = ? AND builder = ? AND state = 'BUILDING'";

    private static final String WISHES = "SELECT kind, value, state, contact, reason, at, actor FROM opt_out";

    private final SqlLedger ledger;

    SqlReleaseBook(SqlLedger ledger) {
        this.ledger = ledger;
    }

    @Override
    public CompletionStage<Version> begin(
            String campaign, String presetName, String preset, int rowsPerFile, String actor) {
        return ledger.write(0, c -> {
            String stem = campaign + "-" + presetName + "-v";
            int number = 1;
            while (one(c, r -> r.getLong(1), "SELECT id FROM release WHERE name = ?", stem + number)
                    .isPresent()) {
                number++;
            }
            update(
                    c,
                    "INSERT INTO release (name, campaign, preset, rows_per_file, state, actor, created_at) VALUES (?, ?, ?, ?, 'BUILDING', ?, ?)",
                    stem + number,
                    campaign,
                    preset,
                    rowsPerFile,
                    actor,
                    ledger.now().toEpochMilli());
            ledger.audit(c, actor, "release-create", stem + number, null);
            return one(c, SqlReleaseBook::version, COLUMNS + "WHERE name = ?", stem + number)
                    .orElseThrow();
        });
    }

    @Override
    public List<Version> releases() {
        return ledger.read(c -> all(c, SqlReleaseBook::version, COLUMNS + "ORDER BY id DESC"));
    }

    @Override
    public Optional<Version> release(String name) {
        return ledger.read(c -> one(c, SqlReleaseBook::version, COLUMNS + "WHERE name = ?", name));
    }

    private static Version version(ResultSet r) throws SQLException {
        return new Version(
                r.getLong(1),
                r.getString(2),
                r.getString(3),
                r.getString(4),
                r.getInt(5),
                State.valueOf(r.getString(6)),
                r.getString(7),
                Instant.ofEpochMilli(r.getLong(8)),
                r.getString(9),
                Instant.ofEpochMilli(r.getLong(10)),
                r.getObject(11) == null ? null : Instant.ofEpochMilli(r.getLong(11)),
                r.getString(12));
    }

    @Override
    public CompletionStage<Boolean> claim(long id, String builder, Instant unheardSince) {
        return changed(
                "UPDATE release SET builder = ?, beat = ? WHERE id = ? AND state = 'BUILDING' AND (builder IS NULL OR builder = ? OR beat < ?)",
                builder,
                ledger.now().toEpochMilli(),
                id,
                builder,
                unheardSince.toEpochMilli());
    }

    @Override
    public CompletionStage<Boolean> beat(long id, String builder, String progress) {
        return changed(
                "UPDATE release SET progress = ?, beat = ?" + MINE,
                progress,
                ledger.now().toEpochMilli(),
                id,
                builder);
    }

    @Override
    public CompletionStage<Boolean> publish(long id, String builder, String manifest) {
        return ledger.write(0, c -> {
            boolean published = update(
                            c,
                            "UPDATE release SET state = 'PUBLISHED', progress = NULL, manifest = ?, ended_at = ?"
                                    + MINE,
                            manifest,
                            ledger.now().toEpochMilli(),
                            id,
                            builder)
                    == 1;
            if (published) {
                ledger.audit(c, "tracker", "release-publish", name(c, id), null);
            }
            return published;
        });
    }

    @Override
    public CompletionStage<Boolean> fail(long id, String builder, String reason) {
        return ledger.write(0, c -> {
            boolean failed = update(
                            c,
                            "UPDATE release SET state = 'FAILED', progress = ?, ended_at = ?" + MINE,
                            reason,
                            ledger.now().toEpochMilli(),
                            id,
                            builder)
                    == 1;
            if (failed) {
                ledger.audit(c, "tracker", "release-fail", name(c, id), reason);
            }
            return failed;
        });
    }

    private static String name(Session session, long id) throws SQLException {
        return one(session, r -> r.getString(1), "SELECT name FROM release WHERE id = ?", id)
                .orElseThrow();
    }

    private CompletionStage<Boolean> changed(String sql, @Nullable Object... values) {
        return ledger.write(0, c -> update(c, sql, values) == 1);
    }

    @Override
    public CompletionStage<Void> optOut(Wish wish, String actor) {
        return ledger.write(0, c -> {
                    update(
                            c,
                            "INSERT INTO opt_out (kind, value, state, contact, reason, at, actor) VALUES (?, ?, ?, ?, ?, ?, ?)"
                                    + " ON CONFLICT (kind, value) DO UPDATE SET state = CASE WHEN excluded.state = 'ASKED' THEN opt_out.state ELSE excluded.state END,"
                                    + " contact = coalesce(excluded.contact, opt_out.contact), reason = coalesce(excluded.reason, opt_out.reason), actor = excluded.actor",
                            wish.kind(),
                            wish.value(),
                            wish.state().name(),
                            wish.contact(),
                            wish.reason(),
                            wish.at().toEpochMilli(),
                            wish.actor());
                    ledger.audit(
                            c,
                            actor,
                            "opt-out-" + wish.state().name().toLowerCase(Locale.ROOT),
                            wish.kind() + " " + wish.value(),
                            null);
                    return true;
                })
                .thenAccept(done -> {});
    }

    @Override
    public List<Wish> optOuts(WishState state) {
        return ledger.read(c -> all(c, SqlReleaseBook::wish, WISHES + " WHERE state = ? ORDER BY id", state.name()));
    }

    @Override
    public List<Wish> latestOptOuts(int limit) {
        return ledger.read(c -> all(
                c,
                SqlReleaseBook::wish,
                WISHES + " ORDER BY CASE WHEN state = 'ASKED' THEN 0 ELSE 1 END, id DESC LIMIT ?",
                limit));
    }

    @Override
    public long optOutCount() {
        return ledger.read(c -> one(c, r -> r.getLong(1), "SELECT count(*) FROM opt_out"))
                .orElse(0L);
    }

    private static Wish wish(ResultSet r) throws SQLException {
        return new Wish(
                r.getString(1),
                r.getString(2),
                WishState.valueOf(r.getString(3)),
                r.getString(4),
                r.getString(5),
                Instant.ofEpochMilli(r.getLong(6)),
                r.getString(7));
    }

    @Override
    public String optOutsStamp() {
        return ledger.read(c -> one(
                        c,
                        r -> r.getLong(1) + " " + r.getString(2),
                        "SELECT count(*), coalesce(sum(id), 0) FROM opt_out WHERE state = 'HONOURED'"))
                .orElseThrow();
    }

    @Override
    public CompletionStage<Integer> honour(
            String kind, List<String> values, @Nullable String reason, Instant at, String actor) {
        return ledger.write(0, c -> {
            int changed = 0;
            for (String value : values) {
                changed += update(
                        c,
                        "INSERT INTO opt_out (kind, value, state, contact, reason, at, actor) VALUES (?, ?, 'HONOURED', NULL, ?, ?, ?)"
                                + " ON CONFLICT (kind, value) DO UPDATE SET state = 'HONOURED', reason = coalesce(excluded.reason, opt_out.reason),"
                                + " actor = excluded.actor WHERE opt_out.state <> 'HONOURED'",
                        kind,
                        value,
                        reason,
                        at.toEpochMilli(),
                        actor);
            }
            if (changed > 0) {
                ledger.audit(c, actor, "opt-out-list", changed + " of kind " + kind, reason);
            }
            return changed;
        });
    }

    @Override
    public CompletionStage<Boolean> forget(String kind, String value, String actor) {
        return ledger.write(0, c -> {
            boolean forgotten = update(c, "DELETE FROM opt_out WHERE kind = ? AND value = ?", kind, value) == 1;
            if (forgotten) {
                ledger.audit(c, actor, "opt-out-forget", kind + " " + value, null);
            }
            return forgotten;
        });
    }
}
