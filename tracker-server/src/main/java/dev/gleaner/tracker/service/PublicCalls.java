package dev.gleaner.tracker.service;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gleaner.protocol.ProblemCode;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.lease.Charter;
import dev.gleaner.protocol.operator.CampaignStatus;
import dev.gleaner.protocol.operator.JobView;
import dev.gleaner.protocol.result.Profile;
import dev.gleaner.tracker.intake.SeenPair;
import dev.gleaner.tracker.ledger.Ledger;
import dev.gleaner.tracker.ledger.ResultChain;
import dev.gleaner.tracker.ledger.Statistics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What everybody may see: how campaigns go, and who gives. All who ask at one time share one look at the ledger. Safe for any thread.
 */
public final class PublicCalls {
    private static final Duration FRESH = Duration.ofSeconds(1);
    private static final Duration RANKED_FOR = Duration.ofSeconds(10);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final int MOST_LEADERS = 200;
    private static final int MOST_LINKS = 1_000;
    private static final int DAYS_SHOWN = 84;

    private final Ledger ledger;
    private final ResultChain chain;
    private final Statistics statistics;
    private final Judge judge;
    private final InstantSource clock;
    private final FieldView field;
    private final Deque<Totals> totals = new ArrayDeque<>();
    private final Cache<String, Object> fresh =
            Caffeine.newBuilder().expireAfterWrite(FRESH).maximumSize(100).build();
    private final Cache<String, Object> ranked = Caffeine.newBuilder()
            .expireAfterWrite(RANKED_FOR)
            .maximumSize(1_000)
            .build();

    /** What had come in at one moment, by campaign. */
    private record Totals(Instant at, Map<String, long[]> of) {}

    /**
     * How everything goes.
     *
     * @param asOf ISO-8601 instant
     */
    public record Overview(String asOf, List<CampaignNow> campaigns, Statistics.Crowd crowd) {}

    /** A campaign, how fast it goes, and when it will be done. */
    public record CampaignNow(CampaignStatus status, Rate minute, Rate hour, Rate day, Forecast forecast) {}

    /** What comes in per second. */
    public record Rate(double jobs, double kept, double bytes) {}

    /**
     * What came in over time; intervals in which nothing did are left out.
     *
     * @param stepSeconds length of an interval
     */
    public record Series(String campaign, String asOf, long stepSeconds, List<Point> points) {}

    /** @param at epoch seconds of the interval's start */
    public record Point(long at, long jobs, long candidates, long kept, long bytes) {}

    /** @param day {@code today} or {@code ever} */
    public record Leaders(String by, String day, String asOf, List<Statistics.Leader> leaders) {}

    /**
     * Somebody's gifts.
     *
     * @param streakDays days in a row, up to today or yesterday, on which something was accepted
     * @param days on which something was handed in, of the last {@value #DAYS_SHOWN}
     */
    public record Volunteer(
            String name,
            String asOf,
            long accepted,
            long rejected,
            long failed,
            long kept,
            int streakDays,
            List<MachineView> machines,
            List<DayView> days) {}

    public record MachineView(
            String worker,
            @Nullable String team,
            String agent,
            String since,
            boolean banned,
            long live,
            long accepted,
            long rejected,
            long failed,
            long kept,
            int streak) {}

    /** @param day ISO-8601 date, UTC */
    public record DayView(String day, long accepted, long rejected, long failed, long kept) {}

    /** A job as everybody may see it. */
    public record PublicJob(long job, String wat, String slice, String state, int attempts) {}

    /**
     * @param levels zoom levels there are
     * @param cells of a tile
     */
    public record FieldShape(long jobs, int levels, int cells) {}

    /** @param checked whether a safety head has looked at it */
    public record SamplePair(
            String url,
            String text,
            float similarity,
            int width,
            int height,
            @Nullable String license,
            boolean checked) {}

    public PublicCalls(Ledger ledger, Statistics statistics, ResultChain chain, Judge judge, InstantSource clock) {
        this.chain = chain;
        this.ledger = ledger;
        this.statistics = statistics;
        this.judge = judge;
        this.clock = clock;
        this.field = new FieldView(statistics, clock);
    }

    @SuppressWarnings("unchecked") // A name always stands for values of one type.
    private static <T> T shared(Cache<String, Object> cache, String name, Supplier<T> look) {
        return (T) cache.get(name, key -> look.get());
    }

    /** Not older than a second. */
    public Overview overview() {
        return shared(fresh, "overview", this::look);
    }

    private Overview look() {
        Instant now = clock.instant();
        List<CampaignStatus> campaigns = ledger.campaigns();
        Totals before = remember(campaigns, now);
        List<CampaignNow> all = campaigns.stream()
                .filter(campaign -> !campaign.state().equals("loading"))
                .map(campaign -> now(campaign, before, now))
                .toList();
        return new Overview(now.toString(), all, shared(ranked, "crowd", statistics::crowd));
    }

    /** Keeps what there is now, and gives what there was a minute ago, or as long ago as is known. */
    private synchronized Totals remember(List<CampaignStatus> campaigns, Instant now) {
        Map<String, long[]> of = new HashMap<>();
        for (CampaignStatus campaign : campaigns) {
            of.put(
                    campaign.name(),
                    new long[] {campaign.jobs().done(), campaign.accepted().kept(), campaign.bytesStored()});
        }
        totals.addLast(new Totals(now, of));
        while (totals.size() > 2 && totals.getFirst().at.plus(MINUTE).isBefore(now)) {
            totals.removeFirst();
        }
        return totals.getFirst();
    }

    private CampaignNow now(CampaignStatus campaign, Totals before, Instant now) {
        List<Statistics.Interval> day = shared(
                ranked,
                "day " + campaign.name(),
                () -> statistics.progress(campaign.name(), now.minus(DAY), Statistics.INTERVAL));
        CampaignStatus.Jobs jobs = campaign.jobs();
        Rate minute = minute(campaign, before, now);
        Instant last = minute.jobs > 0 ? now : null;
        return new CampaignNow(
                campaign,
                minute,
                rate(day, now, Duration.ofHours(1)),
                rate(day, now, DAY),
                Forecast.of(campaign.state().equals("paused"), jobs.open() + jobs.leased(), day, last, now));
    }

    private static Rate minute(CampaignStatus campaign, Totals before, Instant now) {
        long[] then = before.of.get(campaign.name());
        double seconds = Duration.between(before.at, now).toMillis() / 1_000.0;
        if (then == null || seconds < 1) {
            return new Rate(0, 0, 0);
        }
        return new Rate(
                Math.max(0, campaign.jobs().done() - then[0]) / seconds,
                Math.max(0, campaign.accepted().kept() - then[1]) / seconds,
                Math.max(0, campaign.bytesStored() - then[2]) / seconds);
    }

    private static Rate rate(List<Statistics.Interval> day, Instant now, Duration window) {
        Instant from = now.minus(window);
        List<Statistics.Interval> within =
                day.stream().filter(interval -> !interval.at().isBefore(from)).toList();
        if (within.isEmpty()) {
            return new Rate(0, 0, 0);
        }
        double seconds = Math.max(1, Duration.between(within.get(0).at(), now).toMillis() / 1_000.0);
        return new Rate(
                within.stream().mapToLong(Statistics.Interval::jobs).sum() / seconds,
                within.stream().mapToLong(Statistics.Interval::kept).sum() / seconds,
                within.stream().mapToLong(Statistics.Interval::bytes).sum() / seconds);
    }

    /** @param span {@code hour}, {@code day}, {@code week} or {@code all} */
    public Series series(String campaign, String span) {
        requireCampaign(campaign);
        return shared(ranked, "series " + span + " " + campaign, () -> {
            Instant now = clock.instant();
            Instant from =
                    switch (span) {
                        case "hour" -> now.minus(Duration.ofHours(1));
                        case "day" -> now.minus(DAY);
                        case "week" -> now.minus(Duration.ofDays(7));
                        case "all" -> Instant.EPOCH;
                        default -> throw malformed("span must be hour, day, week or all");
                    };
            Duration step =
                    switch (span) {
                        case "hour", "day" -> Statistics.INTERVAL;
                        case "week" -> Duration.ofHours(1);
                        default -> DAY;
                    };
            return new Series(
                    campaign,
                    now.toString(),
                    step.toSeconds(),
                    statistics.progress(campaign, from, step).stream()
                            .map(i -> new Point(i.at().getEpochSecond(), i.jobs(), i.candidates(), i.kept(), i.bytes()))
                            .toList());
        });
    }

    public Policy policy(String campaign) {
        return statistics.policy(campaign).orElseThrow(() -> CampaignCalls.noCampaign(campaign));
    }

    /**
     * @param at ISO-8601 instant from which on it held
     * @param charter what was signed of it; null when nobody signed
     */
    public record PolicyLine(int version, String at, String reason, Policy policy, Charter.@Nullable Ref charter) {}

    /** All policies a campaign ever had, the newest first. */
    public List<PolicyLine> policies(String campaign) {
        List<Ledger.PolicyVersion> versions = ledger.policies(campaign);
        if (versions.isEmpty()) {
            throw CampaignCalls.noCampaign(campaign);
        }
        return versions.stream()
                .map(v -> new PolicyLine(v.version(), v.at().toString(), v.reason(), v.policy(), v.charter()))
                .toList();
    }

    /**
     * A link of a campaign's chain of results on the wire.
     *
     * @param at milliseconds since 1970, as they are hashed
     */
    public record LinkLine(long seq, String kind, long job, String token, String manifest, long at, String hash) {}

    /** What counted and when, the oldest first: see {@link ResultChain.Link} for how a link's hash is made. */
    public List<LinkLine> chain(String campaign, long after, long limit) {
        if (limit < 1 || limit > MOST_LINKS) {
            throw malformed("limit must be 1 to " + MOST_LINKS);
        }
        policy(campaign);
        return chain.links(campaign, after, (int) limit).stream()
                .map(link -> new LinkLine(
                        link.seq(),
                        link.kind().name().toLowerCase(Locale.ROOT),
                        link.job(),
                        link.token().toString(),
                        link.manifest(),
                        link.at().toEpochMilli(),
                        link.hash()))
                .toList();
    }

    public Profile profile(String campaign) {
        return shared(
                ranked,
                "profile " + campaign,
                () -> statistics.profile(campaign).orElseThrow(() -> CampaignCalls.noCampaign(campaign)));
    }

    /**
     * @param by {@code person} or {@code team}
     * @param day {@code today} or {@code ever}
     */
    public Leaders leaders(String by, String day, long limit) {
        if (limit < 1 || limit > MOST_LEADERS) {
            throw malformed("limit must be 1 to " + MOST_LEADERS);
        }
        Statistics.By what =
                switch (by) {
                    case "person" -> Statistics.By.PERSON;
                    case "team" -> Statistics.By.TEAM;
                    default -> throw malformed("by must be person or team");
                };
        if (!day.equals("today") && !day.equals("ever")) {
            throw malformed("day must be today or ever");
        }
        return shared(ranked, "leaders " + by + " " + day + " " + limit, () -> {
            Long only = day.equals("today") ? today() : null;
            return new Leaders(by, day, clock.instant().toString(), statistics.leaders(what, only, (int) limit));
        });
    }

    private long today() {
        return Math.floorDiv(clock.millis(), DAY.toMillis());
    }

    public Volunteer volunteer(String name) {
        return shared(ranked, "volunteer " + name, () -> {
            List<Statistics.Machine> machines = statistics.machines(name);
            if (machines.isEmpty()) {
                throw new Refusal(ProblemCode.NOT_FOUND, "nobody has registered under this name");
            }
            List<Statistics.Day> days = statistics.days(name, today() - DAYS_SHOWN + 1);
            return new Volunteer(
                    name,
                    clock.instant().toString(),
                    machines.stream().mapToLong(Statistics.Machine::accepted).sum(),
                    machines.stream().mapToLong(Statistics.Machine::rejected).sum(),
                    machines.stream().mapToLong(Statistics.Machine::failed).sum(),
                    machines.stream().mapToLong(Statistics.Machine::kept).sum(),
                    streak(days, today()),
                    machines.stream().map(PublicCalls::view).toList(),
                    days.stream().map(PublicCalls::view).toList());
        });
    }

    /** Days in a row with something accepted; today does not break it before it is over. */
    static int streak(List<Statistics.Day> days, long today) {
        int streak = 0;
        long next = today;
        for (int i = days.size() - 1; i >= 0; i--) {
            Statistics.Day day = days.get(i);
            if (day.accepted() == 0) {
                continue;
            }
            if (day.day() != next && !(streak == 0 && day.day() == today - 1)) {
                break;
            }
            streak++;
            next = day.day() - 1;
        }
        return streak;
    }

    private static MachineView view(Statistics.Machine machine) {
        return new MachineView(
                machine.worker(),
                machine.team(),
                machine.agent(),
                machine.registeredAt().toString(),
                machine.banned(),
                machine.live(),
                machine.accepted(),
                machine.rejected(),
                machine.failed(),
                machine.kept(),
                machine.streak());
    }

    static DayView view(Statistics.Day day) {
        return new DayView(
                LocalDate.ofEpochDay(day.day()).toString(), day.accepted(), day.rejected(), day.failed(), day.kept());
    }

    /** A picture in SVG that says how much somebody gave. */
    public String badge(String name) {
        return Badge.svg("gleaner: " + name, Badge.count(volunteer(name).kept) + " pairs");
    }

    /** How the programs do that workers run, since yesterday (UTC). */
    public List<Statistics.Version> versions() {
        return shared(ranked, "versions", () -> statistics.versions(today() - 1));
    }

    /** Some of the pairs that were accepted since this tracker started, newest first. */
    public List<SamplePair> samples(String campaign) {
        requireCampaign(campaign);
        return judge.samples(campaign).stream().map(PublicCalls::sample).toList();
    }

    private static SamplePair sample(SeenPair pair) {
        return new SamplePair(
                pair.url(),
                pair.text(),
                pair.similarity(),
                pair.width(),
                pair.height(),
                pair.license(),
                pair.nsfw() != null);
    }

    /** How many jobs a campaign's picture shows. */
    public FieldShape field(String campaign) {
        return new FieldShape(field.jobs(campaign), FieldView.MOST_LEVELS, FieldView.CELLS);
    }

    /** One tile of a campaign's picture, as {@code docs/dashboard.md} tells. */
    public byte[] tile(String campaign, long level, long number) {
        return field.tile(campaign, (int) Math.min(Integer.MAX_VALUE, level), number);
    }

    /** The job in this place of the picture. */
    public PublicJob job(String campaign, long place) {
        JobView job = ledger.view(field.job(campaign, place))
                .orElseThrow(() -> new Refusal(ProblemCode.NOT_FOUND, "there is no such job"));
        boolean leased = job.attempts().stream().anyMatch(attempt -> attempt.endedAt() == null);
        return new PublicJob(
                job.job(),
                job.wat(),
                job.slice(),
                job.state().equals("open") && leased ? "leased" : job.state(),
                job.attempts().size());
    }

    private void requireCampaign(String campaign) {
        boolean known = overview().campaigns.stream()
                .anyMatch(now -> now.status().name().equals(campaign));
        if (!known) {
            throw CampaignCalls.noCampaign(campaign);
        }
    }

    private static Refusal malformed(String detail) {
        return new Refusal(ProblemCode.MALFORMED_REQUEST, detail);
    }
}
