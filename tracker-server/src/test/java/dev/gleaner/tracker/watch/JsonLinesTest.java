package dev.gleaner.tracker.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class JsonLinesTest {
    private static JsonNode line(String message, Throwable error, Object... values) throws Exception {
        LoggerContext context = new LoggerContext();
        LoggingEvent event = new LoggingEvent("x", context.getLogger("a.B"), Level.WARN, message, error, values);
        String text = new JsonLines().doLayout(event);
        assertTrue(text.endsWith("}\n"), text);
        assertEquals(1, text.lines().count());
        return new ObjectMapper().readTree(text);
    }

    @Test
    void everyValueThatAMessageNamesIsAFieldOfItsOwn() throws Exception {
        JsonNode line = line("Lease expired: job={} worker={} in {} ms cause={}", null, 7L, "ada", 12, "no heartbeat");
        assertEquals(7, line.path("job").asLong());
        assertTrue(line.path("job").isNumber());
        assertEquals("ada", line.path("worker").asText());
        assertEquals("no heartbeat", line.path("cause").asText());
        assertEquals(
                "Lease expired: job=7 worker=ada in 12 ms cause=no heartbeat",
                line.path("message").asText());
        assertEquals("WARN", line.path("level").asText());
    }

    @Test
    void aHostileValueStaysInsideItsField() throws Exception {
        JsonNode line = line("Result rejected: reason={}", null, "x\"}\n{\"level\":\"INFO\"");
        assertEquals("x\"}\n{\"level\":\"INFO\"", line.path("reason").asText());
        assertEquals("WARN", line.path("level").asText());
    }

    @Test
    void anErrorComesWithItsTrace() throws Exception {
        JsonNode line = line("It failed", new IllegalStateException("boom"));
        assertTrue(line.path("error").asText().contains("boom"));
    }
}
