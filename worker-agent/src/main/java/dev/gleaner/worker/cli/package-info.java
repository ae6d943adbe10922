/**
 * The commands, one class each. Parse, call, print; no rules. Exit codes are those of sysexits(3), see {@link
 * dev.gleaner.worker.cli.Exit}.
 */
@NullMarked
package dev.gleaner.worker.cli;

import org.jspecify.annotations.NullMarked;
