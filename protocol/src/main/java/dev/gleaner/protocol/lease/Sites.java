package dev.gleaner.protocol.lease;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the swarm spares web sites: with heartbeats workers tell how sites received them, and hear which sites all of them are to
 * leave alone or visit less often. A site is a registered domain by the public suffix list, or the host where there is none.
 */
public final class Sites {
    /** The most sites of one report. */
    public static final int MAX_TALLIES = 100;

    /** The most sites of one answer; the rest comes with the next. */
    public static final int MAX_ORDERS = 500;

    /** The most sites of a list of {@link Stops}. */
    public static final int MAX_STOPS = 20_000;

    private Sites() {}

    /**
     * @param since the cursor of the last answer, 0 at first
     * @param tallies since the last report that got through: first the sites that refused, then the most visited
     * @param stops the version of the list of {@link Stops} that this worker keeps to; null for none
     */
    public record Report(
            long since,
            List<Tally> tallies,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long stops) {
        /** Without a list. */
        public Report(long since, List<Tally> tallies) {
            this(since, tallies, null);
        }
    }

    /**
     * @param site in lower case
     * @param asked requests sent there
     * @param refused answers that asked for fewer requests: 429, 503, and 403 of a WAT's host
     * @param restSeconds the longest {@code Retry-After} among them; 0 when none was given
     * @param source whether WATs were read there, and not pictures
     */
    public record Tally(String site, int asked, int refused, int restSeconds, boolean source) {}

    /**
     * @param cursor to be sent with the next report; it means something to the tracker only
     * @param orders what is new since the cursor that was sent
     * @param stops null when the worker keeps to the latest list, or knows of no lists
     */
    public record Orders(
            long cursor,
            List<Order> orders,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Stops stops) {
        /** Without a list. */
        public Orders(long cursor, List<Order> orders) {
            this(cursor, orders, null);
        }
    }

    /**
     * Whose owners want no visits: nobody asks them, or a name below them, for anything.
     *
     * @param version greater with each change
     * @param sites all of them, in lower case
     */
    public record Stops(long version, List<String> sites) {}

    /**
     * @param restSeconds nobody goes there for so long; 0: one may
     * @param intervalMillis least time between the starts of two requests of this worker there, for as long as it hears
     *     nothing else and at most for three minutes; 0: its own manners are enough
     */
    public record Order(String site, int restSeconds, int intervalMillis) {}
}
