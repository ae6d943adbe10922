/**
 * Newer releases of this program: whether a tracker offers one, whether the key that was built in signed it, and how it takes the
 * place of the running one.
 */
@NullMarked
package dev.gleaner.worker.release;

import org.jspecify.annotations.NullMarked;
