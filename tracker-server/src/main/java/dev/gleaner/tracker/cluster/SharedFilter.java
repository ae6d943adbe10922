package dev.gleaner.tracker.cluster;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.map.IMap;
import dev.gleaner.tracker.screen.FilterPart;
import dev.gleaner.tracker.screen.KnownFilter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A filter whose parts lie in the memory of all trackers, each in one of them: a map without backups, for what a tracker takes with it
 * when it dies is made again from the store. Keys go to where the parts are, and only answers come back. Safe for any thread.
 */
final class SharedFilter implements KnownFilter {
    static final String PARTS_MAP = "known-addresses";
    static final String STATE_MAP = "known-addresses-state";
    private static final String REBUILT = "rebuilt";
    private static final long PATIENCE_SECONDS = 5;

    private final HazelcastInstance hazelcast;
    private final IMap<Integer, FilterPart> parts;
    private final IMap<String, Long> state;
    private final int room;
    /** When parts were lost, by the cluster's clock. */
    private final AtomicLong lostAt = new AtomicLong();

    /** @param keys so many have room in all trackers together; the same for all of them */
    SharedFilter(HazelcastInstance hazelcast, long keys) {
        this.hazelcast = hazelcast;
        this.parts = hazelcast.getMap(PARTS_MAP);
        this.state = hazelcast.getMap(STATE_MAP);
        this.room = KnownFilter.roomInPart(keys);
        hazelcast
                .getPartitionService()
                .addPartitionLostListener(
                        lost -> lostAt.set(hazelcast.getCluster().getClusterTime()));
    }

    @Override
    public BitSet has(long[] keys) throws IOException {
        Map<Integer, List<Integer>> places = places(keys);
        BitSet known = new BitSet();
        for (Map.Entry<Integer, long[]> answer :
                ask(places.keySet(), new Has(keysAt(places, keys))).entrySet()) {
            List<Integer> asked = places.getOrDefault(answer.getKey(), List.of());
            BitSet.valueOf(answer.getValue()).stream().forEach(i -> known.set(asked.get(i)));
        }
        return known;
    }

    @Override
    public int add(long[] keys) throws IOException {
        Map<Integer, long[]> byPart = keysAt(places(keys), keys);
        return ask(byPart.keySet(), new Add(byPart, room)).values().stream()
                .mapToInt(Integer::intValue)
                .sum();
    }

    @Override
    public long held() throws IOException {
        return ask(parts.keySet(), new Held()).values().stream()
                .mapToLong(Integer::longValue)
                .sum();
    }

    @Override
    public boolean rebuild(Rebuild work) throws IOException {
        if (!isDue() || !state.tryLock(REBUILT)) {
            return false;
        }
        try {
            if (!isDue()) {
                return false; // Another tracker has just done it.
            }
            long began = hazelcast.getCluster().getClusterTime();
            work.run();
            state.set(REBUILT, began);
            return true;
        } finally {
            state.unlock(REBUILT);
        }
    }

    private boolean isDue() {
        Long rebuilt = state.get(REBUILT);
        return rebuilt == null || lostAt.get() > rebuilt;
    }

    /** Where in what was asked each part's keys stand. */
    private static Map<Integer, List<Integer>> places(long[] keys) {
        Map<Integer, List<Integer>> places = new HashMap<>();
        for (int i = 0; i < keys.length; i++) {
            places.computeIfAbsent(KnownFilter.part(keys[i]), part -> new ArrayList<>())
                    .add(i);
        }
        return places;
    }

    private static Map<Integer, long[]> keysAt(Map<Integer, List<Integer>> places, long[] keys) {
        Map<Integer, long[]> byPart = new HashMap<>();
        places.forEach((part, at) ->
                byPart.put(part, at.stream().mapToLong(i -> keys[i]).toArray()));
        return byPart;
    }

    private <R> Map<Integer, R> ask(Set<Integer> where, EntryProcessor<Integer, FilterPart, R> what)
            throws IOException {
        if (where.isEmpty()) {
            return Map.of();
        }
        try {
            CompletionStage<Map<Integer, R>> answers = parts.submitToKeys(where, what);
            return answers.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException | HazelcastException | HazelcastInstanceNotActiveException e) {
            throw new IOException("the trackers that hold the known addresses do not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }

    /** Runs where a part is, in turn with all else that touches it. */
    private record Has(Map<Integer, long[]> keys) implements EntryProcessor<Integer, FilterPart, long[]> {
        private static final long serialVersionUID = 1L;

        @Override
        public long[] process(Map.Entry<Integer, FilterPart> entry) {
            FilterPart part = entry.getValue();
            BitSet known = new BitSet();
            long[] mine = keys.getOrDefault(entry.getKey(), new long[0]);
            for (int i = 0; part != null && i < mine.length; i++) {
                known.set(i, part.has(mine[i]));
            }
            return known.toLongArray();
        }

        @Override
        public @Nullable EntryProcessor<Integer, FilterPart, long[]> getBackupProcessor() {
            return null;
        }
    }

    private record Add(Map<Integer, long[]> keys, int room) implements EntryProcessor<Integer, FilterPart, Integer> {
        private static final long serialVersionUID = 1L;

        @Override
        public Integer process(Map.Entry<Integer, FilterPart> entry) {
            FilterPart part = entry.getValue();
            if (part == null) {
                part = new FilterPart(room);
            }
            int homeless = 0;
            for (long key : keys.getOrDefault(entry.getKey(), new long[0])) {
                homeless += part.add(key) ? 0 : 1;
            }
            entry.setValue(part);
            return homeless;
        }

        @Override
        public @Nullable EntryProcessor<Integer, FilterPart, Integer> getBackupProcessor() {
            return null;
        }
    }

    private record Held() implements EntryProcessor<Integer, FilterPart, Integer> {
        private static final long serialVersionUID = 1L;

        @Override
        public Integer process(Map.Entry<Integer, FilterPart> entry) {
            FilterPart part = entry.getValue();
            return part == null ? 0 : part.held();
        }

        @Override
        public @Nullable EntryProcessor<Integer, FilterPart, Integer> getBackupProcessor() {
            return null;
        }
    }
}
