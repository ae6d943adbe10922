/**
 * A line of stages joined by bounded channels; knows no step by name. The slowest stage sets the pace, the first failure\n * stops all. Start with {@link dev.gleaner.worker.pipeline.Line}.
 */
@NullMarked
package dev.gleaner.worker.pipeline;

import org.jspecify.annotations.NullMarked;
