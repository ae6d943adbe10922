package dev.gleaner.tracker.sites;

import dev.gleaner.protocol.lease.Sites;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sites whose owners, or the operators, said that nobody shall go there.
 *
 * @param version greater with each change
 * @param stops in the order in which they came
 */
public record StoppedSites(long version, List<Stop> stops) {
    public static final StoppedSites NONE = new StoppedSites(0, List.of());

    /**
     * @param site in lower case; names below it are meant, too
     * @param since ISO-8601 instant
     * @param by who said so
     */
    public record Stop(String site, String since, String by) {}

    /** @throws IllegalArgumentException when there are more than every worker could be told */
    public StoppedSites {
        stops = List.copyOf(stops);
        if (stops.size() > Sites.MAX_STOPS) {
            throw new IllegalArgumentException("at most " + Sites.MAX_STOPS + " sites can be stopped");
        }
    }

    public Optional<Stop> of(String site) {
        return stops.stream().filter(stop -> stop.site().equals(site)).findAny();
    }

    /** The one that stops this name: its own, or that of a name above it. */
    public Optional<Stop> over(String name) {
        return stops.stream()
                .filter(stop -> name.equals(stop.site()) || name.endsWith("." + stop.site()))
                .findFirst();
    }

    /** With one more, or the same when it is there. */
    public StoppedSites with(Stop stop) {
        if (of(stop.site()).isPresent()) {
            return this;
        }
        List<Stop> more = new ArrayList<>(stops);
        more.add(stop);
        return new StoppedSites(version + 1, more);
    }

    public StoppedSites without(String site) {
        return new StoppedSites(
                version + 1,
                stops.stream().filter(stop -> !stop.site().equals(site)).toList());
    }

    /** As workers are told. */
    public Sites.Stops told() {
        return new Sites.Stops(version, stops.stream().map(Stop::site).toList());
    }
}
