package dev.gleaner.tracker;

import dev.gleaner.protocol.lease.FencingToken;
import dev.gleaner.protocol.lease.Submit;
import dev.gleaner.tracker.cluster.Cluster;
import dev.gleaner.tracker.cluster.ClusterSettings;
import dev.gleaner.tracker.intake.Intake;
import dev.gleaner.tracker.lease.LeaseDesk;
import dev.gleaner.tracker.lease.Wellness;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.ledger.sql.SqlLedger;
import dev.gleaner.tracker.screen.KnownAddresses;
import dev.gleaner.tracker.screen.KnownFilter;
import dev.gleaner.tracker.screen.LocalFilter;
import dev.gleaner.tracker.service.Hosts;
import dev.gleaner.tracker.service.Judge;
import dev.gleaner.tracker.service.JudgeMonitor;
import dev.gleaner.tracker.service.ScreenCalls;
import dev.gleaner.tracker.trust.Draw;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of jobs through this tracker, each part with its thread: leased by the desk, asked about what to leave out while they are
 * under way, judged when they are handed in, remembered when they count.
 *
 * @param screenThread on which what is to be left out is looked up again
 * @param knownThread on which accepted addresses are remembered, and the chain of results grows
 */
record JobFlow(
        LeaseDesk desk,
        Judge judge,
        ScreenCalls screens,
        KnownAddresses known,
        Hosts hosts,
        Wellness wellness,
        ScheduledExecutorService screenThread,
        ScheduledExecutorService knownThread) {
    private static final Logger log = LoggerFactory.getLogger(JobFlow.class);
    private static final int INTAKE_THREADS = 2;
    private static final int RESULTS_TO_KNOW_SLOW = 10;
    private static final long TICK_MILLIS = 200;
    private static final long SHARE_MILLIS = 500;

    /** @throws IOException when what this tracker shall remember does not fit into its memory */
    static JobFlow open(Foundation base, Parts parts) throws IOException {
        SqlLedger ledger = base.ledger();
        ScheduledExecutorService leaseThread = parts.thread("leases");
        KnownAddresses known = new KnownAddresses(
                ledger,
                base.store(),
                filter(base.config(), base.cluster()),
                base.scratch().resolve("screened"));
        ScheduledExecutorService knownThread = parts.thread("known addresses");
        ExecutorService intakeThreads = parts.threads("intake", INTAKE_THREADS);
        Wellness wellness = new Wellness();
        Hosts hosts = new Hosts(ledger.statistics()::keptFrom, base.clock());
        ScreenCalls screens = new ScreenCalls(ledger, ledger.releaseBook(), base::stoppedNames, known);
        ScheduledExecutorService screenThread = parts.thread("screening");
        Judge judge = new Judge(
                ledger,
                ledger.reputation(),
                new Draw(ledger.secret("checks")),
                new Intake(base.store()),
                hosts,
                intakeThreads,
                base.clock(),
                screens,
                new JudgeMonitor() {
                    @Override
                    public void judged(Submit.Outcome outcome, String reason) {
                        base.meters().judged(outcome, reason);
                    }

                    @Override
                    public void took(Duration time) {
                        base.meters().took(time);
                    }

                    @Override
                    public void counts(long job, FencingToken token) {
                        knownThread.execute(() -> known.accepted(job, token));
                    }

                    @Override
                    public void failed() {
                        base.meters().failed();
                        wellness.trouble(base.clock().instant());
                    }
                });
        LeaseDesk desk = new LeaseDesk(
                ledger,
                base.clock(),
                new LeaseDesk.Rules(base::leases, base.settings().limits(), wellness, RESULTS_TO_KNOW_SLOW),
                leaseThread,
                (job, attempt) -> judge.judge(job, attempt),
                base.meters());
        desk.own(base.share()).toCompletableFuture().join();
        return new JobFlow(desk, judge, screens, known, hosts, wellness, screenThread, knownThread);
    }

    /** Begins what is done again and again. */
    void schedule(Foundation base, ScheduledExecutorService clockThread) {
        Parts.every(clockThread, TICK_MILLIS, TimeUnit.MILLISECONDS, desk::tick);
        Parts.every(clockThread, Tracker.SWEEP_SECONDS, TimeUnit.SECONDS, desk::sweep);
        judge.sweep(base.share());
        Parts.every(clockThread, Tracker.SWEEP_SECONDS, TimeUnit.SECONDS, () -> judge.sweep(base.share()));
        Parts.every(screenThread, Tracker.SWEEP_SECONDS, TimeUnit.SECONDS, screens::refresh);
        Parts.every(
                knownThread,
                Tracker.SWEEP_SECONDS,
                TimeUnit.SECONDS,
                () -> lengthen(base.ledger().chain()));
        Parts.every(knownThread, Tracker.SWEEP_SECONDS, TimeUnit.SECONDS, known::tend);
        base.meters().known(known::held);
        if (base.cluster() != null) {
            Parts.every(clockThread, SHARE_MILLIS, TimeUnit.MILLISECONDS, () -> desk.own(base.share()));
        }
    }

    private static void lengthen(ResultChain chain) {
        while (chain.extend().toCompletableFuture().join() > 0) {
            log.debug("links are still being added to the chain of results");
        }
    }

    /** @throws IOException when this tracker's part of it does not fit into its memory */
    private static KnownFilter filter(TrackerConfig config, @Nullable Cluster cluster) throws IOException {
        ClusterSettings others = config.cluster();
        long members = others == null ? 1 : Math.max(1, others.members().size());
        long bytes = KnownFilter.bytes(config.knownAddresses()) / members;
        long room = Runtime.getRuntime().maxMemory() / 2;
        if (bytes > room) {
            throw new IOException("to remember " + config.knownAddresses() + " addresses takes " + (bytes >> 20)
                    + " MiB of this tracker's memory, half of which is " + (room >> 20)
                    + " MiB; give it more with -Xmx, or a smaller --known-addresses");
        }
        return cluster == null ? new LocalFilter(config.knownAddresses()) : cluster.filter(config.knownAddresses());
    }
}
