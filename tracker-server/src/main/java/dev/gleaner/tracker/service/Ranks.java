package dev.gleaner.tracker.service;

import dev.gleaner.protocol.lease.Rank;
import dev.gleaner.tracker.ledger.Roster;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Places of workers as they were at the last refresh, for heartbeats must not ask the ledger. Safe for any thread. */
public final class Ranks {
    private final Roster roster;
    private volatile Map<String, Rank> places = Map.of();

    public Ranks(Roster roster) {
        this.roster = roster;
    }

    /** Reads the roster. */
    public void refresh() {
        List<Roster.Given> given = roster.given();
        Map<String, Rank> fresh = new HashMap<>(given.size() * 2);
        int place = 0;
        for (int i = 0; i < given.size(); i++) {
            // Who gave as much as the one before shares its place.
            place = i > 0 && given.get(i).kept() == given.get(i - 1).kept() ? place : i + 1;
            fresh.put(given.get(i).worker(), new Rank(place, given.size()));
        }
        places = fresh;
    }

    /** Null when the worker gave nothing yet. */
    @Nullable
    Rank of(String worker) {
        return places.get(worker);
    }
}
