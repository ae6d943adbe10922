/**
 * What workers are told to leave out before they fetch and before they hand in. Start with {@link
 * dev.gleaner.tracker.screen.LeftOut}.
 */
@NullMarked
package dev.gleaner.tracker.screen;

import org.jspecify.annotations.NullMarked;
