/**
 * Who works on what until when: ready window, grants, deadlines in memory. The ledger is the judge. Start with {@link
 * dev.gleaner.tracker.lease.LeaseDesk}.
 */
@NullMarked
package dev.gleaner.tracker.lease;

import org.jspecify.annotations.NullMarked;
