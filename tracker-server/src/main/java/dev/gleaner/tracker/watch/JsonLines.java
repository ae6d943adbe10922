package dev.gleaner.tracker.watch;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One JSON object a line. Our messages name their values ({@code "Lease expired: job={} worker={}"}); each of these names
 * becomes a field, so that a search for one job finds every line of it.
 */
public final class JsonLines extends LayoutBase<ILoggingEvent> {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final Pattern PLACE = Pattern.compile("(?:([a-z_]+)=)?\\{}");

    @Override
    public String doLayout(ILoggingEvent event) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("at", Instant.ofEpochMilli(event.getTimeStamp()).toString());
        line.put("level", event.getLevel().toString());
        line.put("logger", event.getLoggerName());
        line.put("thread", event.getThreadName());
        line.put("message", event.getFormattedMessage());
        Object[] values = event.getArgumentArray();
        if (values != null && event.getMessage() != null) {
            Matcher places = PLACE.matcher(event.getMessage());
            for (int i = 0; i < values.length && places.find(); i++) {
                String name = places.group(1);
                if (name != null) {
                    line.putIfAbsent(name, values[i] instanceof Number ? values[i] : String.valueOf(values[i]));
                }
            }
        }
        IThrowableProxy error = event.getThrowableProxy();
        if (error != null) {
            line.put("error", ThrowableProxyUtil.asString(error));
        }
        try {
            return JSON.writeValueAsString(line) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("strings and numbers can always be written", e);
        }
    }
}
