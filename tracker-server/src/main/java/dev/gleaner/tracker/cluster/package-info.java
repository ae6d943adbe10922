/**
 * Several trackers as one: which of them hands out which jobs, and calls between them. The only package that sees Hazelcast.
 * Nothing here is believed by the ledger. Start with {@link dev.gleaner.tracker.cluster.Cluster}.
 */
@NullMarked
package dev.gleaner.tracker.cluster;

import org.jspecify.annotations.NullMarked;
