package dev.gleaner.tracker.service;

import dev.gleaner.tracker.intake.Collector;
import dev.gleaner.tracker.ledger.Ledger;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What operators do with the tracker itself: look up what was done, and collect what nobody needs. Safe for any thread. */
public final class UpkeepCalls {
    private static final int MAX_PAGE = 1_000;

    private final Ledger ledger;
    private final Collector collector;

    public UpkeepCalls(Ledger ledger, Collector collector) {
        this.ledger = ledger;
        this.collector = collector;
    }

    /** @param delete false only shows what would go */
    public record Collect(boolean delete, int olderThanHours) {}

    /** A line of the audit trail on the wire. */
    public record AuditLine(
            long id,
            String at,
            String actor,
            String action,
            String subject,
            @Nullable String detail) {}

    /** Collects objects that nobody needs, or only shows them; notes in the audit trail what was deleted. Blocks. */
    public Collector.Found collect(String actor, Collect wish) throws IOException {
        Refusal.unless(
                wish.olderThanHours() >= 1 && wish.olderThanHours() <= 24 * 365,
                "olderThanHours must be 1 to " + 24 * 365);
        Collector.Found found = collector.collect(Duration.ofHours(wish.olderThanHours()), wish.delete());
        if (wish.delete()) {
            ledger.note(actor, "objects-collect", found.objects() + " objects", found.bytes() + " bytes")
                    .toCompletableFuture()
                    .join();
        }
        return found;
    }

    /**
     * The audit trail, newest first.
     *
     * @param before only lines with a smaller number; 0 for the newest
     * @param people only what people did
     */
    public List<AuditLine> audit(long before, int limit, boolean people) {
        Refusal.unless(limit >= 1 && limit <= MAX_PAGE, "limit must be 1 to " + MAX_PAGE);
        return ledger.audit(before <= 0 ? Long.MAX_VALUE : before, limit, people).stream()
                .map(row -> new AuditLine(
                        row.id(), row.at().toString(), row.actor(), row.action(), row.subject(), row.detail()))
                .toList();
    }
}
