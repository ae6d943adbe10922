package dev.gleaner.tracker;

import dev.gleaner.protocol.release.WorkerRelease;
import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.cluster.ClusterSettings;
import dev.gleaner.tracker.lease.LeaseSettings;
import dev.gleaner.tracker.lease.LeaseTimes;
import dev.gleaner.tracker.lease.Limits;
import dev.gleaner.tracker.ledger.Enrolment;
import dev.gleaner.tracker.ledger.Share;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.service.BundleShelf;
import dev.gleaner.tracker.service.SettingCalls;
import dev.gleaner.tracker.settings.Setting;
import dev.gleaner.tracker.sites.SiteRates;
import dev.gleaner.tracker.sites.StoppedSites;
import dev.gleaner.tracker.storage.ObjectStore;
import dev.gleaner.tracker.watch.Meters;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all other parts of a tracker stand on: where it keeps things, whom it shares the work with, and what operators have set.
 *
 * @param cluster null for a tracker on its own
 * @param scratch an empty folder for files on their way
 * @param stopped sites that asked to be left alone
 */
record Foundation(
        TrackerConfig config,
        InstantSource clock,
        Meters meters,
        SqlLedger ledger,
        ObjectStore store,
        BundleShelf bundles,
        @Nullable Cluster cluster,
        Path scratch,
        SettingCalls.Settings settings,
        Setting<StoppedSites> stopped) {

    /** @throws IOException when the data folder cannot be used, or a place cannot be reached */
    static Foundation lay(TrackerConfig config, InstantSource clock, Parts parts) throws IOException {
        Meters meters = parts.add("meters", new Meters());
        if (config.ledger() instanceof TrackerConfig.LedgerPlace.Embedded) {
            parts.add("ledger lock", Places.lock(config.data()));
        }
        SqlLedger ledger = parts.add("ledger", Places.ledger(config, clock, meters));
        OperatorToken.provide(OperatorToken.file(config.data()), ledger);
        ObjectStore store = Places.objects(config, ledger, clock);
        if (store instanceof AutoCloseable closeable) {
            parts.add("object store", closeable);
        }
        ClusterSettings others = config.cluster();
        return new Foundation(
                config,
                clock,
                meters,
                ledger,
                store,
                new BundleShelf(config.data().resolve("bundles"), store),
                others == null ? null : parts.add("cluster", Cluster.join(others)),
                Places.scratch(config.data()),
                new SettingCalls.Settings(
                        new Setting<>(ledger, "lease.times", LeaseTimes.class, LeaseTimes.of(config.leases())),
                        new Setting<>(ledger, "limits", Limits.class, Limits.DEFAULT),
                        new Setting<>(ledger, "site.rates", SiteRates.class, SiteRates.DEFAULT),
                        new Setting<>(ledger, "enrolment", Enrolment.class, Enrolment.DEFAULT),
                        new Setting<>(ledger, "worker.release", WorkerRelease.class, WorkerRelease.NONE)),
                new Setting<>(ledger, "stopped.sites", StoppedSites.class, StoppedSites.NONE));
    }

    /** The jobs that are this tracker's now. */
    Share share() {
        return cluster == null ? Share.ALL : cluster.share();
    }

    /** How leases are given now. */
    LeaseSettings leases() {
        return settings.times().get().settings();
    }

    /** Names of the sites that asked to be left alone. */
    List<String> stoppedNames() {
        return stopped.get().stops().stream().map(StoppedSites.Stop::site).toList();
    }
}
