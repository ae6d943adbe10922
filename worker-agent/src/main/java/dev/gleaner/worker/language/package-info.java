/** Guesses the language of a text. */
@NullMarked
package dev.gleaner.worker.language;

import org.jspecify.annotations.NullMarked;
