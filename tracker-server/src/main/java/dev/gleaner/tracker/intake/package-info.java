/**
 * Judges a submission: sums add up, objects exist with their size and digest, Parquet is readable and says the same. Start
 * with {@link dev.gleaner.tracker.intake.Intake}.
 */
@NullMarked
package dev.gleaner.tracker.intake;

import org.jspecify.annotations.NullMarked;
