/**
 * From the bytes of a picture file to the 224×224 pixels the model sees, as the reference preprocessing makes them. Sizes are
 * checked before memory is taken. Start with {@link dev.gleaner.worker.image.Preprocessor}.
 */
@NullMarked
package dev.gleaner.worker.image;

import org.jspecify.annotations.NullMarked;
