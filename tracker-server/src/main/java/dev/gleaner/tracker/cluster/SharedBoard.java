package dev.gleaner.tracker.cluster;

import dev.gleaner.tracker.sites.Board;
import dev.gleaner.tracker.sites.SiteNote;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The board as a replicated map: each tracker reads its own copy, and the last to write wins. */
public final class SharedBoard implements Board {
    private static final String NAME = "gleaner.sites";

    private final Cluster cluster;
    private final Map<String, String> notes;

    public SharedBoard(Cluster cluster) {
        this.cluster = cluster;
        this.notes = cluster.replicated(NAME);
    }

    @Override
    public Optional<SiteNote> note(String site) {
        return read(site, notes.get(site));
    }

    @Override
    public void put(SiteNote note) {
        notes.put(
                note.site(),
                note.restUntil().toEpochMilli() + " " + note.strikes() + " " + note.intervalMillis() + " "
                        + note.paceUntil().toEpochMilli() + " " + note.notedAt().toEpochMilli());
    }

    @Override
    public void remove(String site) {
        notes.remove(site);
    }

    @Override
    public Collection<SiteNote> all() {
        List<SiteNote> all = new ArrayList<>();
        notes.forEach((site, written) -> read(site, written).ifPresent(all::add));
        return all;
    }

    @Override
    public int trackers() {
        return cluster.members();
    }

    private static Optional<SiteNote> read(String site, @Nullable String written) {
        String[] parts = written == null ? new String[0] : written.split(" ", -1);
        if (parts.length != 5) {
            return Optional.empty();
        }
        return Optional.of(new SiteNote(
                site,
                Instant.ofEpochMilli(Long.parseLong(parts[0])),
                Integer.parseInt(parts[1]),
                Integer.parseInt(parts[2]),
                Instant.ofEpochMilli(Long.parseLong(parts[3])),
                Instant.ofEpochMilli(Long.parseLong(parts[4]))));
    }
}
