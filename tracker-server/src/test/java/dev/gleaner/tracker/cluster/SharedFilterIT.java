package dev.gleaner.tracker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gleaner.tracker.screen.KnownFilter;
import dev.gleaner.tracker.storage.s3.ServerProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The known addresses in the memory of several trackers. */
@Tag("jdk")
class SharedFilterIT {
    private static final int KEYS = 50_000;

    private final List<Integer> ports = new ArrayList<>();
    private final List<Cluster> members = new ArrayList<>();

    private Cluster join(int index) throws Exception {
        Cluster member = Cluster.join(new ClusterSettings(
                "filter-" + ports.get(0),
                "127.0.0.1",
                ports.get(index),
                ServerProcess.freePort(),
                ports.stream().map(port -> "127.0.0.1:" + port).toList(),
                null));
        members.add(member);
        return member;
    }

    @AfterEach
    void stop() {
        members.forEach(Cluster::close);
    }

    private static long[] keys(long seed) {
        return new Random(seed).longs(KEYS).toArray();
    }

    private static void add(KnownFilter filter, long[] keys) throws IOException {
        assertEquals(0, filter.add(keys));
    }

    @Test
    void whatOneTrackerAddsAllKnowAndWhatALostOneHeldIsMadeAgain() throws Exception {
        for (int i = 0; i < 3; i++) {
            ports.add(ServerProcess.freePort());
        }
        KnownFilter first = join(0).filter(2 * KEYS);
        KnownFilter second = join(1).filter(2 * KEYS);
        long[] keys = keys(1);
        assertTrue(second.rebuild(() -> add(second, keys)), "the first to come makes it");
        assertFalse(first.rebuild(() -> add(first, keys)), "and nobody after it");
        assertEquals(KEYS, first.has(keys).cardinality());
        assertTrue(first.has(keys(2)).cardinality() <= KEYS / 1_000);
        assertEquals(KEYS, first.held(), KEYS / 1_000.0);

        // A third one comes, and the first leaves in order: nothing is lost.
        KnownFilter third = join(2).filter(2 * KEYS);
        assertEquals(KEYS, third.has(keys).cardinality());
        members.remove(0).close();
        assertEquals(KEYS, third.has(keys).cardinality());
        assertFalse(third.rebuild(() -> add(third, keys)));

        // One dies with what it held.
        members.remove(0).member().getLifecycleService().terminate();
        int left = third.has(keys).cardinality();
        assertTrue(left < KEYS, left + " are left");
        // That parts were lost is told some time after the member is gone.
        for (int tries = 0; !third.rebuild(() -> add(third, keys)); tries++) {
            assertTrue(tries < 300, "nobody has told that parts were lost");
            Thread.sleep(100);
        }
        assertEquals(KEYS, third.has(keys).cardinality());
    }
}
