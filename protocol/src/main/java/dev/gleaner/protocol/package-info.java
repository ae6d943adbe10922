/**
 * What tracker and worker agree on: protocol version, problem documents, ids. Records and plain rules, no I/O.
 *
 * <p>May depend on the JDK and Jackson's annotations only. Everything here is immutable and safe for any thread. Start
 * with {@link dev.gleaner.protocol.ProblemCode}; the calls are in {@code docs/protocol/openapi.yaml}.
 */
@NullMarked
package dev.gleaner.protocol;

import org.jspecify.annotations.NullMarked;
