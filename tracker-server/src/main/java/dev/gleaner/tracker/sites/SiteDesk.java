package dev.gleaner.tracker.sites;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.lease.Sites;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one well-mannered visitor of many workers.
 *
 * <ul>
 *   <li>A site that asks one worker for a rest is left alone by all: for as long as it says, within {@link #LEAST_REST} and
 *       {@link #LONGEST_REST}, or for a minute; twice as long each time that it says so again.
 *   <li>A site that all together ask more often than {@link SiteRates#perSite} is visited less often by each.
 *   <li>A source of WATs has a rate of its own, of which less is used after several workers were refused. One refused worker
 *       does not stop the others: it may be that worker's address.
 *   <li>A worker can put at most {@value #MOST_STRIKES} sites to rest in an hour, so that a liar cannot stop the crawl.
 * </ul>
 *
 * <p>Nothing here must be true, and nothing survives a restart. Safe for any thread.
 */
public final class SiteDesk {
    static final Duration LEAST_REST = Duration.ofSeconds(30);
    static final Duration LONGEST_REST = Duration.ofMinutes(30);
    static final int MOST_STRIKES = 200;

    private static final Logger log = LoggerFactory.getLogger(SiteDesk.class);
    private static final Duration REST = Duration.ofMinutes(1);
    /** A rest that is followed by another within this time was not long enough. */
    private static final Duration AGAIN = Duration.ofMinutes(10);

    private static final Duration PACE = Duration.ofMinutes(3);
    private static final int LONGEST_INTERVAL_MILLIS = 60_000;
    private static final int MOST_ASKED = 1_000_000;
    private static final int MOST_VIEWED = 1_000;
    /** Notes of other trackers come late and by another clock. */
    private static final Duration OVERLAP = Duration.ofSeconds(20);

    private static final Duration LISTED = Duration.ofSeconds(1);
    private static final Pattern SITE = Pattern.compile("[a-z0-9._\\[\\]:-]{1,253}");

    private final InstantSource clock;
    private final Supplier<SiteRates> rates;
    private final Supplier<StoppedSites> stopped;
    private final Board board;
    private final Cache<String, Traffic> traffic = Caffeine.newBuilder()
            .maximumSize(200_000)
            .expireAfterAccess(Duration.ofMinutes(30))
            .build();
    private final Cache<String, Strikes> strikes =
            Caffeine.newBuilder().maximumSize(100_000).build();
    private volatile Listing listing = new Listing(Instant.EPOCH, List.of());

    /** Notes in the order in which they were written, as of some moment. */
    private record Listing(Instant at, List<SiteNote> notes) {}

    /** A site that is spared, for people. */
    public record View(String site, long restSeconds, int intervalMillis, int strikes) {}

    private static final class Strikes {
        private Instant since = Instant.EPOCH;
        private int count;
    }

    /** @param stopped where nobody shall go */
    public SiteDesk(InstantSource clock, Supplier<SiteRates> rates, Supplier<StoppedSites> stopped, Board board) {
        this.stopped = stopped;
        this.clock = clock;
        this.rates = rates;
        this.board = board;
    }

    /**
     * Takes a worker's report and says what is new to it.
     *
     * @throws IllegalArgumentException when the report is not one
     */
    public Sites.Orders beat(String worker, Sites.Report report) {
        if (report.tallies().size() > Sites.MAX_TALLIES) {
            throw new IllegalArgumentException("a report names at most " + Sites.MAX_TALLIES + " sites");
        }
        for (Sites.Tally tally : report.tallies()) {
            if (tally.asked() < 0 || tally.refused() < 0 || tally.restSeconds() < 0) {
                throw new IllegalArgumentException("a report has a negative count");
            }
        }
        Instant now = clock.instant();
        for (Sites.Tally tally : report.tallies()) {
            // Pages link to all sorts of hosts. One with an odd name must not cost the worker its heartbeat.
            if (SITE.matcher(tally.site()).matches()) {
                take(worker, tally, now);
            }
        }
        return news(report, now);
    }

    private void take(String worker, Sites.Tally tally, Instant now) {
        Traffic seen = traffic.get(tally.site(), site -> new Traffic(now));
        int millis;
        synchronized (seen) {
            seen.add(worker, Math.min(MOST_ASKED, tally.asked()), tally.refused() > 0, now);
            millis = interval(tally, seen, now);
        }
        if (!tally.source() && tally.refused() > 0) {
            rest(worker, tally, now);
        }
        pace(tally.site(), millis, now);
    }

    /** How long each worker should wait between two requests for all of them together to keep to the rate; 0: as it likes. */
    private int interval(Sites.Tally tally, Traffic seen, Instant now) {
        SiteRates most = rates.get();
        double whole = tally.source() ? most.perSource() * seen.share(now) : most.perSite();
        double allowed = whole / board.trackers();
        boolean paced = board.note(tally.site()).filter(n -> n.isPaced(now)).isPresent();
        // Once they keep to it their rate says nothing any more of what they would do without.
        if (seen.rate(now) <= (paced ? allowed / 2 : allowed)) {
            return 0;
        }
        return (int) Math.min(LONGEST_INTERVAL_MILLIS, Math.ceil(1_000 * seen.workers() / allowed));
    }

    private void pace(String site, int millis, Instant now) {
        if (millis == 0) {
            return;
        }
        SiteNote note = board.note(site).orElseGet(() -> SiteNote.none(site));
        boolean same = note.isPaced(now) && Math.abs(note.intervalMillis() - millis) * 5 <= millis;
        if (same && Duration.between(now, note.paceUntil()).compareTo(PACE.dividedBy(2)) > 0) {
            return;
        }
        board.put(note.paced(millis, now.plus(PACE), now));
    }

    private void rest(String worker, Sites.Tally tally, Instant now) {
        SiteNote note = board.note(tally.site()).orElseGet(() -> SiteNote.none(tally.site()));
        if (note.rests(now) || !mayStrike(worker, now)) {
            return;
        }
        int count = Duration.between(note.restUntil(), now).compareTo(AGAIN) < 0 ? note.strikes() + 1 : 1;
        Duration asked = tally.restSeconds() == 0 ? REST : Duration.ofSeconds(tally.restSeconds());
        Duration rest = asked.multipliedBy(1L << Math.min(5, count - 1));
        rest = rest.compareTo(LEAST_REST) < 0 ? LEAST_REST : rest.compareTo(LONGEST_REST) > 0 ? LONGEST_REST : rest;
        board.put(note.resting(now.plus(rest), count, now));
        log.debug("Site is left alone: site={} seconds={} strikes={}", tally.site(), rest.toSeconds(), count);
    }

    private boolean mayStrike(String worker, Instant now) {
        Strikes own = strikes.get(worker, w -> new Strikes());
        synchronized (own) {
            if (Duration.between(own.since, now).compareTo(Duration.ofHours(1)) > 0) {
                own.since = now;
                own.count = 0;
            }
            if (++own.count == MOST_STRIKES + 1) {
                log.warn(
                        "Worker reports too many sites that refuse and is not believed for an hour: worker={}", worker);
            }
            return own.count <= MOST_STRIKES;
        }
    }

    private Sites.Orders news(Sites.Report report, Instant now) {
        long since = report.since();
        StoppedSites all = stopped.get();
        long known = report.stops() == null ? 0 : report.stops();
        Sites.Stops stops = known == all.version() ? null : all.told();
        List<SiteNote> notes = notes(now);
        // A cursor of times to come is one of a clock that was set back.
        int from = since > now.toEpochMilli() ? 0 : firstAfter(notes, since);
        int to = Math.min(notes.size(), from + Sites.MAX_ORDERS);
        List<Sites.Order> orders = notes.subList(from, to).stream()
                .filter(note -> note.rests(now) || note.isPaced(now))
                .map(note -> new Sites.Order(
                        note.site(), (int) restSeconds(note, now), note.isPaced(now) ? note.intervalMillis() : 0))
                .toList();
        Instant told = to == notes.size() ? now : notes.get(to - 1).notedAt();
        Instant cursor = told.isAfter(now.minus(OVERLAP)) ? now.minus(OVERLAP) : told;
        return new Sites.Orders(Math.max(0, cursor.toEpochMilli()), orders, stops);
    }

    private static int firstAfter(List<SiteNote> notes, long since) {
        int low = 0;
        int high = notes.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (notes.get(middle).notedAt().toEpochMilli() > since) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** At most a second old: sorting all notes for each beat would cost more than the beat. */
    private List<SiteNote> notes(Instant now) {
        Listing known = listing;
        Duration age = Duration.between(known.at, now);
        if (!age.isNegative() && age.compareTo(LISTED) < 0) {
            return known.notes;
        }
        List<SiteNote> notes = new ArrayList<>();
        for (SiteNote note : board.all()) {
            if (now.isBefore(note.paceUntil().plus(AGAIN))
                    || now.isBefore(note.restUntil().plus(AGAIN))) {
                notes.add(note);
            } else {
                board.remove(note.site());
            }
        }
        notes.sort(Comparator.comparing(SiteNote::notedAt));
        listing = new Listing(now, notes);
        return notes;
    }

    private static long restSeconds(SiteNote note, Instant now) {
        return note.rests(now) ? Duration.between(now, note.restUntil()).toSeconds() + 1 : 0;
    }

    /** The sites that are spared now, those that rest longest first. */
    public List<View> spared() {
        Instant now = clock.instant();
        return board.all().stream()
                .filter(note -> note.rests(now) || note.isPaced(now))
                .map(note -> new View(
                        note.site(),
                        restSeconds(note, now),
                        note.isPaced(now) ? note.intervalMillis() : 0,
                        note.strikes()))
                .sorted(Comparator.comparingLong(View::restSeconds)
                        .thenComparing(View::intervalMillis)
                        .reversed())
                .limit(MOST_VIEWED)
                .toList();
    }
}
