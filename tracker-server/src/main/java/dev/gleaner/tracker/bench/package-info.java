/**
 * Measures a tracker from outside: a process of its own, real HTTP, the client on the same machine. Start with {@link
 * dev.gleaner.tracker.bench.Load}.
 */
@NullMarked
package dev.gleaner.tracker.bench;

import org.jspecify.annotations.NullMarked;
