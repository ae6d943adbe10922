package dev.gleaner.worker.guest;

import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long to work, for machines that are taken away at a known time, as notebooks in the cloud are. No job is begun that would
 * not be done by the end, judged by the longest so far. Safe for any thread.
 */
public final class Term {
    private static final Pattern TEXT = Pattern.compile("(?:(\\d{1,4})h)?(?:(\\d{1,6})m)?(?:(\\d{1,8})s)?");

    /** Jobs are not all alike. */
    private static final double RESERVE = 1.25;

    private final LongSupplier nanoTime;
    private final long began;
    private final @Nullable Duration length;
    private volatile long longest;

    /**
     * @param length null: for ever
     * @param nanoTime as {@link System#nanoTime}
     */
    public Term(@Nullable Duration length, LongSupplier nanoTime) {
        this.length = length;
        this.nanoTime = nanoTime;
        this.began = nanoTime.getAsLong();
    }

    /**
     * A length as people write it: {@code 11h30m}, {@code 45m}, {@code 90s}.
     *
     * @throws IllegalArgumentException when it is none, or nothing
     */
    public static Duration length(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("a length of time is like 11h30m, 45m or 90s, not " + text);
        }
        Duration length =
                Duration.ofHours(part(matcher, 1)).plusMinutes(part(matcher, 2)).plusSeconds(part(matcher, 3));
        if (length.isZero()) {
            throw new IllegalArgumentException("a length of time is like 11h30m, 45m or 90s, not " + text);
        }
        return length;
    }

    private static long part(Matcher matcher, int group) {
        String digits = matcher.group(group);
        return digits == null ? 0 : Long.parseLong(digits);
    }

    /** A job took so long. */
    public void took(long nanos) {
        longest = Math.max(longest, nanos);
    }

    /** Whether another job would not be done by the end. */
    public boolean isTooShortForAJob() {
        return length != null && left() <= longest * RESERVE;
    }

    /** Whether it is over. */
    public boolean isOver() {
        return length != null && left() <= 0;
    }

    private long left() {
        return length == null ? Long.MAX_VALUE : length.toNanos() - (nanoTime.getAsLong() - began);
    }
}
