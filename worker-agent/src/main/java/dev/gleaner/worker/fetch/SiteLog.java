package dev.gleaner.worker.fetch;

import dev.gleaner.protocol.lease.Sites;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** How sites received this worker since it was last told on. Safe for any thread. */
public final class SiteLog {
    /** Sites remembered; of any others only refusals are noted. */
    private static final int MOST_SITES = 10_000;

    private static final Comparator<Sites.Tally> WORST_FIRST = Comparator.comparing((Sites.Tally t) -> t.refused() > 0)
            .thenComparing(Sites.Tally::source)
            .thenComparing(Sites.Tally::asked)
            .reversed();

    private static final Pattern NAME = Pattern.compile("[a-z0-9._\\[\\]:-]{1,253}");

    private final Map<String, Sites.Tally> tallies = new HashMap<>();

    /** A request went there. */
    void asked(String site) {
        add(new Sites.Tally(site, 1, 0, 0, false));
    }

    /** It wants to be left alone, for so many seconds or, with 0, for a while. */
    void refused(String site, int restSeconds) {
        add(new Sites.Tally(site, 0, 1, restSeconds, false));
    }

    /** Counts what happened together with what did before. Hosts with names that no site has are nobody's concern. */
    public synchronized void add(Sites.Tally tally) {
        if (!NAME.matcher(tally.site()).matches()) {
            return;
        }
        if (tallies.size() < MOST_SITES || tally.refused() > 0 || tallies.containsKey(tally.site())) {
            tallies.merge(tally.site(), tally, SiteLog::sum);
        }
    }

    private static Sites.Tally sum(Sites.Tally a, Sites.Tally b) {
        return new Sites.Tally(
                a.site(),
                a.asked() + b.asked(),
                a.refused() + b.refused(),
                Math.max(a.restSeconds(), b.restSeconds()),
                a.source() || b.source());
    }

    /** Whether a site refused and nobody was told yet. */
    public synchronized boolean hasRefusals() {
        return tallies.values().stream().anyMatch(t -> t.refused() > 0);
    }

    /** The sites most worth telling of; all others are forgotten, for next time they will be others. */
    public synchronized List<Sites.Tally> take(int most) {
        List<Sites.Tally> worst = new ArrayList<>(tallies.values());
        worst.sort(WORST_FIRST);
        tallies.clear();
        return List.copyOf(worst.subList(0, Math.min(most, worst.size())));
    }
}
