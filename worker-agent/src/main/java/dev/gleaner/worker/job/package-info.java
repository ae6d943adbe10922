/**
 * One job's line, from WAT bytes to shards and manifest: the only package that sees all steps. Start with {@link\n * dev.gleaner.worker.job.JobRunner}.
 */
@NullMarked
package dev.gleaner.worker.job;

import org.jspecify.annotations.NullMarked;
