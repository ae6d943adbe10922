/** Assembly of a release by Hazelcast Jet, on one machine or on all trackers of a cluster. */
@NullMarked
package dev.gleaner.tracker.release.jet;

import org.jspecify.annotations.NullMarked;
