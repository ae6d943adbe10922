/**
 * CLIP: the model bundle (verified before use), its tokenizer, and the two encoders on DJL with ONNX Runtime. Never touches
 * the network. Start with {@link dev.gleaner.worker.clip.ClipModel}.
 */
@NullMarked
package dev.gleaner.worker.clip;

import org.jspecify.annotations.NullMarked;
