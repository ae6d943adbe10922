/**
 * Web addresses as a browser reads them (WHATWG URL Standard). Pure: no I/O, no look-ups; safe for any thread. Start with
 * {@link dev.gleaner.worker.url.WebUrl}.
 */
@NullMarked
package dev.gleaner.worker.url;

import org.jspecify.annotations.NullMarked;
