/**
 * Whose results are checked by another's, when two results agree, and what a wrong one costs its worker. Plain rules: no clock, no
 * ledger, no randomness of its own. Start with {@link dev.gleaner.tracker.trust.Jury}.
 *
 * <p>After BOINC's adaptive replication and Sarmenta's credibility (Sarmenta 2001, «Sabotage-Tolerance Mechanisms for Volunteer
 * Computing Systems»).
 */
@NullMarked
package dev.gleaner.tracker.trust;

import org.jspecify.annotations.NullMarked;
