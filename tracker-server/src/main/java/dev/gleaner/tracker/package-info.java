/**
 * The tracker: one runnable jar. {@link dev.gleaner.tracker.Tracker} wires the parts; it and the commands are the only
 * places that see them all.
 */
@NullMarked
package dev.gleaner.tracker;

import org.jspecify.annotations.NullMarked;
