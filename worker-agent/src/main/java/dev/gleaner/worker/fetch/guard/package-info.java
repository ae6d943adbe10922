/**
 * Which addresses a crawled link may lead to. Pure: it looks at resolved addresses and opens nothing. No policy of a tracker\n * reaches it. Special-purpose ranges are those of RFC 6890 and the IANA registries.
 */
@NullMarked
package dev.gleaner.worker.fetch.guard;

import org.jspecify.annotations.NullMarked;
