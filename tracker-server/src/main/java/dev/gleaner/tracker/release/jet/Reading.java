package dev.gleaner.tracker.release.jet;

import com.hazelcast.jet.core.Processor;
import com.hazelcast.jet.core.metrics.Metrics;
import dev.gleaner.tracker.release.OptOuts;
import dev.gleaner.tracker.release.Order;
import dev.gleaner.tracker.release.PairRow;
import dev.gleaner.tracker.release.Preset;
import dev.gleaner.tracker.release.ShardRef;
import dev.gleaner.tracker.release.ShardRows;
import dev.gleaner.tracker.storage.Digests;
import dev.gleaner.tracker.storage.ObjectStore;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One reader's share of an order's shards: every so manieth of them, pair after pair. One thread. */
abstract class Reading {
    /** Left out at somebody's wish. */
    static final String OPTED_OUT = "opted_out";

    private static final int BATCH = 512;

    final Preset preset;
    private final Order order;
    private final OptOuts optOuts;
    private final ObjectStore store;
    private final int step;
    private int next;
    private ObjectStore.@Nullable LocalCopy copy;
    private @Nullable ShardRows rows;

    Reading(Order order, Place place, Processor.Context context) {
        this.order = order;
        this.preset = Preset.parse(order.preset());
        this.optOuts = order.optOuts();
        this.store = place.store();
        this.next = context.globalProcessorIndex();
        this.step = context.totalParallelism();
    }

    /** Whether pairs must have their embeddings. */
    abstract boolean needsEmbeddings();

    /** A pair, and what the preset makes of it. */
    abstract void take(PairRow row, Preset.Place place);

    /** Reads some more; false when nothing is left. */
    final boolean read() throws IOException {
        for (int i = 0; i < BATCH; i++) {
            PairRow row = nextRow();
            if (row == null) {
                return false;
            }
            take(row, optOuts.cover(row) ? new Preset.Place.Out(OPTED_OUT) : preset.place(row));
        }
        Metrics.metric(JetAssembly.rowsMetric()).increment(BATCH);
        return true;
    }

    private @Nullable PairRow nextRow() throws IOException {
        while (true) {
            if (rows != null) {
                PairRow row = rows.next();
                if (row != null) {
                    return row;
                }
                close();
            }
            if (next >= order.shards().size()) {
                return null;
            }
            open(order.shards().get(next));
            next += step;
        }
    }

    private void open(ShardRef shard) throws IOException {
        copy = store.open(shard.key(), shard.bytes());
        if (!Digests.sha256(copy.path()).equals(shard.sha256())) {
            throw new IOException("the accepted object " + shard.key() + " has other bytes than were accepted");
        }
        rows = new ShardRows(copy.path(), shard, needsEmbeddings());
    }

    final void close() throws IOException {
        if (rows != null) {
            rows.close();
            rows = null;
        }
        if (copy != null) {
            copy.close();
            copy = null;
        }
    }
}
