/**
 * The worker's side of the lease protocol: client, identity, heartbeats, uploads, and the loop that ties them. Start with\n * {@link dev.gleaner.worker.tracker.Volunteer}.
 */
@NullMarked
package dev.gleaner.worker.tracker;

import org.jspecify.annotations.NullMarked;
