/**
 * Fetches pictures from the open web with Netty: no thread per request, a deadline on the whole request, caps on bytes,\n * headers and redirects, the address guard at every hop. Start with {@link dev.gleaner.worker.fetch.Fetcher}.
 */
@NullMarked
package dev.gleaner.worker.fetch;

import org.jspecify.annotations.NullMarked;
