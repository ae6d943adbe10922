package dev.gleaner.protocol.operator;

import dev.gleaner.protocol.campaign.Policy;

/**
 * What makes a campaign, beside its list of WAT paths.
 *
 * @param name 1 to 64 of {@code a-z 0-9 . _ -}
 * @param base what a path is appended to: an {@code https}, {@code http} or {@code file} address ending in {@code /}
 * @param slices jobs made of each WAT
 * @param bundle id of the model bundle
 * @param policy what to extract, fetch and keep
 */
public record CampaignSpec(String name, String base, int slices, String bundle, Policy policy) {}
