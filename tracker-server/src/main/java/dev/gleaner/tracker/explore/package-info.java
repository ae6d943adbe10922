/**
 * Finds pairs of a published release: by words, by whose they are, by what is like them. An index is a folder beside the tracker's
 * data that can be thrown away and made again. Start with {@link dev.gleaner.tracker.explore.Explorer}.
 */
@NullMarked
package dev.gleaner.tracker.explore;

import org.jspecify.annotations.NullMarked;
