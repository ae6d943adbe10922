/** What a running worker shows to Prometheus. Start with {@link dev.gleaner.worker.watch.WorkerMeters}. */
@NullMarked
package dev.gleaner.worker.watch;

import org.jspecify.annotations.NullMarked;
