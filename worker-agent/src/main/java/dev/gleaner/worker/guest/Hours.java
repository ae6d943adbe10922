package dev.gleaner.worker.guest;

import java.time.DateTimeException;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The hours of the day in which to work, by the machine's own clock: {@code 22-07}, {@code 12:30-13:15,20-06}, or {@code always}.
 * A span that ends before it begins goes past midnight; one that ends when it begins is a whole day. Immutable.
 */
public record Hours(List<Span> spans) {
    private static final Pattern SPAN = Pattern.compile("(\\d{1,2})(?::(\\d{2}))?-(\\d{1,2})(?::(\\d{2}))?");

    /** At any time. */
    public static final Hours ALWAYS = new Hours(List.of());

    /** From, inclusive, to, exclusive. */
    record Span(LocalTime from, LocalTime to) {
        boolean holds(LocalTime time) {
            return from.isBefore(to)
                    ? !time.isBefore(from) && time.isBefore(to)
                    : !time.isBefore(from) || time.isBefore(to);
        }
    }

    public Hours {
        spans = List.copyOf(spans);
    }

    /** @throws IllegalArgumentException when the text is not such hours */
    public static Hours parse(String text) {
        if (text.strip().equalsIgnoreCase("always")) {
            return ALWAYS;
        }
        List<Span> spans = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Matcher matcher = SPAN.matcher(part.strip());
            if (!matcher.matches()) {
                throw new IllegalArgumentException("hours are like 22-07 or 12:30-13:15,20-06, not " + text);
            }
            spans.add(new Span(time(matcher.group(1), matcher.group(2)), time(matcher.group(3), matcher.group(4))));
        }
        return new Hours(spans);
    }

    private static LocalTime time(String hour, @org.jspecify.annotations.Nullable String minute) {
        try {
            return LocalTime.of(Integer.parseInt(hour) % 24, minute == null ? 0 : Integer.parseInt(minute));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("there is no such time of day: " + hour + ":" + minute, e);
        }
    }

    public boolean hold(LocalTime time) {
        return spans.isEmpty() || spans.stream().anyMatch(span -> span.holds(time));
    }
}
