/**
 * Living on somebody else's machine: when to work, at what priority, and how its owner tells. Start with {@link
 * dev.gleaner.worker.guest.Guest}.
 */
@NullMarked
package dev.gleaner.worker.guest;

import org.jspecify.annotations.NullMarked;
