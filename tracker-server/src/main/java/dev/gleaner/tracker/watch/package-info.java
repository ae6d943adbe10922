/**
 * What operators watch: meters for Prometheus and log lines for machines. The only package that sees Micrometer and Logback.
 * Start with {@link dev.gleaner.tracker.watch.Meters}.
 */
@NullMarked
package dev.gleaner.tracker.watch;

import org.jspecify.annotations.NullMarked;
