package dev.gleaner.protocol.operator;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.gleaner.protocol.campaign.Policy;
import dev.gleaner.protocol.campaign.Replication;
import dev.gleaner.protocol.campaign.Stage;
import dev.gleaner.protocol.lease.Charter;
import org.jspecify.annotations.Nullable;

/**
 * What makes a campaign, beside its list of WAT paths.
 *
 * @param name 1 to 64 of {@code a-z 0-9 . _ -}
 * @param base what a path is appended to: an {@code https}, {@code http} or {@code file} address ending in {@code /}
 * @param slices jobs made of each WAT
 * @param bundle id of the model bundle
 * @param policy what to extract, fetch and keep
 * @param stage what its jobs do; null stands for {@link Stage#WHOLE}
 * @param source of a scoring campaign: the name of the campaign whose batches it scores; null for the others
 * @param replication how results are compared; null: each is checked in itself only
 * @param charter what the campaign's key has signed of it; null when nobody signed
 */
@JsonInclude(JsonInclude.Include.NON_NULL) // A spec without them stays the one that it was before there were stages.
public record CampaignSpec(
        String name,
        String base,
        int slices,
        String bundle,
        Policy policy,
        @Nullable Stage stage,
        @Nullable String source,
        @Nullable Replication replication,
        Charter.@Nullable Ref charter) {
    /** A campaign that nobody signed. */
    public CampaignSpec(
            String name,
            String base,
            int slices,
            String bundle,
            Policy policy,
            @Nullable Stage stage,
            @Nullable String source,
            @Nullable Replication replication) {
        this(name, base, slices, bundle, policy, stage, source, replication, null);
    }

    /** A campaign whose results are not compared. */
    public CampaignSpec(
            String name,
            String base,
            int slices,
            String bundle,
            Policy policy,
            @Nullable Stage stage,
            @Nullable String source) {
        this(name, base, slices, bundle, policy, stage, source, null);
    }

    /** A campaign whose jobs do everything. */
    public CampaignSpec(String name, String base, int slices, String bundle, Policy policy) {
        this(name, base, slices, bundle, policy, null, null);
    }

    /** The same without who signed it: a campaign signed anew is the same campaign. */
    public CampaignSpec unsigned() {
        return new CampaignSpec(name, base, slices, bundle, policy, stage, source, replication, null);
    }

    /** The same with what was signed of it. */
    public CampaignSpec signed(Charter.Ref signed) {
        return new CampaignSpec(name, base, slices, bundle, policy, stage, source, replication, signed);
    }

    /** What its jobs do. */
    public Stage does() {
        return stage == null ? Stage.WHOLE : stage;
    }
}
