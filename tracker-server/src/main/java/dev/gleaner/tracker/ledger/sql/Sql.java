package dev.gleaner.tracker.ledger.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Statements with their values, and what goes into columns as text. Knows no table. */
final class Sql {
    /** Digest of no candidates at all. */
    static final String NO_CANDIDATES = "0".repeat(32);

    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private Sql() {}

    /** Makes a value of a row; null leaves the row out. */
    interface Row<T> {
        @Nullable
        T of(ResultSet row) throws SQLException;
    }

    static int update(Session session, String sql, @Nullable Object... values) throws SQLException {
        PreparedStatement statement = session.prepare(sql);
        bind(statement, values);
        return statement.executeUpdate();
    }

    /** Of a compare-and-set: the row was as expected, or the change must be decided anew. */
    static void requireOne(int rows, String what) {
        if (rows != 1) {
            throw new GroupCommit.StaleException(what + " was changed by another writer");
        }
    }

    static <T> List<T> all(Session session, Row<T> row, String sql, @Nullable Object... values) throws SQLException {
        PreparedStatement statement = session.prepare(sql);
        bind(statement, values);
        List<T> found = new ArrayList<>();
        try (ResultSet results = statement.executeQuery()) {
            while (results.next()) {
                T value = row.of(results);
                if (value != null) {
                    found.add(value);
                }
            }
        }
        return found;
    }

    static <T> Optional<T> one(Session session, Row<T> row, String sql, @Nullable Object... values)
            throws SQLException {
        return all(session, row, sql, values).stream().findFirst();
    }

    static void bind(PreparedStatement statement, @Nullable Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
    }

    static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records can always be written", e);
        }
    }

    static <T> T parse(String text, Class<T> type) throws SQLException {
        try {
            return JSON.readValue(text, type);
        } catch (JsonProcessingException e) {
            throw new SQLException("a row holds unreadable JSON", e);
        }
    }

    static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
