/**
 * The extraction rules: which links of a WAT record become candidates. Deterministic to the letter; depends on no locale,
 * clock or hash order. Start with {@link dev.gleaner.worker.extract.Extractor}.
 */
@NullMarked
package dev.gleaner.worker.extract;

import org.jspecify.annotations.NullMarked;
