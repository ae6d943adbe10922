package dev.gleaner.worker.image;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two passes of a resize over rows of three interleaved channels. Every implementation gives the same bytes: the sums
 * are of 32-bit integers, so their order does not matter. Stateless; safe for any thread.
 */
interface RowMath {
    /** Bytes that must follow the last pixel of a row given to {@link Across#apply}; their values do not matter. */
    int PADDING = 48;

    /** The horizontal pass, prepared for one picture. */
    interface Across {
        /** Narrows one row to the kept columns. */
        void apply(byte[] row, byte[] into, int at);
    }

    Across across(Taps taps);

    /**
     * The vertical pass.
     *
     * @param rows narrowed rows, {@code stride} bytes each, the first of them {@code taps.first()}
     */
    void down(byte[] rows, int stride, Taps taps, byte[] out);

    /** The fastest that this Java and processor have. */
    static RowMath fastest() {
        return Fastest.FOUND;
    }

    /** Looked for once. */
    final class Fastest {
        private static final Logger log = LoggerFactory.getLogger(RowMath.class);
        static final RowMath FOUND = find();

        private Fastest() {}

        private static RowMath find() {
            if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
                return new ScalarRowMath();
            }
            try {
                return Class.forName("dev.gleaner.worker.image.VectorRowMath")
                        .asSubclass(RowMath.class)
                        .getDeclaredConstructor()
                        .newInstance();
            } catch (ReflectiveOperationException | LinkageError e) {
                log.debug("No vector instructions for resizing: cause={}", e.toString());
                return new ScalarRowMath();
            }
        }
    }
}
