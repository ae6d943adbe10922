package dev.gleaner.tracker.release.jet;

import com.hazelcast.core.HazelcastInstance;
import dev.gleaner.tracker.storage.ObjectStore;
import java.nio.file.Path;
import java.util.Objects;

/** What a member of the cluster has for its part of a release. */
record Place(ObjectStore store, Path scratch) {
    private static final String KEY = "gleaner.release.place";

    static Place of(ObjectStore store, Path scratch) {
        return new Place(store, scratch);
    }

    void put(HazelcastInstance member) {
        member.getUserContext().put(KEY, this);
    }

    /** @throws IllegalStateException on a member that was not prepared: a tracker of an older version */
    static Place of(HazelcastInstance member) {
        return (Place) Objects.requireNonNull(
                member.getUserContext().get(KEY), "this tracker cannot take part in a release; update it");
    }
}
