/**
 * The worker: one runnable jar. {@link dev.gleaner.worker.Main} starts a command; the job line is in {@code job}.
 */
@NullMarked
package dev.gleaner.worker;

import org.jspecify.annotations.NullMarked;
