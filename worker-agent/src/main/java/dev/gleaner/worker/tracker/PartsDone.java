package dev.gleaner.worker.tracker;

import dev.gleaner.protocol.lease.Tickets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which parts of one object the store has taken. One thread. */
final class PartsDone {
    private final Set<Long> offsets = new HashSet<>();
    private String session = "";

    /** What is still to be sent; everything when the tracker has begun a new session. */
    List<Tickets.Part> missing(Tickets.Parts parts) {
        if (!parts.session().equals(session)) {
            session = parts.session();
            offsets.clear();
        }
        return parts.parts().stream()
                .filter(part -> !offsets.contains(part.offset()))
                .toList();
    }

    void taken(Tickets.Part part) {
        offsets.add(part.offset());
    }

    int count() {
        return offsets.size();
    }
}
