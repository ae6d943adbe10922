/** Releases of the worker that trackers offer and workers check for themselves. */
@NullMarked
package dev.gleaner.protocol.release;

import org.jspecify.annotations.NullMarked;
