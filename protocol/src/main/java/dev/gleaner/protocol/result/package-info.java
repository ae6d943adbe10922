/**
 * What an attempt hands in: the manifest, its counts and the digest of its candidates. Start with {@link
 * dev.gleaner.protocol.result.Manifest}.
 */
@NullMarked
package dev.gleaner.protocol.result;

import org.jspecify.annotations.NullMarked;
