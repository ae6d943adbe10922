package dev.gleaner.tracker.lease;

import dev.gleaner.protocol.operator.CampaignStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which lease is worth a second attempt by an idle worker: only near a campaign's end, and only one that takes longer than nearly all
 * before it. The idea is MapReduce's backup tasks (Dean and Ghemawat 2004, section 3.6). One thread.
 */
final class Stragglers {
    private static final int REMEMBERED = 256;
    private static final double QUANTILE = 0.95;
    /** Near the end: so few jobs are left, or one in so many. */
    private static final int FEW = 10;

    private static final int ONE_IN = 50;

    private final int leastKnown;
    private final Map<String, ArrayDeque<Duration>> durations = new HashMap<>();

    Stragglers(int leastKnown) {
        this.leastKnown = leastKnown;
    }

    /** A result came in for a lease that lived so long. */
    void took(String campaign, Duration time) {
        ArrayDeque<Duration> latest = durations.computeIfAbsent(campaign, c -> new ArrayDeque<>());
        latest.add(time);
        if (latest.size() > REMEMBERED) {
            latest.remove();
        }
    }

    /** Campaigns that are nearly done. */
    static List<String> nearTheirEnd(Collection<CampaignStatus> campaigns) {
        return campaigns.stream()
                .filter(campaign -> {
                    CampaignStatus.Jobs jobs = campaign.jobs();
                    long left = jobs.open() + jobs.leased();
                    long all = left + jobs.done() + jobs.quarantined() + jobs.cancelled();
                    return campaign.state().equals("active") && jobs.done() > 0 && left <= Math.max(FEW, all / ONE_IN);
                })
                .map(CampaignStatus::name)
                .toList();
    }

    /** Leases of these campaigns that one worker alone holds for longer than it should take, the longest first. */
    List<Live> slow(LiveLeases leases, Collection<String> campaigns, Instant now) {
        Map<String, Duration> usual = new HashMap<>();
        campaigns.forEach(campaign -> usual.put(campaign, usual(campaign)));
        return leases.all().stream()
                .filter(lease -> usual.containsKey(lease.campaign)
                        && leases.of(lease.job).size() == 1
                        && Duration.between(lease.grantedAt(), now).compareTo(usual.get(lease.campaign)) > 0)
                .sorted(Comparator.comparing(Live::grantedAt))
                .toList();
    }

    private Duration usual(String campaign) {
        Duration[] known = durations.getOrDefault(campaign, new ArrayDeque<>()).toArray(Duration[]::new);
        if (known.length < leastKnown) {
            return Duration.ofSeconds(Long.MAX_VALUE);
        }
        Arrays.sort(known);
        return known[(int) (QUANTILE * (known.length - 1))];
    }
}
