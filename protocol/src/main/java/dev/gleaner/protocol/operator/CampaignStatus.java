package dev.gleaner.protocol.operator;

import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.result.Counts;
import org.jspecify.annotations.Nullable;

/**
 * A campaign at a glance.
 *
 * @param state {@code active} or {@code paused}
 * @param wats WAT files in it
 * @param jobs by what has become of them
 * @param accepted sums over all accepted results
 * @param bytesStored bytes of accepted shards
 * @param candidateDigest sum of the accepted results' digests
 * @param threshold the policy's, for showing
 * @param stage what its jobs do
 * @param source of a scoring campaign: the campaign whose batches it scores; its jobs come as those are handed in
 * @param policyVersion counts the campaign's policies from 1
 * @param replication how results are compared; null: each is checked in itself only
 * @param confirming results that did nothing but confirm another: what the comparing costs
 * @param priority jobs of campaigns with a higher one go out first; 0 unless somebody said otherwise
 */
public record CampaignStatus(
        String name,
        String state,
        String base,
        int slices,
        String bundle,
        long wats,
        Jobs jobs,
        Counts accepted,
        long bytesStored,
        String candidateDigest,
        double threshold,
        Stage stage,
        @Nullable String source,
        int priority,
        int policyVersion,
        @Nullable Replication replication,
        long confirming) {

    /** Jobs by state; {@code open} counts those that are not leased. The five add up to all jobs. */
    public record Jobs(long open, long leased, long done, long quarantined, long cancelled) {}
}
