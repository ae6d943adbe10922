package dev.gleaner.tracker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.Hazelcast;
import dev.gleaner.tracker.Tracker;
import dev.gleaner.tracker.TrackerConfig;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.ledger.Ledger;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("jdk")
class SingleTrackerIT {
    @TempDir
    Path folder;

    private TrackerConfig embedded() {
        return TrackerConfig.embedded("127.0.0.1", 0, folder, LeaseSettings.DEFAULT);
    }

    @Test
    void aTrackerOnItsOwnStartsNoMemberAndOpensNoPortForOthers() throws Exception {
        try (Tracker tracker = Tracker.start(embedded(), InstantSource.system(), "test")) {
            assertEquals(Set.of(), Hazelcast.getAllHazelcastInstances());
            assertEquals(271, tracker.partitions());
        }
    }

    @Test
    void aSecondTrackerOnTheSameFolderIsRefusedInWordsAndTheFirstOneGoesOn() throws Exception {
        try (Tracker tracker = Tracker.start(embedded(), InstantSource.system(), "test")) {
            Ledger.LedgerException e = assertThrows(
                    Ledger.LedgerException.class, () -> Tracker.start(embedded(), InstantSource.system(), "test"));
            assertTrue(e.getMessage().contains("in use by a running tracker"), e.getMessage());
            assertTrue(tracker.port() > 0);
        }
        // What a refused start has begun is undone: the folder is free again.
        Tracker.start(embedded(), InstantSource.system(), "test").close();
    }

    @Test
    void aClusterNeedsAPrivateAddressAndPlacesThatItsTrackersShare() {
        assertThrows(
                IllegalArgumentException.class, () -> new ClusterSettings("x", "0.0.0.0", 5701, 5702, List.of(), null));
        ClusterSettings cluster = new ClusterSettings("x", "10.0.0.1", 5701, 5702, List.of(), null);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> new TrackerConfig(
                        "127.0.0.1",
                        0,
                        folder,
                        LeaseSettings.DEFAULT,
                        new TrackerConfig.LedgerPlace.Embedded(),
                        new TrackerConfig.ObjectsPlace.Embedded(),
                        cluster,
                        List.of(),
                        null));
        assertTrue(e.getMessage().contains("PostgreSQL") && e.getMessage().contains("S3"), e.getMessage());
    }
}
