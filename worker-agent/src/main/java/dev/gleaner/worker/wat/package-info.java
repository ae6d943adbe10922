/**
 * Reads one slice of a WAT file: ranges, gzip members, WARC records (ISO 28500). Hostile bytes: see the malformed-input
 * policy at {@link dev.gleaner.worker.wat.WatReader}. One thread per reader.
 */
@NullMarked
package dev.gleaner.worker.wat;

import org.jspecify.annotations.NullMarked;
