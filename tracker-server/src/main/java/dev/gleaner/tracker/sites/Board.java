package dev.gleaner.tracker.sites;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Where notes hang for all trackers to see. What hangs there may be late or lost. Safe for any thread. */
public interface Board {
    Optional<SiteNote> note(String site);

    void put(SiteNote note);

    void remove(String site);

    Collection<SiteNote> all();

    /** Trackers that look at it, this one included. */
    int trackers();

    /** Of a tracker that is alone. */
    static Board ofOne() {
        return new Board() {
            private final Map<String, SiteNote> notes = new ConcurrentHashMap<>();

            @Override
            public Optional<SiteNote> note(String site) {
                return Optional.ofNullable(notes.get(site));
            }

            @Override
            public void put(SiteNote note) {
                notes.put(note.site(), note);
            }

            @Override
            public void remove(String site) {
                notes.remove(site);
            }

            @Override
            public Collection<SiteNote> all() {
                return notes.values();
            }

            @Override
            public int trackers() {
                return 1;
            }
        };
    }
}
