/**
 * The lease calls: register, acquire, heartbeat, tickets, submit, release, fail. Durations on the wire are relative and
 * in seconds; only the tracker's clock decides. Start with {@link dev.gleaner.protocol.lease.Lease}.
 */
@NullMarked
package dev.gleaner.protocol.lease;

import org.jspecify.annotations.NullMarked;
