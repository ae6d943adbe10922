package dev.gleaner.tracker.ledger.sql;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lines of the audit trail that the changes of one transaction add, written together before it commits. One thread. */
final class Trail {
    private final List<Line> lines = new ArrayList<>();

    private record Line(
            long at,
            String actor,
            String action,
            String subject,
            @Nullable String detail) {}

    void add(long at, String actor, String action, String subject, @Nullable String detail) {
        lines.add(new Line(at, actor, action, subject, detail));
    }

    void write(Session session) throws SQLException {
        if (lines.isEmpty()) {
            return;
        }
        PreparedStatement insert =
                session.prepare("INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)");
        insert.clearBatch();
        for (Line line : lines) {
            Sql.bind(insert, line.at, line.actor, line.action, line.subject, line.detail);
            insert.addBatch();
        }
        insert.executeBatch();
        clear();
    }

    void clear() {
        lines.clear();
    }
}
