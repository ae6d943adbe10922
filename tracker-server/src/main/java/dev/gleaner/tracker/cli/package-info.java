/**
 * {@code serve} and the operator commands, which are HTTP clients of the tracker. Exit codes are those of sysexits(3).
 */
@NullMarked
package dev.gleaner.tracker.cli;

import org.jspecify.annotations.NullMarked;
