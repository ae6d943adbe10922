/**
 * Where shards lie. A small port; adapters in the packages below. No store is believed: readers check digests themselves.
 */
@NullMarked
package dev.gleaner.tracker.storage;

import org.jspecify.annotations.NullMarked;
