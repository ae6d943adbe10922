package dev.gleaner.worker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintStream;

/** Prints values as JSON, one a line, in UTF-8. */
final class JsonLines {
    static final ObjectMapper JSON = JsonMapper.builder().build();

    private JsonLines() {}

    static String line(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps and records can always be written", e);
        }
    }

    static void print(PrintStream out, Object value) {
        out.print(line(value) + "\n");
    }
}
