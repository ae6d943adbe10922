/**
 * Makes an immutable dataset version of a campaign's accepted shards: what is in it (presets, opt-outs, duplicates), in which order,
 * and the files around it. Knows no Hazelcast and no HTTP; {@link dev.gleaner.tracker.release.Assembly} is the port behind which
 * rows are read, brought together and written. Start with {@link dev.gleaner.tracker.release.Releases}.
 */
@NullMarked
package dev.gleaner.tracker.release;

import org.jspecify.annotations.NullMarked;
