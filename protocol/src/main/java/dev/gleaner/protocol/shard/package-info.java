/**
 * The columns of a shard, named once for the writer, the verifier and the release.
 */
@NullMarked
package dev.gleaner.protocol.shard;

import org.jspecify.annotations.NullMarked;
