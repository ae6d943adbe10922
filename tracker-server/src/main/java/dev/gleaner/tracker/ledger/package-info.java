/**
 * What is true: the states of jobs and attempts, the rules by which they change, and the port behind which they are kept.
 * Pure but for the port. Start with {@link dev.gleaner.tracker.ledger.JobRules}.
 */
@NullMarked
package dev.gleaner.tracker.ledger;

import org.jspecify.annotations.NullMarked;
