package dev.gleaner.tracker.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.lease.Trouble;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.operator.LeaseView;
import dev.gleaner.protocol.operator.WorkerView;
import dev.gleaner.tracker.lease.Desk;
import dev.gleaner.tracker.lease.LeaseQuery;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.Roster;
import dev.gleaner.tracker.ledger.Statistics;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What an operator should look at first. Safe for any thread; blocks on the ledger. */
public final class AttentionCalls {
    private static final int SILENT_SECONDS = 60;
    private static final int STUCK_SECONDS = 900;
    private static final int MOST_OF_A_KIND = 20;
    private static final int LEAST_FAILURES = 5;
    private static final double BAD_RELEASE = 3;
    private static final Duration SIGN_AGAIN = Duration.ofDays(30);
    private static final Duration LATELY = Duration.ofMinutes(10);
    private static final long LOW_DISK_BYTES = 10L << 30;
    private static final double LOW_DISK_SHARE = 0.05;

    private final Ledger ledger;
    private final Roster roster;
    private final Statistics statistics;
    private final PublicCalls everybody;
    private final Desk desk;
    private final Supplier<Instant> lastTrouble;
    private final Path data;
    private final Supplier<Map<String, Instant>> signedUntil;
    private final InstantSource clock;
    private final Cache<String, CompletionStage<Attention>> shared = Caffeine.newBuilder()
            .expireAfterWrite(Duration.ofSeconds(2))
            .maximumSize(1)
            .build();

    /** How much it hurts to look away. */
    public enum Level {
        /** Work is lost or stands still. */
        URGENT,
        /** It will, or some of it does. */
        WARNING,
        /** Good to know. */
        NOTE
    }

    /**
     * One thing to look at.
     *
     * @param kind what it is, e.g. {@code quarantined}: by it a page knows what can be done
     * @param text evidence, for people
     * @param campaign that it is about, or null
     * @param job likewise
     * @param worker likewise
     */
    public record Item(
            Level level,
            String kind,
            String text,
            @Nullable String campaign,
            @Nullable Long job,
            @Nullable String worker) {
        private static Item of(Level level, String kind, String text) {
            return new Item(level, kind, text, null, null, null);
        }
    }

    /** @param items the most urgent first */
    public record Attention(String asOf, List<Item> items) {}

    /**
     * @param lastTrouble when ledger or storage last failed
     * @param data folder of this tracker, whose disk may fill up
     * @param signedUntil until when workers take what was signed of unfinished campaigns
     */
    public AttentionCalls(
            Ledger ledger,
            Roster roster,
            Statistics statistics,
            PublicCalls everybody,
            Desk desk,
            Supplier<Instant> lastTrouble,
            Path data,
            Supplier<Map<String, Instant>> signedUntil,
            InstantSource clock) {
        this.signedUntil = signedUntil;
        this.ledger = ledger;
        this.roster = roster;
        this.statistics = statistics;
        this.everybody = everybody;
        this.desk = desk;
        this.lastTrouble = lastTrouble;
        this.data = data;
        this.clock = clock;
    }

    /** All who ask within two seconds share one look. */
    public CompletionStage<Attention> attention() {
        return shared.get("attention", key -> look());
    }

    private CompletionStage<Attention> look() {
        Instant now = clock.instant();
        List<Item> items = new ArrayList<>();
        unwell(now, items);
        campaigns(items);
        signatures(now, items);
        quarantined(items);
        workers(now, items);
        return desk.leases(leases(SILENT_SECONDS, 0))
                .thenCombine(desk.leases(leases(0, STUCK_SECONDS)), (silent, stuck) -> {
                    if (silent.silent() > 0) {
                        items.add(Item.of(
                                Level.URGENT,
                                "tracker",
                                silent.silent() + " of the trackers did not answer in time; its leases are not shown"));
                    }
                    lease(silent.matched(), silent.leases(), LeaseView::silentSeconds, "silent", "heartbeat", items);
                    lease(stuck.matched(), stuck.leases(), LeaseView::stuckSeconds, "stuck", "progress", items);
                    items.sort(Comparator.comparing(Item::level));
                    return new Attention(now.toString(), List.copyOf(items));
                });
    }

    private static LeaseQuery leases(int silent, int stuck) {
        LeaseQuery.Order order = silent > 0 ? LeaseQuery.Order.SILENT : LeaseQuery.Order.STUCK;
        return new LeaseQuery(null, null, null, 0, silent, stuck, order, 1);
    }

    private static void lease(
            int matched,
            List<LeaseView> first,
            java.util.function.ToLongFunction<LeaseView> seconds,
            String kind,
            String what,
            List<Item> items) {
        if (matched > 0) {
            long longest = first.isEmpty() ? 0 : seconds.applyAsLong(first.get(0));
            items.add(Item.of(
                    Level.URGENT,
                    kind,
                    (matched == 1 ? "1 lease has" : matched + " leases have") + " had no " + what + " for over "
                            + (kind.equals("silent") ? SILENT_SECONDS : STUCK_SECONDS) + " s, the longest " + longest
                            + " s"));
        }
    }

    private void unwell(Instant now, List<Item> items) {
        Instant trouble = lastTrouble.get();
        if (trouble.isAfter(now.minus(LATELY))) {
            items.add(Item.of(
                    Level.URGENT,
                    "unwell",
                    "ledger or object storage could not be used "
                            + Duration.between(trouble, now).toSeconds()
                            + " s ago; the tracker's log says why. Leases that run out meanwhile are nobody's fault"));
        }
        try {
            FileStore disk = Files.getFileStore(data);
            long free = disk.getUsableSpace();
            if (free < LOW_DISK_BYTES || free < LOW_DISK_SHARE * disk.getTotalSpace()) {
                items.add(Item.of(
                        free < LOW_DISK_BYTES / 10 ? Level.URGENT : Level.WARNING,
                        "disk",
                        String.format(Locale.ROOT, "the disk of this tracker's data has %.1f GB left", free / 1e9)));
            }
        } catch (IOException e) {
            items.add(Item.of(Level.WARNING, "disk", "the disk of this tracker's data cannot be looked at: " + e));
        }
    }

    private void campaigns(List<Item> items) {
        for (PublicCalls.CampaignNow campaign : everybody.overview().campaigns()) {
            CampaignStatus status = campaign.status();
            if (campaign.forecast().state().equals("stalled")) {
                items.add(new Item(
                        Level.URGENT,
                        "stalled",
                        "campaign " + status.name() + " has had no result for over "
                                + Forecast.STALLED.toMinutes() + " minutes; "
                                + status.jobs().open() + " jobs are open and "
                                + status.jobs().leased() + " leased",
                        status.name(),
                        null,
                        null));
            }
            if (status.jobs().quarantined() > MOST_OF_A_KIND) {
                items.add(new Item(
                        Level.WARNING,
                        "quarantine",
                        status.jobs().quarantined() + " jobs of " + status.name() + " are set aside",
                        status.name(),
                        null,
                        null));
            }
        }
    }

    private void signatures(Instant now, List<Item> items) {
        signedUntil.get().forEach((campaign, until) -> {
            if (until.isBefore(now.plus(SIGN_AGAIN))) {
                items.add(new Item(
                        until.isBefore(now) ? Level.URGENT : Level.WARNING,
                        "signature",
                        "what was signed of campaign " + campaign + (until.isBefore(now) ? " was" : " is")
                                + " good until " + until
                                + "; workers take nothing of it after that. Sign it again where the key is:"
                                + " tracker-server campaign sign " + campaign + " --key FILE",
                        campaign,
                        null,
                        null));
            }
        });
    }

    private void quarantined(List<Item> items) {
        for (JobView job : ledger.views(new Ledger.JobQuery(null, "quarantined", null, null), 0, MOST_OF_A_KIND)) {
            String reason = job.reason();
            items.add(new Item(
                    Level.WARNING,
                    "quarantined",
                    "job " + job.job() + " of " + job.campaign() + " is set aside: "
                            + (reason == null ? "no reason" : reason),
                    job.campaign(),
                    job.job(),
                    null));
        }
    }

    private void workers(Instant now, List<Item> items) {
        long yesterday = Math.floorDiv(now.toEpochMilli(), Duration.ofDays(1).toMillis()) - 1;
        for (Statistics.Failing worker : statistics.failing(yesterday, LEAST_FAILURES, MOST_OF_A_KIND)) {
            items.add(new Item(
                    Level.WARNING,
                    "failing",
                    worker.nickname() + ": since yesterday " + worker.failed() + " attempts failed and "
                            + worker.rejected() + " results were rejected, " + worker.accepted() + " accepted",
                    null,
                    null,
                    worker.worker()));
        }
        int waiting = 0;
        int troubled = 0;
        for (WorkerView worker : roster.workers()) {
            if (worker.convicted()) {
                items.add(new Item(
                        Level.URGENT,
                        "convicted",
                        worker.nickname()
                                + " handed in results that others proved wrong; those for which nobody else stands were"
                                + " taken back, and it gets no job until you have looked",
                        null,
                        null,
                        worker.worker()));
            }
            if (worker.waiting() && waiting++ < MOST_OF_A_KIND) {
                items.add(new Item(
                        Level.WARNING,
                        "waiting",
                        worker.nickname() + " waits to be let in",
                        null,
                        null,
                        worker.worker()));
            }
            if (worker.live() > 0 && !worker.troubles().isEmpty() && troubled++ < MOST_OF_A_KIND) {
                items.add(new Item(
                        Level.NOTE,
                        "network",
                        worker.nickname() + " has trouble with its network: "
                                + worker.troubles().stream()
                                        .map(AttentionCalls::words)
                                        .collect(Collectors.joining(", ")),
                        null,
                        null,
                        worker.worker()));
            }
        }
        versions(statistics.versions(yesterday), items);
    }

    /** A version that fails far more often than all together do is a bad release. */
    private static void versions(List<Statistics.Version> versions, List<Item> items) {
        List<Statistics.Version> working =
                versions.stream().filter(version -> version.atWork() > 0).toList();
        if (working.size() > 1) {
            items.add(Item.of(
                    Level.NOTE,
                    "versions",
                    "workers run " + working.size() + " versions: "
                            + working.stream()
                                    .limit(MOST_OF_A_KIND)
                                    .map(version -> version.agent() + " (" + version.atWork() + ")")
                                    .collect(Collectors.joining(", "))));
        }
        double all = share(
                versions.stream().mapToLong(AttentionCalls::bad).sum(),
                versions.stream().mapToLong(Statistics.Version::accepted).sum());
        for (Statistics.Version version : versions) {
            double own = share(bad(version), version.accepted());
            if (bad(version) >= LEAST_FAILURES && own > BAD_RELEASE * all && versions.size() > 1) {
                items.add(Item.of(
                        Level.WARNING,
                        "version",
                        String.format(
                                Locale.ROOT,
                                "workers that run %s: since yesterday %.0f %% of %d attempts went wrong, of all workers' %.0f %%",
                                version.agent(),
                                100 * own,
                                bad(version) + version.accepted(),
                                100 * all)));
            }
        }
    }

    private static long bad(Statistics.Version version) {
        return version.rejected() + version.failed();
    }

    private static double share(long bad, long good) {
        return bad + good == 0 ? 0 : (double) bad / (bad + good);
    }

    private static String words(Trouble trouble) {
        return trouble.percent() + " % "
                + switch (trouble.kind()) {
                    case RESOLVER -> "of name lookups go unanswered";
                    case CONNECTIONS -> "of connections fail";
                    case LINK -> "of pictures come too late";
                };
    }
}
