/**
 * What a job has come to so far, on disk, so that a worker that was killed goes on where it stood. Start with {@link
 * dev.gleaner.worker.spool.Spool}.
 */
@NullMarked
package dev.gleaner.worker.spool;

import org.jspecify.annotations.NullMarked;
