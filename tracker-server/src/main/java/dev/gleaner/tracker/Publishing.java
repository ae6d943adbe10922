package dev.gleaner.tracker;

import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.explore.Encoder;
import dev.gleaner.tracker.explore.Explorer;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.release.Releases;
import dev.gleaner.tracker.release.jet.JetAssembly;
import dev.gleaner.tracker.service.ExploreCalls;
import dev.gleaner.tracker.service.ReleaseCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What becomes of accepted results: releases are built and made searchable, one after the other, on a thread of their own. */
record Publishing(Releases releases, ExploreCalls explore, ScheduledExecutorService thread)
        implements ReleaseCalls.ReleaseThread {
    /** Pairs of a release that this tracker makes searchable: some 4 GB of disk with 512 numbers each. */
    private static final long MOST_INDEXED = 1_000_000;
    /** What building an index takes of the heap for a pair, generously. */
    private static final long HEAP_A_PAIR = 2_000;

    static Publishing open(Foundation base, Parts parts) throws IOException {
        SqlLedger ledger = base.ledger();
        Cluster cluster = base.cluster();
        if (cluster != null) {
            JetAssembly.prepare(cluster.member(), base.store(), base.scratch());
        }
        Releases releases = new Releases(
                ledger,
                ledger.releaseBook(),
                ledger.chain(),
                base.store(),
                new JetAssembly(() -> cluster == null ? null : cluster.member(), base.store(), base.scratch()),
                base::stoppedNames,
                base.scratch(),
                // A tracker on its own goes on at once with what it built before it died.
                cluster == null ? "alone" : UUID.randomUUID().toString(),
                base.clock());
        Explorer explorer = parts.add(
                "explorer",
                new Explorer(
                        base.store(),
                        base.config().data().resolve("explore"),
                        Math.min(MOST_INDEXED, Runtime.getRuntime().maxMemory() / HEAP_A_PAIR)));
        Path worker = base.config().encoder();
        Encoder encoder = worker == null
                ? null
                : parts.add("encoder", new Encoder(worker, base.config().data().resolve("encoder"), base.clock()));
        return new Publishing(
                releases,
                new ExploreCalls(ledger.releaseBook(), explorer, encoder, base.bundles(), base::stoppedNames),
                parts.thread("releases"));
    }

    void schedule() {
        Parts.every(thread, Tracker.SWEEP_SECONDS, TimeUnit.SECONDS, this::work);
    }

    @Override
    public void build() {
        thread.execute(this::work);
    }

    @Override
    public void execute(Runnable work) {
        thread.execute(work);
    }

    private void work() {
        releases.work();
        explore.work();
    }
}
