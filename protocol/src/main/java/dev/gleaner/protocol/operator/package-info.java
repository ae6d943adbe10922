/**
 * What operators and the progress page read and send. Start with {@link
 * dev.gleaner.protocol.operator.CampaignStatus}.
 */
@NullMarked
package dev.gleaner.protocol.operator;

import org.jspecify.annotations.NullMarked;
