/**
 * Each stage measured beside its limit or a peer, on the same machine and input and in the same run. Ratios count; figures
 * alone do not. Peers that are other programs are used where they are installed, and said to be missing elsewhere.
 */
@NullMarked
package dev.gleaner.worker.bench;

import org.jspecify.annotations.NullMarked;
