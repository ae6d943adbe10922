/**
 * HTTP by Vert.x: parse, call, render. No rules. The only package that sees Vert.x beside the wiring. Start with {@link
 * dev.gleaner.tracker.http.Api}.
 */
@NullMarked
package dev.gleaner.tracker.http;

import org.jspecify.annotations.NullMarked;
