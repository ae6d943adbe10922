package dev.gleaner.tracker.ledger.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
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
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private Sql() {}

    /** Makes a value of a row; null leaves the row out. */
    interface Row<T> {
        @Nullable
        T of(ResultSet row) throws SQLException;
    }

    static int update(Connection c, String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = c.prepareStatement(sql)) {
            bind(statement, values);
            return statement.executeUpdate();
        }
    }

    static void requireOne(int rows) {
        if (rows != 1) {
            throw new IllegalStateException("bug: a compare-and-set under a single writer touched " + rows + " rows");
        }
    }

    static <T> List<T> all(Connection c, Row<T> row, String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = c.prepareStatement(sql)) {
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
    }

    static <T> Optional<T> one(Connection c, Row<T> row, String sql, @Nullable Object... values) throws SQLException {
        return all(c, row, sql, values).stream().findFirst();
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
