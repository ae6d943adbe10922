/**
 * The demo: a small web with the faults of the real one, WARCs and WATs made of it, a tracker and three workers as processes,
 * one of them killed. Start with {@link dev.gleaner.deploy.demo.Demo}.
 */
@NullMarked
package dev.gleaner.deploy.demo;

import org.jspecify.annotations.NullMarked;
