package dev.gleaner.tracker.service;

import dev.gleaner.tracker.ledger.Statistics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * When a campaign will be done, as far as anybody can say: if it goes on as fast as in the best of the last hour, six hours and day, and
 * as slowly as in the worst of them.
 *
 * @param state {@code done}, {@code paused}, {@code stalled}, {@code starting} or {@code running}
 * @param earliest ISO-8601 instant; null unless running
 * @param latest likewise
 */
public record Forecast(
        String state, @Nullable String earliest, @Nullable String latest) {
    /** Without a result for so long, a campaign with open jobs is stalled. */
    static final Duration STALLED = Duration.ofMinutes(15);

    private static final List<Duration> WINDOWS =
            List.of(Duration.ofHours(1), Duration.ofHours(6), Duration.ofHours(24));
    private static final Duration FARTHEST = Duration.ofDays(36_500);

    private enum State {
        DONE,
        PAUSED,
        STALLED,
        STARTING,
        RUNNING
    }

    /**
     * @param left jobs that are open or leased
     * @param day what came in within the last 24 hours, oldest first, by intervals of {@link Statistics#INTERVAL}
     * @param lastResult when the last result came in since the tracker started, null if none did
     */
    static Forecast of(
            boolean paused, long left, List<Statistics.Interval> day, @Nullable Instant lastResult, Instant now) {
        if (left == 0) {
            return without(State.DONE);
        }
        if (paused) {
            return without(State.PAUSED);
        }
        if (day.isEmpty()) {
            return without(State.STARTING);
        }
        Instant last = day.get(day.size() - 1).at().plus(Statistics.INTERVAL);
        if (lastResult != null && lastResult.isAfter(last)) {
            last = lastResult;
        }
        if (last.plus(STALLED).isBefore(now)) {
            return without(State.STALLED);
        }
        Instant first = day.get(0).at();
        List<Double> rates = new ArrayList<>();
        for (Duration window : WINDOWS) {
            Instant from = now.minus(window);
            // A campaign that is younger than the window is not slower for it.
            Instant begin = first.isAfter(from) ? first : from;
            double seconds = Math.max(1, Duration.between(begin, now).toMillis() / 1_000.0);
            double jobs = day.stream()
                    .filter(interval -> !interval.at().isBefore(from.minus(Statistics.INTERVAL)))
                    .mapToLong(Statistics.Interval::jobs)
                    .sum();
            if (jobs > 0) {
                rates.add(jobs / seconds);
            }
        }
        if (rates.isEmpty()) {
            return without(State.STALLED);
        }
        double best = rates.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        double worst = rates.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        return new Forecast(
                name(State.RUNNING),
                now.plus(span((double) left / best)).toString(),
                now.plus(span((double) left / worst)).toString());
    }

    private static Duration span(double seconds) {
        return Duration.ofSeconds((long) Math.min((double) FARTHEST.toSeconds(), seconds));
    }

    private static Forecast without(State state) {
        return new Forecast(name(state), null, null);
    }

    private static String name(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
