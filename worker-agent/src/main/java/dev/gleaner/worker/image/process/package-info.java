/**
 * Pictures decoded in a process of their own, so that a crash, a hang or a hunger for memory costs one picture and not the
 * worker. Start with {@link dev.gleaner.worker.image.process.IsolatedPreprocessor}.
 */
@NullMarked
package dev.gleaner.worker.image.process;

import org.jspecify.annotations.NullMarked;
