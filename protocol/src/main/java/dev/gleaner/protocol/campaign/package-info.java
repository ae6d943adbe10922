/**
 * What a campaign fixes for all its workers: policy, slices, model bundle. Start with {@link
 * dev.gleaner.protocol.campaign.Policy}.
 */
@NullMarked
package dev.gleaner.protocol.campaign;

import org.jspecify.annotations.NullMarked;
